"""Past promotions of each product as events: what was sold, and what its level before would have given.

An *event* is a run of days on which a product was promoted somewhere at one depth of the price cut. Expected is the mean of the valid days
without promotion in the eight weeks before each day (as in `learning.demand.promotion_lift`), times what the items without promotion at
the same location sold on that day over their own such means: weekdays, holidays and the season move both (difference in differences).

Public: `promotion_events`.
"""

from datetime import date

import numpy as np
import polars as pl

from learning.demand.grid import DemandGrid, Flags, Floats, build_grid
from learning.demand.promotion_lift import BAND_EDGES, BASE_DAYS
from learning.demand.weekdays import sums_by_day
from learning.demand.windows import Windows

SHRINK_UNITS = 20.0
EVENT_SCHEMA = {
    "product_id": pl.String,
    "category": pl.String,
    "band": pl.Int64,
    "first_day": pl.Date,
    "days": pl.Int64,
    "sold_units": pl.Float64,
    "expected_units": pl.Float64,
}


def promotion_events(panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
    """Return one row per event (`EVENT_SCHEMA`), sorted by product_id and first_day.

    panel: see `learning.demand.grid.build_grid`; days after `as_of_day` are refused there. Days on which the item was closed, sold out or
    has no level yet are left out, and so are events without any other day. Raises ValueError like `build_grid`.
    """
    cells = _promoted_cells(build_grid(panel, as_of_day))
    if cells.is_empty():
        return pl.DataFrame(schema=EVENT_SCHEMA)
    days = cells.group_by("product_id", "category", "day").agg(pl.col("band").max(), pl.col("sold_units", "expected_units").sum())
    begins = (pl.col("day").diff() != pl.duration(days=1)) | (pl.col("band").diff() != 0)
    numbered = days.sort("product_id", "day").with_columns(event=begins.fill_null(True).cum_sum().over("product_id"))
    events = numbered.group_by("product_id", "category", "band", "event").agg(
        first_day=pl.col("day").min(), days=pl.len(), sold_units=pl.col("sold_units").sum(), expected_units=pl.col("expected_units").sum()
    )
    told = events.filter(pl.col("expected_units") > 0).sort("product_id", "first_day")
    return told.select(pl.col(name).cast(kind) for name, kind in EVENT_SCHEMA.items())


def _promoted_cells(grid: DemandGrid) -> pl.DataFrame:
    """One row per item and promoted, valid day: product_id, category, day, band, sold_units, expected_units."""
    plain = grid.valid & ~grid.on_promotion
    total, count = Windows(grid.units, plain).trailing(BASE_DAYS)
    mean = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    expected = mean * _day_factors(grid, mean, plain & (count > 0))
    item, step = np.nonzero(grid.on_promotion & grid.valid & (count > 0))
    return pl.DataFrame(
        {
            "product_id": grid.items["product_id"].gather(item),
            "category": grid.items["category"].gather(item),
            "day": pl.Series(grid.days[step]).cast(pl.Date),
            "band": np.digitize(grid.discount[item, step], BAND_EDGES).astype(np.int64),
            "sold_units": grid.units[item, step],
            "expected_units": expected[item, step],
        }
    )


def _day_factors(grid: DemandGrid, mean: Floats, plain: Flags) -> Floats:
    """Items x days: what the items without promotion at the item's location sold over their means, drawn to 1 where they are few."""
    place = grid.codes("location_id")
    sold = sums_by_day(place, np.where(plain, grid.units, 0.0))
    usual = sums_by_day(place, np.where(plain, mean, 0.0))
    return ((sold + SHRINK_UNITS) / (usual + SHRINK_UNITS))[place]
