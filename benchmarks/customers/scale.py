"""A shop of 1,000,000 customers and 112,000 items: the day after the first as one incremental step: CPU s, wall time, peak memory.

The simulated large shop hands in a year of records at once; the first day imports them (not part of what is judged), the next one is the
daily refresh: landing, marts, and everything of schema `customers` with what it needs. Demand, orders and coupons are left out. Each day
runs in a process of its own; peak memory is the largest of its processes.

Public: `measure`.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

LAST_DAY = date(2025, 12, 31)
MOST_SECONDS, MOST_GB = 600.0, 8.0


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
        }
        simulate = [str(Path(sys.executable).with_name("countinghouse")), "shop", "simulate", "--size", size, "--to", str(shop)]
        subprocess.run(simulate, check=True, env=environment, stdout=sys.stderr)
        days = [_apart(day, environment) for day in (LAST_DAY - timedelta(days=1), LAST_DAY)]
        tables = _rows(root / "var" / shop.name / "warehouse.duckdb")
    refresh = days[-1]
    targets = [
        {"name": "daily refresh, wall s", "value": refresh["wall_s"], "target": MOST_SECONDS},
        {"name": "daily refresh, GB", "value": refresh["peak_gb"], "target": MOST_GB},
    ]
    return {"shop": shop.name, "days": days, "tables": tables, "targets": targets}


def _apart(day: date, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", __name__, day.isoformat()], check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"The day {day} failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _rows(warehouse: Path) -> dict[str, int]:
    import duckdb

    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'customers' order by 1").fetchall()
        return {name: connection.execute(f"select count(*) from customers.{name}").fetchall()[0][0] for (name,) in names}


def _run_customers(day: date) -> dict[str, Any]:
    """Materialise the customers' assets and all they come from for one day, in this process."""
    from dagster_project.definitions import build_definitions
    from dagster_project.runs import dagster_home, open_instance
    from dagster_project.settings import load_settings

    settings = load_settings()
    dagster_home(settings)
    started = time.perf_counter()
    import dagster as dg

    job = dg.define_asset_job(
        "customers_only",
        selection=dg.AssetSelection.groups("customers").upstream().required_multi_asset_neighbors(),
        executor_def=dg.in_process_executor,
    )
    definitions = dg.Definitions.merge(build_definitions(settings), dg.Definitions(jobs=[job]))
    tags = {name: day.isoformat() for name in ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")}
    with open_instance(settings) as instance:
        result = definitions.resolve_job_def("customers_only").execute_in_process(instance=instance, tags=tags, raise_on_error=True)
        steps = {
            event.step_key: event.step_success_data.duration_ms / 1000
            for event in result.all_events
            if event.event_type_value == "STEP_SUCCESS" and event.step_key
        }
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "day": day.isoformat(),
        "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(sum(each.ru_utime + each.ru_stime for each in used), 1),
        "peak_gb": round(max(each.ru_maxrss for each in used) / 1e6, 2),
        "steps": {name: round(seconds, 1) for name, seconds in steps.items()},
    }


if __name__ == "__main__":
    print(json.dumps(_run_customers(date.fromisoformat(sys.argv[1]))))
