"""Customer tables that leave the house: nobody can be singled out by what a stranger may know of a customer.

Decides what is blanked. *Quasi-identifiers* are the columns by which somebody who knows a customer might find the row: region, channel,
group, month of the first order, segment and the like. A *cell* is one combination of their values. A table is k-anonymous when every cell
has at least k customers (Sweeney, 2002). In cells that are too small quasi-identifiers are blanked one after the other, those a merchant
misses least first, until the rows share a cell with others; rows that are left alone after all were blanked do not leave.

Figures of a customer (orders, revenue, …) are no quasi-identifiers here: who knows them exactly can still find a row. So such a file is for
people under the shop's own rules, and never for the public.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

K = 10
CUSTOMER = "customer_key"
# blanked in this order
QUASI_IDENTIFIERS = (
    *("acquired_on", "first_order_day", "tenure_days", "last_order_day", "recency_days", "last_coupon_day", "lifecycle_since"),
    *("entered_on", "cohort_month"),
    *("preferred_hour", "preferred_weekday", "top_category", "region", "customer_group", "acquisition_channel", "main_channel"),
    *("price_tier", "previous_lifecycle", "previous_segment", "rfm_segment", "segment", "cluster_name", "lifecycle", "purpose"),
)
# columns that say the same again and are blanked with them
_TIES = {
    "first_order_day": ("tenure_days",),
    "last_order_day": ("recency_days", "due_ratio"),
    "recency_days": ("due_ratio",),
    "cluster_name": ("cluster_id",),
}
_FIXED = ("as_of_day",)  # part of every cell, never blanked
_TELLING = ("sentence",)  # text that repeats the values of others


@dataclass(frozen=True)
class Released:
    """frame: what may leave. blanked: values taken out per column; left_out: rows that do not leave. checked: quasi-identifiers found."""

    frame: pl.DataFrame
    blanked: dict[str, int]
    left_out: int
    checked: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was done, in one sentence; empty where nothing was."""
        if not self.left_out and not self.blanked:
            return ""
        values = ", ".join(f"{count:,} of {name}" for name, count in self.blanked.items()) or "none"
        return f"So that every group has {K} customers or more, values were blanked ({values}) and {self.left_out:,} rows left out."


def smallest_cell(frame: pl.DataFrame, columns: Sequence[str]) -> int | None:
    """Customers in the smallest cell over `columns`; None for an empty table."""
    if frame.is_empty():
        return None
    return int(_cell_sizes(frame, columns).min())  # pyright: ignore[reportArgumentType]


def released(frame: pl.DataFrame, k: int = K, order: Sequence[str] = QUASI_IDENTIFIERS) -> Released:
    """Blank and leave out what keeps `frame` from being k-anonymous; tables without customer_key pass as they are.

    Row order is kept. A customer in several rows of a cell counts once.
    """
    present = tuple(name for name in order if name in frame.columns)
    if CUSTOMER not in frame.columns or not present:
        return Released(frame, {}, 0, ())
    work, blanked = frame, dict[str, int]()
    for name in present:
        small = _is_small(work, present, k)
        if not small.any():
            break
        gone = small & work[name].is_not_null()
        blanked |= {name: int(gone.sum())} if gone.any() else {}
        work = work.with_columns(
            pl.when(small).then(None).otherwise(pl.col(each)).alias(each) for each in (name, *_TIES.get(name, ())) if each in work.columns
        )
    left_out = _is_small(work, present, k)
    changed = pl.any_horizontal([work[name].is_null() & frame[name].is_not_null() for name in present])
    told = [name for name in _TELLING if name in frame.columns]
    work = work.with_columns(pl.when(changed).then(None).otherwise(pl.col(name)).alias(name) for name in told)
    return Released(work.filter(~left_out), blanked, int(left_out.sum()), present)


def _is_small(frame: pl.DataFrame, columns: Sequence[str], k: int) -> pl.Series:
    return _cell_sizes(frame, columns) < k


def _cell_sizes(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Customers in the cell of each row."""
    cell = [*(name for name in _FIXED if name in frame.columns), *columns]
    return frame.select(pl.col(CUSTOMER).n_unique().over(cell) if cell else pl.col(CUSTOMER).n_unique()).to_series()
