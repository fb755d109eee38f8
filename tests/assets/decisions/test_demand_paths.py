"""Sample paths come to the items they were made for, over just the days that the order covers."""

from datetime import date
from pathlib import Path

import polars as pl

from assets.decisions.demand_paths import PATHS, read_paths, with_paths
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

DAY = date(2025, 3, 2)
ITEMS = pl.DataFrame(
    [("p2", "north", 3, 10), ("p1", "north", 3, 10), ("p3", "north", 4, 10), ("p4", "north", None, None)],
    schema={"product_id": pl.String, "location_id": pl.String, "lead_time_days": pl.Int64, "cover_days": pl.Int64},
    orient="row",
)


def paths_of(day: date) -> pl.DataFrame:
    rows = [(day, product, "north", 3, 10, [0.5, 2.25], [4.0, 3.0]) for product in ("p1", "p3", "p9")]
    return pl.DataFrame(rows, schema=dict(table_contracts()[PATHS].empty().schema), orient="row")


def test_paths_are_joined_by_item_and_days() -> None:
    joined = with_paths(ITEMS, paths_of(DAY))
    assert joined.select(ITEMS.columns).equals(ITEMS)
    assert joined["until_arrival_paths"].to_list() == [None, [0.5, 2.25], None, None]
    assert joined["until_cover_paths"].to_list() == [None, [4.0, 3.0], None, None]


def test_stored_paths_are_read_as_they_were_written_and_a_day_without_them_has_none(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"), threads=1)
    assert read_paths(warehouse, DAY, DAY).equals(table_contracts()[PATHS].empty())
    days = [date(2025, 3, day) for day in (1, 2, 3)]
    warehouse.replace_days(table_contracts()[PATHS], pl.concat([paths_of(day) for day in days]), days)
    warehouse.replace_days(table_contracts()[PATHS], paths_of(DAY), [DAY])
    assert read_paths(warehouse, DAY, DAY).equals(paths_of(DAY))
    assert set(read_paths(warehouse, days[0], DAY)["as_of_day"]) == set(days[:2])
    assert read_paths(warehouse, date(2025, 3, 4), date(2025, 3, 9)).is_empty()
