"""The sample paths of demand that a day's orders are weighed over, as columns of the items (`optimization.replenishment.path_columns`)."""

from datetime import date

import polars as pl

from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

PATHS = "demand.lead_time_paths"
JOIN_ON = ["product_id", "location_id", "lead_time_days", "cover_days"]


def read_paths(warehouse: Warehouse, first_day: date, last_day: date) -> pl.DataFrame:
    """Paths of these as-of days; no row for days that were scored before there were paths."""
    if not warehouse.exists(PATHS):
        return table_contracts()[PATHS].empty()
    return warehouse.read(
        f"select * from {PATHS} where as_of_day between ? and ? order by as_of_day, product_id, location_id", [first_day, last_day]
    )


def with_paths(items: pl.DataFrame, paths: pl.DataFrame) -> pl.DataFrame:
    """`items` (product_id, location_id, lead_time_days, cover_days, …) with until_arrival_paths and until_cover_paths, lists of units.

    paths: of one day. Null where an item has none over just these days: its order is then weighed over quantiles, and says so.
    """
    named = paths.select(
        "product_id",
        "location_id",
        lead_time_days="until_arrival_days",
        cover_days="until_cover_days",
        until_arrival_paths="until_arrival_units",
        until_cover_paths="until_cover_units",
    )
    return items.join(named, on=JOIN_ON, how="left", maintain_order="left")
