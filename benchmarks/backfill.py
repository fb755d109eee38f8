"""A backfill of many days in one run: against a one-day run (CPU seconds), day by day (same tables), and launched as the UI launches it.

`python -m benchmarks.backfill [--size small|full|large]`; the simulated shop is imported up to the day before the window first,
outside the measured time.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

from benchmarks.dagster_server import served
from benchmarks.report import Figure, finish
from benchmarks.table_hashes import differences, table_hashes

LAST_DAY = date(2025, 12, 31)
SIZES = {"small": ("small", 14, 4), "full": ("small", 60, 3), "large": ("medium", 60, 10)}  # shop, days, days one by one
DAY_BY_DAY = """
import sys
from datetime import date, timedelta
from dagster_project.runs import run_days
from dagster_project.settings import load_settings
first, last = (date.fromisoformat(word) for word in sys.argv[1:])
while first <= last:
    assert run_days(load_settings(), first, first).is_success, first
    first += timedelta(days=1)
"""


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=tuple(SIZES), default="full")
    shop_size, n_days, n_daily = SIZES[parser.parse_args().size]
    first = LAST_DAY - timedelta(days=n_days - 1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        start = root / "start"
        shop = root / f"shop-{shop_size}"
        run(start, ["countinghouse", "shop", "simulate", "--size", shop_size, "--to", str(shop)])
        run(start, ["countinghouse", "run", "--shop", str(shop), "--day", str(first - timedelta(days=1))])
        one = measure(root, start, "one", ["countinghouse", "run", "--shop", str(shop), "--day", str(first)])
        whole = measure(
            root, start, "range", ["countinghouse", "backfill", "--shop", str(shop), "--from", str(first), "--to", str(LAST_DAY)]
        )
        last_daily = first + timedelta(days=n_daily - 1)
        daily = measure(root, start, "daily", [sys.executable, "-c", DAY_BY_DAY, str(first), str(last_daily)], shop)
        by_range, by_day = table_hashes(warehouse(root / "range")), table_hashes(warehouse(root / "daily"))
        shared_days = {(first + timedelta(days=step)).isoformat() for step in range(n_daily)}
        decided = {key: value for key, value in by_range.items() if not key[0].startswith("marts.")}
        differing = differences(decided, {key: value for key, value in by_day.items() if not key[0].startswith("marts.")}, shared_days)
        started = time.monotonic()
        shutil.copytree(start, root / "ui", symlinks=True)
        with served(shop, root / "ui") as server, reader(next((root / "ui").glob("*/bi.duckdb"))) as seen:
            ended = server.backfill([(first + timedelta(days=step)).isoformat() for step in range(n_days)])
            stats = server.partitions()
        ui_seconds = time.monotonic() - started
        short = [key for key, counts in stats.items() if counts["numMaterialized"] < n_days or counts["numFailed"]]
        ui_differing = differences(by_range, table_hashes(warehouse(root / "ui")))
        for name, found in (("day by day", differing), ("through the UI", ui_differing), ("partitions not green", short)):
            if found:
                print(f"{name}: {found[:10]}")
        finish(
            "backfill",
            {"shop": f"simulated-{shop_size}", "days": n_days, "days_one_by_one": n_daily},
            [
                Figure("one day", one, "CPU s"),
                Figure(f"{n_days} days in one run", whole, "CPU s"),
                Figure("ratio of the two", whole / one, "times", 1.5),
                Figure(f"{n_daily} days one by one, one process", daily, "CPU s"),
                Figure("tables and days that differ, range against one by one", len(differing), "count", 0),
                Figure("runs of the UI's backfill", len(ended["runs"]), "runs", 1),
                Figure("assets with a partition not green", len(short), "assets", 0),
                Figure("tables and days that differ, range against UI", len(ui_differing), "count", 0),
                Figure("the UI's backfill, server start included", ui_seconds, "s"),
                Figure("reads through SQLAlchemy meanwhile", seen["reads"], "reads"),
                Figure("reads that failed", seen["errors"], "reads", 0),
            ],
        )


@contextmanager
def reader(database: Path) -> Iterator[dict[str, int]]:
    """A BI client that reads the published orders four times a second through SQLAlchemy, a fresh connection each time."""
    seen, stop = {"reads": 0, "errors": 0}, threading.Event()

    def read() -> None:
        while not stop.wait(0.25):
            try:
                engine = create_engine(f"duckdb:///{database}", connect_args={"read_only": True}, poolclass=NullPool)
                with engine.connect() as connection:
                    connection.execute(text("select count(*), sum(order_value) from replenishment_orders")).one()
                seen["reads"] += 1
            except Exception as error:  # whatever a reader meets is what is counted
                print(f"a read failed: {error}")
                seen["errors"] += 1

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def warehouse(var: Path) -> Path:
    """The one warehouse below a folder of state."""
    return next(var.glob("*/warehouse.duckdb"))


def measure(root: Path, start: Path, name: str, command: list[str], shop: Path | None = None) -> float:
    """CPU seconds of a command with its children, on a copy of the starting state."""
    shutil.copytree(start, root / name, symlinks=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(root / name, command, shop)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(var: Path, command: list[str], shop: Path | None = None) -> None:
    """Run a command of the house with its state in `var`."""
    program = str(Path(sys.executable).with_name(command[0])) if command[0] == "countinghouse" else command[0]
    own = {"COUNTINGHOUSE_VAR": str(var), **({"COUNTINGHOUSE_SHOP": str(shop)} if shop else {})}
    done = subprocess.run([program, *command[1:]], env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")


if __name__ == "__main__":
    main()
