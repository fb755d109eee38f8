"""A tiny shop landed by hand, run through dbt in process.

The project is parsed once for the session; every test module gets an empty landing folder and warehouse at the same two
paths, so that the parsed project stays valid.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from shops.contract import TABLES, landed_columns

PROJECT = Path(__file__).parents[2] / "dbt"
POLARS_TYPES = {
    "text": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "money": pl.Float64,
    "day": pl.Date,
    "timestamp": pl.Datetime("us"),
    "flag": pl.Boolean,
}
Record = dict[str, object]


class DbtShop:
    """A landing folder and a warehouse, with the dbt project between them."""

    def __init__(self, folder: Path) -> None:
        self.landing = folder / "landing"
        self.warehouse = folder / "warehouse.duckdb"
        self.staged_warehouse = folder / "staged.duckdb"
        self.manifest = None
        self.landed_before: set[str] = set()
        self.environment = {
            "COUNTINGHOUSE_LANDING": str(self.landing),
            "COUNTINGHOUSE_WAREHOUSE": str(self.warehouse),
            "COUNTINGHOUSE_SQL_THREADS": "1",
            "COUNTINGHOUSE_OUTCOME_WINDOW_DAYS": "3",
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }

    def clear(self) -> None:
        """An empty landing (all tables without rows) and an empty warehouse."""
        shutil.rmtree(self.landing, ignore_errors=True)
        self.landed_before = set()
        for table in TABLES.values():
            folder = self.landing / table.name
            folder.mkdir(parents=True)
            pl.DataFrame(schema=landed_schema(table.name)).write_parquet(folder / "_schema.parquet")
        self.forget_warehouse()

    def forget_warehouse(self) -> None:
        """A warehouse with nothing but empty staging tables, which are built once for all tests."""
        for path in self.warehouse.parent.glob("warehouse.duckdb*"):
            path.unlink()
        if not self.staged_warehouse.exists():
            self.dbt("run", date.min, date.min, "--select", "staging")
            shutil.copyfile(self.warehouse, self.staged_warehouse)
        shutil.copyfile(self.staged_warehouse, self.warehouse)

    def land(self, table: str, records: Iterable[Record]) -> None:
        """Replace what `table` holds for the known_on days among the records. Each record needs its known_on."""
        schema = landed_schema(table)
        rows = [
            {**dict.fromkeys(schema), "source_file": f"{table}.csv", "source_row": row, **record} for row, record in enumerate(records, 1)
        ]
        frame = pl.DataFrame(rows, schema=schema)
        for (known_on,), day in frame.group_by("known_on"):
            day.write_parquet(self.landing / table / f"known_on={known_on}.parquet")

    def withdraw(self, table: str, known_on: date) -> None:
        (self.landing / table / f"known_on={known_on}.parquet").unlink()

    def run(self, start: date, end: date, *arguments: str, command: str = "run", **environment: str) -> None:
        """All models over the window [start, end) of known_on days, but for the staging of tables that never held a row."""
        landed = {path.parent.name for path in self.landing.glob("*/known_on=*.parquet")} | self.landed_before
        self.landed_before = landed
        self.dbt(command, start, end, *arguments, "--exclude", *(f"stg_{name}" for name in TABLES if name not in landed), **environment)

    def dbt(self, command: str, start: date, end: date, *arguments: str, **environment: str) -> None:
        """One dbt command; raises with dbt's own words where it fails."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        changed = {
            **self.environment,
            "COUNTINGHOUSE_WINDOW_START": start.isoformat(),
            "COUNTINGHOUSE_WINDOW_END": end.isoformat(),
            **environment,
        }
        places = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet", "--log-level-file", "none", "--no-write-json"]
        before = dict(os.environ)
        os.environ.update(changed)
        try:
            if self.manifest is None:
                self.manifest = dbtRunner().invoke(["parse", *places]).result
            outcome = dbtRunner(manifest=self.manifest).invoke([command, *places, *arguments])
        finally:
            DuckDBConnectionManager.close_all_connections()  # dbt keeps the warehouse open, also after the command
            os.environ.clear()
            os.environ.update(before)
        results = getattr(outcome.result, "results", [])
        failures = [f"{result.node.name}: {result.message}" for result in results if result.status in ("error", "fail")]
        assert outcome.success, "\n".join(failures) or str(outcome.exception)

    def query(self, sql: str) -> pl.DataFrame:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).pl()

    def rows(self, sql: str) -> list[tuple]:
        return self.query(sql).rows()

    def as_of(self, mart: str, day: date) -> str:
        """SQL of a version mart as it was known at the end of `day`."""
        return (
            f"(select * exclude (known_on, superseded_on) from marts.{mart} "
            f"where known_on <= date '{day}' and (superseded_on is null or superseded_on > date '{day}'))"
        )

    def contents(self, marts: Iterable[str]) -> dict[str, list[tuple]]:
        """All rows of the marts, sorted, money rounded to a ten thousandth of a cent."""
        return {mart: self.rows(f"select * from marts.{mart} order by all") for mart in marts}

    @staticmethod
    def line(order: str, number: int, day: date, product: str, units: float, price: float, **more: object) -> Record:
        """A landed order line of 10 o'clock; recorded and known the same day unless `known_on` says otherwise."""
        known_on = more.pop("known_on", day)
        return {
            "order_id": order,
            "line_id": str(number),
            "order_ts": datetime(day.year, day.month, day.day, 10),
            "line_type": "sale" if units > 0 else "return",
            "product_id": product,
            "location_id": "main",
            "units": float(units),
            "unit_price": float(price),
            "discount_amount": 0.0,
            "channel": "store",
            "business_day": day,
            "known_on": known_on,
            "recorded_at": datetime(known_on.year, known_on.month, known_on.day, 12),
            **more,
        }


def landed_schema(table: str) -> dict[str, pl.DataType]:
    return {name: POLARS_TYPES[kind] for name, kind in landed_columns(TABLES[table])}


@pytest.fixture(scope="session")
def session_shop(tmp_path_factory: pytest.TempPathFactory) -> DbtShop:
    return DbtShop(tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def shop(session_shop: DbtShop) -> Iterator[DbtShop]:
    session_shop.clear()
    yield session_shop
    session_shop.clear()
