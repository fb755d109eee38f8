"""Tiny shops through the whole chain, one after another in one process and one state folder.

What costs time and proves nothing twice is made once: dbt's parsed project and MLflow's tables stay, everything else is deleted
before a fresh shop."""

import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from benchmarks.reliability.tiny_shop import TinyShop
from dagster_project.runs import dagster_home, open_instance, run_days
from dagster_project.settings import Settings

KEPT = ("dbt", "mlflow", "dagster")
NUMBERS = (pl.Float32, pl.Float64)


@dataclass(frozen=True)
class Ran:
    """What came of one run. `errors` are (step, class of the innermost error, its message)."""

    is_success: bool
    failed_checks: tuple[str, ...]
    errors: tuple[tuple[str, str, str], ...]


class TinyChain:
    """The state folder of one tiny shop at a time."""

    def __init__(self, root: Path, name: str = "tiny") -> None:
        self.shop_folder = root / "shop"
        self.state = root / "var" / name
        self.settings = Settings(self.shop_folder, root / "var", None, 1, root / "var" / "keys" / "pseudonym.key")

    def forget(self) -> None:
        """An empty state but for what is the same for every shop."""
        for part in self.state.iterdir() if self.state.exists() else []:
            if part.name not in KEPT:
                shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink()

    def forget_models(self) -> None:
        """No model is left to be used again."""
        shutil.rmtree(self.state / "learning", ignore_errors=True)

    def run(self, shop: TinyShop, first: date, last: date | None = None) -> Ran:
        """Write the shop's folder and decide the days `first` to `last` (by default that one day)."""
        shop.write(self.shop_folder)
        outcome = run_days(self.settings, first, last or first)
        return Ran(outcome.is_success, outcome.failed_checks, tuple(self._errors(outcome.run_id)))

    def must(self, shop: TinyShop, first: date, last: date | None = None) -> tuple[str, ...]:
        """The same; raises where the run fails. Returns the checks that did not pass."""
        ran = self.run(shop, first, last)
        if not ran.is_success:
            raise RuntimeError(f"The run of {first} failed: {ran.errors}")
        return ran.failed_checks

    def land_and_build(self, shop: TinyShop, first: date, last: date) -> None:
        """The same as far as the marts; raises where a step fails."""
        shop.write(self.shop_folder)
        dagster_home(self.settings)
        from dagster_project.definitions import build_definitions

        job = build_definitions(self.settings).resolve_job_def("daily_decisions")
        tags = {"dagster/asset_partition_range_start": first.isoformat(), "dagster/asset_partition_range_end": last.isoformat()}
        with open_instance(self.settings) as instance, Path(os.devnull).open("w", encoding="utf-8") as nothing, redirect_stdout(nothing):
            job.execute_in_process(instance=instance, tags=tags, op_selection=["landing", "marts"], run_config={"loggers": {"console": {}}})

    def read(self, sql: str) -> pl.DataFrame:
        """Rows of the warehouse."""
        with duckdb.connect(str(self.state / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).pl()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The same as tuples."""
        return self.read(sql).rows()

    def _errors(self, run_id: str) -> Iterator[tuple[str, str, str]]:
        import dagster as dg

        with dg.DagsterInstance.get() as instance:
            for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
                event = entry.get_dagster_event()
                error = event.step_failure_data.error
                while error is not None and error.cause is not None:
                    error = error.cause
                yield event.step_key or "", (error.cls_name if error else "") or "", error.message.strip() if error else ""

    def published(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.state / "published" / f"{name}.parquet")

    def published_tables(self) -> dict[str, pl.DataFrame]:
        """Every published table as readers see it, through the views of bi.duckdb."""
        with duckdb.connect(str(self.state / "bi.duckdb"), read_only=True) as connection:
            views = connection.execute("select view_name from duckdb_views() where not internal order by 1").fetchall()
            return {view: connection.execute(f'select * from "{view}"').pl() for (view,) in views if not view.endswith("_latest")}

    def tables(self, rooms: Sequence[str]) -> dict[str, pl.DataFrame]:
        """Every table of these schemas of the warehouse, as `room.table`."""
        with duckdb.connect(str(self.state / "warehouse.duckdb"), read_only=True) as connection:
            query = "select table_schema, table_name from information_schema.tables where list_contains(?, table_schema) order by all"
            found = connection.execute(query, [list(rooms)]).fetchall()
            return {f"{room}.{name}": connection.execute(f'select * from {room}."{name}"').pl() for room, name in found}

    def page(self) -> str:
        """The page a run ends with."""
        from rich.console import Console

        from dagster_project.cli.page import print_page

        console = Console(width=200, record=True, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115
        print_page(self.settings, console)
        return console.export_text()


def impossible_numbers(tables: dict[str, pl.DataFrame]) -> list[str]:
    """Columns that hold NaN or infinity, as `table.column`."""
    return [
        f"{name}.{column.name}"
        for name, frame in tables.items()
        for column in frame.get_columns()
        if column.dtype in NUMBERS and any(not math.isfinite(value) for value in column.drop_nulls())
    ]
