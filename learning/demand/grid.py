"""The sales panel as matrices: one row per item, one column per day.

All estimators of this package read a `DemandGrid`. Terms: an *item* is a product at a location; a cell is *valid* when it
shows demand: the location was open, the item was on sale, and stock did not run out (a stock-out day is missing, not zero).
Only where an item never ended a day in stock do its stock-out days count, from its first sale on: what it sold is a low estimate of its
demand, and there is no other.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

KEY = ["product_id", "location_id"]
NEEDED = ("business_day", "product_id", "location_id", "units")
OPTIONAL: dict[str, pl.DataType | type[pl.DataType]] = {
    "category": pl.String,
    "unit_price": pl.Float64,
    "discount_share": pl.Float64,
    "on_promotion": pl.Boolean,
    "is_censored": pl.Boolean,
    "is_open": pl.Boolean,
}


@dataclass(frozen=True)
class DemandGrid:
    """Dense history of all items, sorted by product and location, from `first_day` on without gaps.

    items: product_id, location_id, category. All matrices are items x days: units sold (0 where absent), valid,
    censored, is_open, on_promotion, discount (share, only under promotion), price (carried forward; nan where never seen).
    """

    first_day: date
    items: pl.DataFrame
    units: Floats
    valid: Flags
    censored: Flags
    is_open: Flags
    on_promotion: Flags
    discount: Floats
    price: Floats

    @property
    def n_items(self) -> int:
        return self.units.shape[0]

    @property
    def n_days(self) -> int:
        return self.units.shape[1]

    @property
    def days(self) -> NDArray[np.datetime64]:
        """The days of the columns."""
        return np.datetime64(self.first_day, "D") + np.arange(self.n_days)

    def codes(self, column: str) -> Codes:
        """Dense codes of `category` or `location_id`, in sorted order of the names."""
        return np.unique(self.items[column].to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)

    def part(self, kept: Flags, n_days: int | None = None) -> "DemandGrid":
        """The grid of the kept items over the first `n_days` days (all when None)."""
        end = self.n_days if n_days is None else n_days
        return DemandGrid(
            first_day=self.first_day,
            items=self.items.filter(pl.Series(kept)),
            units=self.units[kept, :end],
            valid=self.valid[kept, :end],
            censored=self.censored[kept, :end],
            is_open=self.is_open[kept, :end],
            on_promotion=self.on_promotion[kept, :end],
            discount=self.discount[kept, :end],
            price=self.price[kept, :end],
        )


def build_grid(panel: pl.DataFrame, last_day: date | None = None) -> DemandGrid:
    """The grid of a sales panel (one row per business_day, product_id, location_id).

    Needs business_day, product_id, location_id, units; reads category, unit_price, discount_share, on_promotion, is_censored
    and is_open where present (absent: uncategorised, unknown, 0, false, false, true). `last_day` extends the grid to the
    as-of day; days without a row are not valid. Raises ValueError on missing columns, an empty panel, duplicate keys or
    rows after `last_day`.
    """
    missing = [name for name in NEEDED if name not in panel.columns]
    if missing:
        raise ValueError(f"Expected the sales panel to have {', '.join(NEEDED)}; missing {', '.join(missing)}.")
    if panel.is_empty():
        raise ValueError("Expected a sales panel with at least one row; got none.")
    rows = panel.select(
        *(pl.col(name) for name in NEEDED),
        *(pl.col(name) if name in panel.columns else pl.lit(None, dtype=dtype).alias(name) for name, dtype in OPTIONAL.items()),
    )
    first_day, last_seen = _as_day(rows["business_day"].min()), _as_day(rows["business_day"].max())
    end = last_day or last_seen
    if last_seen > end:
        raise ValueError(f"Expected no sales after the as-of day {end}; the panel reaches {last_seen}.")
    items = (
        rows.group_by(KEY)
        .agg(pl.col("category").sort_by("business_day").drop_nulls().last().fill_null("uncategorised"))
        .sort(KEY)
        .with_row_index("item")
    )
    placed = rows.drop("category").join(items.select(*KEY, "item"), on=KEY, how="inner", maintain_order="left")
    if placed.height != rows.height:
        raise ValueError("Expected product_id and location_id on every row of the sales panel; some are null.")
    shape = (items.height, (end - first_day).days + 1)
    at = placed["item"].cast(pl.Int64).to_numpy() * shape[1] + (placed["business_day"] - first_day).dt.total_days().to_numpy()
    seen = np.zeros(shape[0] * shape[1], dtype=bool)
    seen[at] = True
    if int(seen.sum()) != placed.height:
        raise ValueError("Expected one row per business_day, product_id and location_id in the sales panel; found duplicates.")

    def matrix(values: pl.Series, empty: float) -> Floats:
        flat = np.full(shape[0] * shape[1], empty)
        flat[at] = values.cast(pl.Float64).to_numpy()
        return flat.reshape(shape)

    counted = placed["units"].cast(pl.Float64)
    known = matrix(counted.is_not_null() & counted.is_finite().fill_null(False), 0.0) > 0
    units = matrix(placed["units"].cast(pl.Float64).fill_nan(None).fill_null(0.0).clip(lower_bound=0.0), 0.0)
    is_open = matrix(placed["is_open"].fill_null(True), 0.0) > 0
    censored = matrix(placed["is_censored"].fill_null(False), 0.0) > 0
    on_promotion = matrix(placed["on_promotion"].fill_null(False), 0.0) > 0
    discount = matrix(placed["discount_share"].fill_nan(None).fill_null(0.0).clip(0.0, 1.0), 0.0) * on_promotion
    # sales on a day the calendar calls closed happened all the same: they are demand
    told = known & (is_open | (units > 0))
    valid = told & ~censored
    valid |= told & (units.cumsum(axis=1) > 0) & ~valid.any(axis=1, keepdims=True)
    price = _carried_forward(matrix(placed["unit_price"].fill_nan(None), np.nan))
    return DemandGrid(first_day, items.drop("item"), units, valid, censored, is_open, on_promotion, discount, price)


def _as_day(value: object) -> date:
    if not isinstance(value, date):
        raise ValueError("Expected days in business_day of the sales panel; got none.")
    return value


def _carried_forward(values: Floats) -> Floats:
    last = np.where(np.isnan(values), -1, np.arange(values.shape[1])[None, :])
    last = np.maximum.accumulate(last, axis=1)
    return np.where(last >= 0, np.take_along_axis(values, np.maximum(last, 0), axis=1), np.nan)
