"""Daily snapshots are kept for a while, month ends for good, and what is worth more in between."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from assets.retention import KeptLonger, thin_out
from assets.table_contracts import ColumnContract, TableContract
from assets.warehouse import Warehouse

CONTRACT = TableContract("customers.kept", "one row per day", "as_of_day", (ColumnContract("as_of_day", "day", "day"),))


def test_only_month_ends_are_kept_of_days_long_ago(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(120)]
    warehouse.replace_days(CONTRACT, pl.DataFrame({"as_of_day": days}), days)
    thin_out(warehouse, CONTRACT, days[-1], 30)
    kept = warehouse.read("select as_of_day from customers.kept order by 1")["as_of_day"].to_list()
    assert kept == [date(2024, 1, 31), date(2024, 2, 29), *days[-31:]]
    thin_out(warehouse, CONTRACT, days[-1], 30)
    assert len(kept) == len(warehouse.read("select 1 from customers.kept"))


def test_some_rows_are_kept_for_longer_and_not_for_ever(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    columns = (*CONTRACT.columns, ColumnContract("is_drawn", "flag", "drawn by lot"))
    contract = TableContract("customers.drawn", "one row per day and kind", "as_of_day", columns)
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(120)]
    rows = pl.DataFrame({"as_of_day": days}).join(pl.DataFrame({"is_drawn": [True, False, None]}), how="cross")
    warehouse.replace_days(contract, rows, days)
    thin_out(warehouse, contract, days[-1], 30, KeptLonger("is_drawn", 60))
    kept = warehouse.read("select * from customers.drawn order by as_of_day")
    ends = [date(2024, 1, 31), date(2024, 2, 29)]
    plain = [*ends, *days[-31:]]
    assert kept.filter(pl.col("is_drawn").is_null())["as_of_day"].to_list() == plain
    assert kept.filter(~pl.col("is_drawn"))["as_of_day"].to_list() == plain
    assert kept.filter("is_drawn")["as_of_day"].to_list() == sorted({*ends, *days[-61:]})
