"""What a customer will spend in the coming days: BG/NBD x Gamma-Gamma, corrected by trees that start from it.

LightGBM with a tweedie loss does not learn the spend itself but the factor by which it differed from what the order history promised (its
logarithm is the trees' starting score). So trees with nothing to say leave the promise as it is. Refunds may make a customer's net
negative; it is learned from as 0.

The range: among held-out customers of like promise, the 10 % and 90 % quantiles of what came over what was expected.

Public: `ValueModel`, `fit_value`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.columns import plain_columns
from learning.customer_value.scores import value_scores
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.trees import grow, loaded

Floats = NDArray[np.float64]

BINS = 10
LOW, HIGH = 0.1, 0.9
CORRECTED, PROMISED, TWEEDIE = "corrected", "order_history", "tweedie"
_LEAST = 1e-3


@dataclass(frozen=True)
class ValueModel:
    """booster: LightGBM's text, None where the order history is served as it is.

    centres, low, high: per bin of expected value its median and the quantiles of came over expected; empty without a held-out sample.
    """

    booster: str | None
    centres: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    @property
    def source(self) -> str:
        """`corrected`, or `order_history` without trees."""
        return PROMISED if self.booster is None else CORRECTED

    def expected(self, snapshot: pl.DataFrame, promise: Floats, threads: int) -> Floats:
        """Net revenue expected, from what the order history promises."""
        return promise if self.booster is None else _corrected(loaded(self.booster), snapshot, promise, threads)

    def span(self, expected: Floats) -> tuple[Floats, Floats] | None:
        """The 10 % and 90 % quantiles of the value, or None without a held-out sample."""
        if not self.centres:
            return None
        at, centres = np.log(np.maximum(expected, _LEAST)), np.log(np.array(self.centres))
        return expected * np.interp(at, centres, self.low), expected * np.interp(at, centres, self.high)


def fit_value(snapshots: pl.DataFrame, settings: OutlookSettings) -> tuple[ValueModel, dict[str, dict[str, float]]]:
    """Return the value model and the held-out scores per candidate.

    snapshots: columns of `customer_snapshot`, age (0 for the newest snapshot, which is held out first), promise (net revenue that the order
    history of that day promised), came (net revenue that came). The correction is served where its held-out absolute error is smaller.
    With a single snapshot, or too few rows beside the newest, the promise is served and nothing was held out.
    """
    older, newest = snapshots.filter(pl.col("age") > 0), snapshots.filter(pl.col("age") == 0)
    if min(older.height, newest.height) < settings.fewest_rows or (older["came"] > 0).sum() < settings.fewest_of_each:
        return ValueModel(None), {}
    came = newest["came"].to_numpy()
    told = {
        CORRECTED: _corrected(_train(older, settings), newest, _promise(newest), settings.threads),
        PROMISED: _promise(newest),
        TWEEDIE: np.asarray(_train(older, settings, alone=True).predict(plain_columns(newest), num_threads=settings.threads)),
    }
    scores = {name: value_scores(came, expected) for name, expected in told.items()}
    better = scores[CORRECTED]["mean_absolute_error"] < scores[PROMISED]["mean_absolute_error"]
    booster = _train(snapshots, settings).model_to_string() if better else None
    centres, low, high = _ranges(told[CORRECTED if better else PROMISED], came)
    return ValueModel(booster, centres, low, high), scores


def _train(snapshots: pl.DataFrame, settings: OutlookSettings, *, alone: bool = False) -> Any:
    """The trees; `alone`: from nothing, without the order history's promise."""
    came = np.maximum(snapshots["came"].to_numpy(), 0.0)
    own = {"objective": "tweedie", "tweedie_variance_power": 1.5, "min_data_in_leaf": 60}
    return grow(snapshots, came, settings, own, settings.value_rounds, None if alone else np.log(_promise(snapshots)))


def _corrected(booster: Any, snapshot: pl.DataFrame, promise: Floats, threads: int) -> Floats:
    factor = np.asarray(booster.predict(plain_columns(snapshot), raw_score=True, num_threads=threads), dtype=np.float64)
    return np.maximum(promise, _LEAST) * np.exp(factor)


def _promise(snapshots: pl.DataFrame) -> Floats:
    return np.maximum(snapshots["promise"].to_numpy(), _LEAST)


def _ranges(expected: Floats, came: Floats) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    order = np.argsort(expected, kind="stable")
    centres, low, high = [], [], []
    for part in np.array_split(order, BINS):
        centre = float(np.median(np.maximum(expected[part], _LEAST)))
        if centres and centre <= centres[-1]:
            continue
        ratio = came[part] / np.maximum(expected[part], _LEAST)
        centres.append(centre)
        low.append(float(np.quantile(ratio, LOW)))
        high.append(float(np.quantile(ratio, HIGH)))
    return tuple(centres), tuple(low), tuple(high)
