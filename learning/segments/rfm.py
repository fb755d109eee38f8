"""Recency, frequency and monetary value: the three numbers that segments rest on, and the named rules over their quintiles.

Terms: an *RFM frame* has one row per customer_key with recency_days (days since the last order), orders_365 (orders of the year) and
net_revenue_365 (net revenue of the year, currency; may be negative). Models see logarithms of them, net revenue below 0 as 0.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RFM = ("recency_days", "orders_365", "net_revenue_365")
RULES = ("champions", "loyal", "big_baskets", "promising", "cooling", "slipping_away", "dormant")


def check_rfm(frame: pl.DataFrame) -> None:
    """Raise ValueError where an RFM frame lacks a column, holds a null or names a customer twice."""
    missing = [name for name in ("customer_key", *RFM) if name not in frame.columns]
    if missing:
        raise ValueError(f"Customers lack the columns {', '.join(missing)}.")
    if frame.select(pl.any_horizontal(pl.col("customer_key", *RFM).is_null().any())).item():
        raise ValueError("A customer lacks recency, orders or net revenue.")
    if frame["customer_key"].is_duplicated().any():
        raise ValueError("A customer is named twice.")


def log_rfm(frame: pl.DataFrame) -> Floats:
    """Return log(1 + x) of the three numbers, one row per row of `frame`."""
    return np.column_stack([np.log1p(np.maximum(frame[name].cast(pl.Float64).to_numpy(), 0.0)) for name in RFM])


def rfm_segments(frame: pl.DataFrame, among: pl.DataFrame | None = None) -> pl.Series:
    """Return the named segment of each row by the quintiles of the customers `among` (default: the frame itself); ties share a quintile.

    The rules are those of `marts.customer_profile.rfm_segment`, for days and samples that have no profile; a test holds them together.
    """
    others = frame if among is None else among
    r, f, m = (_quintile(frame[name], others[name]) for name in RFM)
    r = 6 - r
    rules = [
        (r >= 4) & (f >= 4) & (m >= 4),
        (r >= 3) & (f >= 4),
        (r >= 3) & (m >= 4),
        r >= 4,
        r == 3,
        (f >= 3) | (m >= 4),
    ]
    return pl.Series("rfm_segment", np.select(rules, RULES[:-1], RULES[-1]), dtype=pl.String)


def _quintile(values: pl.Series, among: pl.Series) -> NDArray[np.int64]:
    """1 for the lowest fifth to 5 for the highest, by SQL's percent_rank."""
    below = np.searchsorted(among.cast(pl.Float64).sort().to_numpy(), values.cast(pl.Float64).to_numpy(), side="left")
    return 1 + np.minimum(4, np.floor(5 * (below / max(len(among) - 1, 1)))).astype(np.int64)
