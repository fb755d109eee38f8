"""Columns that models see of a customer: plain numbers for trees, logarithms for lines.

Public: `LOG_COLUMNS`, `log_columns`, `plain_columns`.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.snapshots import FEATURES

Floats = NDArray[np.float64]

LOG_COLUMNS = (*FEATURES, "has_no_gap", "recency_to_tenure")


def plain_columns(snapshot: pl.DataFrame) -> Floats:
    """FEATURES as they are, missing gaps as NaN."""
    return np.column_stack([snapshot[name].cast(pl.Float64).to_numpy() for name in FEATURES]).astype(np.float64)


def log_columns(snapshot: pl.DataFrame) -> Floats:
    """LOG_COLUMNS: logarithms of one plus each feature (negative numbers and missing gaps count 0), a flag for customers without a gap,
    and recency over tenure."""
    logs = [np.log1p(np.maximum(snapshot[name].cast(pl.Float64).fill_null(0.0).to_numpy(), 0.0)) for name in FEATURES]
    no_gap = snapshot["gap_mean_days"].is_null().cast(pl.Float64).to_numpy()
    ratio = (snapshot["recency_days"] / (snapshot["tenure_days"] + 1)).to_numpy()
    return np.column_stack([*logs, no_gap, ratio]).astype(np.float64)
