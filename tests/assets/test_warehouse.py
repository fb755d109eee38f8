"""The warehouse: whole days replaced, one opener at a time."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.table_contracts import ColumnContract, TableContract
from assets.warehouse import Warehouse, WarehouseBusyError

DAYS = [date(2025, 1, day) for day in range(1, 5)]
CONTRACT = TableContract(
    "room.sales", "one row per day and product", "day", (ColumnContract("day", "day", "d"), ColumnContract("units", "number", "u"))
)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(path=str(tmp_path / "warehouse.duckdb"), threads=1, wait_seconds=0.2)


def rows(units: dict[date, float]) -> pl.DataFrame:
    return pl.DataFrame({"day": list(units), "units": list(units.values())}, schema={"day": pl.Date, "units": pl.Float64})


def content(warehouse: Warehouse) -> dict[date, float]:
    return dict(warehouse.read("select day, units from room.sales order by day").rows())


def test_replacing_a_window_leaves_other_days_alone(warehouse: Warehouse) -> None:
    assert warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1, DAYS[1]: 2, DAYS[2]: 3}), DAYS[:3]) == 3
    warehouse.replace_days(CONTRACT, rows({DAYS[1]: 20}), DAYS[1:2])
    assert content(warehouse) == {DAYS[0]: 1, DAYS[1]: 20, DAYS[2]: 3}


def test_a_day_that_has_become_empty_becomes_empty(warehouse: Warehouse) -> None:
    warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1, DAYS[1]: 2}), DAYS[:2])
    warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1}), DAYS[:2])
    assert content(warehouse) == {DAYS[0]: 1}
    assert warehouse.replace_days(CONTRACT, rows({}), DAYS[:1]) == 0
    assert content(warehouse) == {}


def test_twice_is_once(warehouse: Warehouse) -> None:
    for _ in range(2):
        warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1, DAYS[1]: 2}), DAYS[:2])
    assert content(warehouse) == {DAYS[0]: 1, DAYS[1]: 2}


def test_rows_outside_the_window_are_refused_and_nothing_is_written(warehouse: Warehouse) -> None:
    warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1}), DAYS[:1])
    with pytest.raises(ValueError, match=r"room.sales: rows for days outside the window 2025-01-01 to 2025-01-02"):
        warehouse.replace_days(CONTRACT, rows({DAYS[0]: 5, DAYS[2]: 5}), DAYS[:2])
    assert content(warehouse) == {DAYS[0]: 1}


def test_a_row_without_a_day_is_refused(warehouse: Warehouse) -> None:
    frame = pl.DataFrame({"day": [None], "units": [1.0]}, schema={"day": pl.Date, "units": pl.Float64})
    with pytest.raises(ValueError, match="outside the window"):
        warehouse.replace_days(CONTRACT, frame, DAYS[:1])


def test_a_failed_insert_takes_nothing_away(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("create schema room; create table room.sales (day date, units double check (units < 10))")
    warehouse.replace_days(CONTRACT, rows({DAYS[0]: 1}), DAYS[:1])
    with pytest.raises(duckdb.ConstraintException):
        warehouse.replace_days(CONTRACT, rows({DAYS[0]: 20}), DAYS[:1])
    assert content(warehouse) == {DAYS[0]: 1}


def test_exists(warehouse: Warehouse) -> None:
    assert not warehouse.exists("room.sales")
    warehouse.replace_days(CONTRACT, rows({}), DAYS[:1])
    assert warehouse.exists("room.sales")


HOLD_LOCK = "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); sys.stdin.read()"
HOLD_FILE = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


@pytest.mark.parametrize(
    ("script", "suffix", "said"),
    [(HOLD_LOCK, ".lock", r"has been in use for 0 s .*Wait for the running job"), (HOLD_FILE, ".duckdb", "Another program .*Close it")],
    ids=["lock file", "a shell that knows no lock file"],
)
def test_a_warehouse_held_by_another_process_is_said_in_words(warehouse: Warehouse, script: str, suffix: str, said: str) -> None:
    file = Path(warehouse.path).with_suffix(suffix)
    holder = subprocess.Popen([sys.executable, "-c", script, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusyError, match=said):
            warehouse.read("select 1")
    finally:
        holder.stdin.close()
        holder.wait()
    assert warehouse.read("select 1 as one")["one"].to_list() == [1], "the kernel frees the lock with its holder"
