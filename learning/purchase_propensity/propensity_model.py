"""A logistic regression that says how likely a customer is to buy within a window of days, from how recently and often he bought.

Snapshots of earlier days are the training data: what was known of a customer then, and whether he bought in the window after. The chance
is that of business as usual, the shop's advertising and coupons of those weeks included; it is no effect of anything. Coefficients of
logarithms can be read and kept as numbers.

Public: `FEATURES`, `PropensityModel`, `train_propensity`.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = ("recency_days", "tenure_days", "orders_28", "orders_84", "orders_365")
_FEWEST_ROWS, _FEWEST_OF_EACH = 200, 30
_TEST_SHARE = 0.25


@dataclass(frozen=True)
class PropensityModel:
    """coefficients: intercept first; None where history is too short or one-sided, then nothing is predicted.

    auc, brier: on customers that were left out of a first fit; base_rate: share of buyers among them, predicted_rate: what was predicted.
    """

    coefficients: tuple[float, ...] | None
    rows: int
    auc: float | None = None
    brier: float | None = None
    base_rate: float | None = None
    predicted_rate: float | None = None

    def predict(self, profiles: pl.DataFrame) -> pl.DataFrame:
        """Return customer_key and purchase_probability (null without a model), sorted. profiles: customer_key and FEATURES."""
        ordered = profiles.sort("customer_key")
        if ordered["customer_key"].is_duplicated().any():
            raise ValueError("A customer has two profiles.")
        if self.coefficients is None:
            chance = pl.Series([None] * ordered.height, dtype=pl.Float64)
        else:
            chance = pl.Series(_chance(_columns(ordered), np.array(self.coefficients)))
        return ordered.select("customer_key").with_columns(purchase_probability=chance)

    def save(self, path: Path) -> None:
        """Write the model to one JSON file."""
        path.write_text(json.dumps(vars(self), indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def load(path: Path) -> "PropensityModel":
        """Read a model written by `save`."""
        content = json.loads(path.read_text(encoding="utf-8"))
        coefficients = content.pop("coefficients")
        return PropensityModel(coefficients=None if coefficients is None else tuple(coefficients), **content)


def train_propensity(snapshots: pl.DataFrame) -> PropensityModel:
    """Return a model of `has_bought`.

    snapshots (grain: customer_key, snapshot_day): FEATURES as known then, has_bought (flag: an order within the window after). Raises
    ValueError for a repeated key.
    """
    if snapshots.select(pl.struct("customer_key", "snapshot_day").is_duplicated().any()).item():
        raise ValueError("A customer appears twice on one snapshot day.")
    ordered = snapshots.sort("customer_key", "snapshot_day")
    bought = ordered["has_bought"].to_numpy().astype(np.float64)
    if ordered.height < _FEWEST_ROWS or min(bought.sum(), len(bought) - bought.sum()) < _FEWEST_OF_EACH:
        return PropensityModel(None, ordered.height)
    columns, test = _columns(ordered), _left_out(ordered["customer_key"])
    coefficients = _fit(columns, bought)
    if min(bought[test].sum(), (1 - bought[test]).sum(), bought[~test].sum(), (1 - bought[~test]).sum()) < 1:
        return PropensityModel(tuple(coefficients.tolist()), ordered.height)
    from sklearn.metrics import brier_score_loss, roc_auc_score

    chance = _chance(columns[test], _fit(columns[~test], bought[~test]))
    return PropensityModel(
        coefficients=tuple(coefficients.tolist()),
        rows=ordered.height,
        auc=float(roc_auc_score(bought[test], chance)),
        brier=float(brier_score_loss(bought[test], chance)),
        base_rate=float(bought[test].mean()),
        predicted_rate=float(chance.mean()),
    )


def _fit(columns: Floats, bought: Floats) -> Floats:
    from sklearn.linear_model import LogisticRegression

    mean, scale = columns.mean(axis=0), np.where(columns.std(axis=0) > 0, columns.std(axis=0), 1.0)
    model = LogisticRegression(C=1.0, max_iter=500)
    model.fit((columns - mean) / scale, bought)
    slopes = np.asarray(model.coef_, dtype=np.float64).ravel() / scale
    intercept = np.asarray(model.intercept_, dtype=np.float64) - slopes @ mean
    return np.concatenate([intercept, slopes])


def _chance(columns: Floats, coefficients: Floats) -> Floats:
    return 0.5 * (1.0 + np.tanh(0.5 * (coefficients[0] + columns @ coefficients[1:])))


def _columns(frame: pl.DataFrame) -> Floats:
    """Logarithms of the features, and how overdue an order is: recency against the usual gap between orders of the last year."""
    logs = {name: np.log1p(frame[name].cast(pl.Float64).fill_null(0.0).to_numpy()) for name in FEATURES}
    usual_gap = np.log1p(np.minimum(np.expm1(logs["tenure_days"]), 365.0) / (np.expm1(logs["orders_365"]) + 1.0))
    return np.column_stack([*logs.values(), logs["recency_days"] - usual_gap]).astype(np.float64)


def _left_out(customer_keys: pl.Series) -> NDArray[np.bool_]:
    lots = [int.from_bytes(hashlib.blake2b(f"left out|{key}".encode(), digest_size=4).digest(), "big") for key in customer_keys.to_list()]
    return np.array(lots, dtype=np.float64) / 2.0**32 < _TEST_SHARE
