"""What drives the uplift: how the predicted gain of a coupon moves with each customer feature.

For every feature, the same customers are predicted again with that feature set to a low value (the trial's 10 % quantile), to its median
and to a high value (90 %), all others as they are (partial dependence, Friedman, Annals of Statistics 29 (2001)). Its weight is the mean
absolute change of the effect when it is set to its median. Works for every learner alike, and speaks of the model, not of causes: features
that go together share their weight in ways a table cannot untangle.
"""

import numpy as np
import polars as pl

from learning.response.arm_models import ArmModels
from learning.response.features import FEATURES, Floats
from learning.response.individual import IndividualEffects

MOST_CUSTOMERS = 2_000
DRIVERS_SCHEMA = {
    "face_value": pl.Float64,
    "feature": pl.String,
    "rank": pl.Int64,
    "weight_share": pl.Float64,
    "low_value": pl.Float64,
    "gain_at_low": pl.Float64,
    "high_value": pl.Float64,
    "gain_at_high": pl.Float64,
    "sentence": pl.String,
}


def uplift_drivers(features: Floats, faces: Floats, individual: IndividualEffects, models: ArmModels) -> pl.DataFrame:
    """Return one row per face value and feature (grain: face_value, feature); gain in money per customer before the coupon's cost."""
    rows = features[np.unique(np.linspace(0, len(features) - 1, MOST_CUSTOMERS).astype(np.int64))]
    as_is, _ = individual.on_gain(rows, models)
    quantiles = [_quantiles(features[:, index]) for index in range(len(FEATURES))]
    moved = [[individual.on_gain(_with(rows, index, value), models)[0] for value in quantiles[index]] for index in range(len(FEATURES))]
    weight = np.array([np.abs(as_is - typical).mean(axis=0) for _, typical, _ in moved])
    share = weight / np.maximum(weight.sum(axis=0), 1e-12)
    found: list[dict[str, object]] = []
    for arm, face in enumerate(faces.tolist()):
        order = np.argsort(-weight[:, arm], kind="stable").tolist()
        for rank, index in enumerate(order, start=1):
            low, _, high = quantiles[index]
            at_low, at_high = float(moved[index][0][:, arm].mean()), float(moved[index][2][:, arm].mean())
            found.append(
                {
                    "face_value": face,
                    "feature": FEATURES[index],
                    "rank": rank,
                    "weight_share": float(share[index, arm]),
                    "low_value": low,
                    "gain_at_low": at_low,
                    "high_value": high,
                    "gain_at_high": at_high,
                    "sentence": f"With {FEATURES[index]} at {low:.3g} a coupon of {face:g} is expected to bring {at_low:.2f},"
                    f" at {high:.3g} {at_high:.2f}.",
                }
            )
    return pl.DataFrame(found, schema=DRIVERS_SCHEMA)


def _quantiles(values: Floats) -> tuple[float, float, float]:
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.1, 0.5, 0.9]) if len(known) else (0.0, 0.0, 0.0)
    return float(low), float(middle), float(high)


def _with(rows: Floats, index: int, value: float) -> Floats:
    changed = rows.copy()
    changed[:, index] = value
    return changed
