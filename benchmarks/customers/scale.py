"""A shop of 1,000,000 customers, 112,000 items and 20 million order lines: the day after the first, as one incremental step.

The simulated large shop's last months, without visits to its web pages. The first day takes in and builds all history (not part of what is
judged); then the shop hands in the last day's order lines as a file of their own, and the next day is the daily refresh: landing, marts and
everything of schema `customers` with what it needs. Demand, orders and coupons are left out. Each day runs in a process of its own: CPU s,
wall time, peak memory of the largest process.

Public: `measure`.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from shops.simulated.sizes import SIZES

LAST_DAY = date(2025, 12, 31)
MOST_SECONDS, MOST_GB = 600.0, 8.0
KEPT_PARTS = {"order_lines": 12, "stock_levels": 1, "web_events": 0}  # of 25, of 15 days each and 5 in the last
SMALL_DAYS = 200
LEFT_OUT = ("demand", "decisions")
MEMORY = "6GB"  # of DuckDB: the first day's history needs more than the 4 GB a house has by default


def measure(small: bool) -> dict[str, Any]:
    """Return days (one dict per day run), tables (rows per table of `customers`) and targets; small: the small simulated shop."""
    size = "small" if small else "large"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shop = root / f"simulated-{size}"
        environment = {
            **os.environ,
            "COUNTINGHOUSE_SHOP": str(shop),
            "COUNTINGHOUSE_VAR": str(root / "var"),
            "COUNTINGHOUSE_THREADS": "2",
            "COUNTINGHOUSE_MEMORY": MEMORY,
        }
        root.joinpath("var").mkdir()
        simulate = [str(Path(sys.executable).with_name("countinghouse")), "shop", "simulate", "--size", size, "--to", str(shop)]
        subprocess.run(simulate, check=True, env=environment, stdout=sys.stderr)
        first_day = LAST_DAY - timedelta(days=SMALL_DAYS if small else _keep_last_parts(shop))
        _begin_on(shop / "shop.toml", first_day)
        held_back = _hold_back_last_day(shop)
        days = [_apart(LAST_DAY - timedelta(days=1), environment)]
        _hand_in(shop, held_back)
        days.append(_apart(LAST_DAY, environment))
        tables = _rows(root / "var" / shop.name / "warehouse.duckdb")
    refresh = days[-1]
    targets = [
        {"name": "daily refresh, wall s", "value": refresh["wall_s"], "target": MOST_SECONDS},
        {"name": "daily refresh, GB", "value": refresh["peak_gb"], "target": MOST_GB},
    ]
    return {"shop": shop.name, "days": days, "tables": tables, "targets": targets}


def _keep_last_parts(shop: Path) -> int:
    """Leave the long tables their last parts, no visits, and the newest stock; returns the days that are left before the last."""
    for table, kept in KEPT_PARTS.items():
        parts = sorted((shop / table).glob("*.parquet"))
        for part in parts[: len(parts) - kept]:
            part.unlink()
    size = SIZES["large"]
    in_last_part = size.days % size.chunk_days or size.chunk_days
    return (KEPT_PARTS["order_lines"] - 1) * size.chunk_days + in_last_part - 1


def _begin_on(file: Path, first_day: date) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"first_day = \S+", f"first_day = {first_day.isoformat()}", text), encoding="utf-8")


def _hold_back_last_day(shop: Path) -> pl.DataFrame:
    """Take the last day's order lines out of the newest file; returns them."""
    newest = max(shop.glob("order_lines/*.parquet"), default=shop / "order_lines.parquet")
    lines = pl.read_parquet(newest)
    is_last = pl.col("order_ts").dt.date() == LAST_DAY
    lines.filter(~is_last).write_parquet(newest)
    return lines.filter(is_last)


def _hand_in(shop: Path, lines: pl.DataFrame) -> None:
    """Put order lines into the folder of order lines as the newest file."""
    folder = shop / "order_lines"
    if not folder.exists():
        folder.mkdir()
        (shop / "order_lines.parquet").rename(folder / "part-0000.parquet")
    lines.write_parquet(folder / "part-9999.parquet")


def _apart(day: date, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", __name__, day.isoformat()], check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{day} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _rows(warehouse: Path) -> dict[str, int]:
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'customers' order by 1").fetchall()
        return {name: connection.execute(f"select count(*) from customers.{name}").fetchall()[0][0] for (name,) in names}


def _decide(day: date) -> dict[str, Any]:
    """Land one day and materialise the customers' assets and the marts they come from, in this process."""
    import dagster as dg

    from assets.house import House
    from dagster_project.definitions import build_definitions
    from dagster_project.resources import resources
    from dagster_project.runs import dagster_home, open_instance
    from dagster_project.settings import load_settings

    started = time.perf_counter()
    settings = load_settings()
    dagster_home(settings)
    rooms = dg.AssetSelection.groups("landing", "staging", "intermediate", "marts")  # all of them: the tests of one look at others
    wanted = (dg.AssetSelection.groups("customers").upstream() | rooms) - dg.AssetSelection.groups(*LEFT_OUT)
    job = dg.define_asset_job("customers_only", selection=wanted, executor_def=dg.in_process_executor)
    house = resources(settings)["house"]
    assert isinstance(house, House)
    _empty_tables(house.warehouse)
    definitions = dg.Definitions.merge(build_definitions(settings), dg.Definitions(jobs=[job]))
    tags = {name: day.isoformat() for name in ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")}
    with open_instance(settings) as instance:
        result = definitions.resolve_job_def("customers_only").execute_in_process(instance=instance, tags=tags, raise_on_error=True)
        steps = {
            event.step_key: round(event.step_success_data.duration_ms / 1000, 1)
            for event in result.all_events
            if event.event_type_value == "STEP_SUCCESS" and event.step_key
        }
    return {"day": day.isoformat(), "wall_s": round(time.perf_counter() - started, 1), **_used(), "steps": steps}


def _empty_tables(warehouse: Path) -> None:
    """Tables of the rooms that are left out, without rows: there is no forecast to rescale to."""
    import duckdb

    from assets.table_contracts import table_contracts

    with duckdb.connect(str(warehouse)) as connection:
        for contract in table_contracts().values():
            if contract.name.split(".")[0] in LEFT_OUT:
                connection.execute(contract.create_statement())


def _used() -> dict[str, float]:
    """CPU seconds and the largest memory of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "cpu_s": round(sum(each.ru_utime + each.ru_stime for each in used), 1),
        "peak_gb": round(max(each.ru_maxrss for each in used) / 1e6, 2),
    }


if __name__ == "__main__":
    print(json.dumps(_decide(date.fromisoformat(sys.argv[1]))))
