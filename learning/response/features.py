"""The customer features that explain coupon response, and how they become columns of a linear model.

Every feature is known on the evening before a coupon is given. Each becomes: its signed logarithm, standardised; a hinge at the median, so
that effects may bend; and, where values were missing in training, a 0/1 column saying so. Missing values take the training median.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES: tuple[str, ...] = (
    "recency_days",
    "tenure_days",
    "orders_28",
    "orders_84",
    "orders_365",
    "net_revenue_84",
    "net_revenue_365",
    "margin_365",
    "basket_value_mean",
    "discount_share",
    "promotion_share",
    "coupon_orders_365",
    "return_rate",
    "gap_mean_days",
    "due_ratio",
)


def feature_matrix(frame: pl.DataFrame) -> Floats:
    """Return rows x FEATURES with NaN for missing values. Raises ValueError where a column is absent."""
    absent = [name for name in FEATURES if name not in frame.columns]
    if absent:
        raise ValueError(f"Customer features are missing: {', '.join(absent)}.")
    matrix = frame.select(pl.col(FEATURES).cast(pl.Float64).fill_null(float("nan"))).to_numpy().astype(np.float64)
    return np.where(np.isfinite(matrix), matrix, np.nan)


@dataclass(frozen=True)
class FeatureTransform:
    """What was learned about the features' scale; arrays have one entry per feature."""

    median: Floats
    mean: Floats
    scale: Floats
    hinge: Floats
    has_missing: NDArray[np.bool_]

    @staticmethod
    def fit(matrix: Floats) -> "FeatureTransform":
        """Learn medians and scales; a feature without spread gets scale infinity and so plays no part."""
        known = np.isfinite(matrix)
        median = np.array([np.median(column[ok]) if ok.any() else 0.0 for column, ok in zip(matrix.T, known.T, strict=True)])
        logged = _signed_log(np.where(known, matrix, median))
        spread = logged.std(axis=0)
        scale = np.where(spread > 1e-9, spread, np.inf)
        mean = logged.mean(axis=0)
        hinge = np.median((logged - mean) / scale, axis=0)
        return FeatureTransform(median, mean, scale, hinge, np.asarray(~known.all(axis=0), dtype=np.bool_))

    def apply(self, matrix: Floats) -> Floats:
        """Return rows x columns: standardised features, hinges, missing flags (only for features that had gaps in training)."""
        known = np.isfinite(matrix)
        standard = (_signed_log(np.where(known, matrix, self.median)) - self.mean) / self.scale
        standard = np.clip(standard, -4.0, 4.0)  # a customer far outside the trial is treated as one at its edge
        hinged = np.maximum(standard - self.hinge, 0.0)
        flags = (~known[:, self.has_missing]).astype(np.float64)
        return np.hstack([standard, hinged, flags])


def _signed_log(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))
