"""Houses for the trials: a shop, a state folder, and the command line run on them in processes of their own.

Many trials begin with the same decided day and compare with the same range of days; both are made once, in `shared` beside the trials.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from assets.house import House
from assets.published.tables import CHECKSUM, write_views
from assets.warehouse import Warehouse
from benchmarks.reliability.tiny_shop import LAST_DAY, tiny_shop
from benchmarks.table_hashes import differences, table_hashes

LINEAGE = ("run_id", "mlflow_run_id", "mlflow_version", "version", "checksum", "first_seen")


@dataclass(frozen=True)
class Place:
    """A shop folder and the folder of its state; logs and copies lie beside that."""

    shop: Path
    var: Path
    name: str = "tiny"

    @property
    def state(self) -> Path:
        return self.var / self.name

    @property
    def environment(self) -> dict[str, str]:
        own = {"COUNTINGHOUSE_SHOP": str(self.shop), "COUNTINGHOUSE_VAR": str(self.var), "COUNTINGHOUSE_THREADS": "1"}
        return {**os.environ, **own, "COUNTINGHOUSE_KEY_FILE": str(self.shop.parent / "pseudonym.key"), "COLUMNS": "200"}

    @property
    def house(self) -> House:
        key_file = self.environment["COUNTINGHOUSE_KEY_FILE"]
        return House(shop_folder=str(self.shop), state_folder=str(self.state), key_file=key_file, threads=1)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(path=str(self.house.warehouse), threads=1, wait_seconds=60)

    def start(self, *arguments: str, log: Path | None = None, **options: object) -> subprocess.Popen[str]:
        """`countinghouse <arguments>` in a process group of its own; what it says goes to `log`."""
        program = str(Path(sys.executable).with_name("countinghouse"))
        told = (log or self.var.parent / "said.log").open("a", encoding="utf-8")
        with told:
            return subprocess.Popen(
                [program, *arguments], env=self.environment, stdout=told, stderr=told, text=True, start_new_session=True, **options
            )

    def must(self, *arguments: str) -> str:
        """The same, waited for; raises with what was said if it fails."""
        log = self.var.parent / f"said-{time.monotonic_ns()}.log"
        process = self.start(*arguments, log=log)
        process.wait()
        said = log.read_text(encoding="utf-8")
        if process.returncode != 0:
            raise RuntimeError(f"countinghouse {' '.join(arguments)} failed:\n{said[-4000:]}")
        return said

    def copy(self, name: str, root: Path | None = None) -> "Place":
        """The same shop with a copy of this state, beside it or in `root`."""
        target = (root or self.var.parent) / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.var, target, symlinks=True)
        copied = Place(self.shop, target, self.name)
        write_views(copied.house.bi_database, copied.house.published)
        return copied

    def hashes(self) -> dict[tuple[str, str], str]:
        """Of every table and day of the warehouse, and of every published table (lineage left out)."""
        return table_hashes(self.house.warehouse) | published_hashes(self.house.published)

    def wrong_against(self, other: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
        """Tables and days that differ from those of another house."""
        return differences(self.hashes(), other)


def last_days(count: int) -> list[date]:
    """The newest days of the tiny shop."""
    return [LAST_DAY - timedelta(days=step) for step in reversed(range(count))]


def started(root: Path, count: int) -> Place:
    """A house in `root` that has decided the day before the last `count` days."""
    shared = _shared(root, count)
    with FileLock(shared.parent / "shared.lock"):
        start = Place(shared / "shop", shared / "start")
        if not start.var.exists():
            tiny_shop().write(start.shop)
            start.must("run", "--day", (last_days(count)[0] - timedelta(days=1)).isoformat())
    return start.copy("start", root)


def whole_range(root: Path, count: int) -> tuple[Place, str]:
    """The house that then decided the last `count` days in one range, left alone, and what its command said. Not to be written to."""
    started(root, count)
    shared = _shared(root, count)
    with FileLock(shared.parent / "shared.lock"):
        whole, said = Place(shared / "shop", shared / "whole"), shared / "whole.log"
        if not said.exists():
            days = last_days(count)
            copied = Place(shared / "shop", shared / "start").copy("whole")
            said.write_text(copied.must("backfill", "--from", days[0].isoformat(), "--to", days[-1].isoformat()), encoding="utf-8")
    return whole, said.read_text(encoding="utf-8")


def _shared(root: Path, count: int) -> Path:
    folder = root.parent / "shared" / str(count)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def published_hashes(folder: Path) -> dict[tuple[str, str], str]:
    """A hash per published table without its lineage."""
    hashes = {}
    with duckdb.connect() as connection:
        for file in sorted(folder.glob("[!._]*.parquet")):  # `_published` is lineage
            frame = pl.read_parquet(file)
            kept = frame.drop([name for name in LINEAGE if name in frame.columns])
            connection.register("part", kept)
            rows, checksum = connection.execute(CHECKSUM.format(relation="part")).fetchall()[0]
            hashes[f"published.{file.stem}", "all"] = f"{rows}-{checksum}"
    return hashes


def seconds_until_free(lock: Path, patience: float = 60.0) -> float:
    """How long a lock stays held; `patience` where it was not freed in that time."""
    started = time.monotonic()
    try:
        with FileLock(lock, timeout=patience):
            return time.monotonic() - started
    except Timeout:
        return patience


def unreadable_files(folder: Path) -> list[str]:
    """Parquet files under their final names that cannot be read to the end."""
    found = []
    for file in sorted(folder.rglob("*.parquet")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        try:
            pl.read_parquet(file, memory_map=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            found.append(f"{file.name}: {str(error)[:80]}")
    return found


def torn_tables(published: Path) -> list[str]:
    """Published tables whose rows and checksum are not those that `_published` gives."""
    torn = []
    with duckdb.connect() as connection:
        for name, rows, checksum in connection.execute(
            f"select table_name, rows, checksum from read_parquet('{published / '_published.parquet'}')"
        ).fetchall():
            if connection.execute(CHECKSUM.format(relation=f"read_parquet('{published / name}.parquet')")).fetchall()[0] != (
                rows,
                checksum,
            ):
                torn.append(name)
    return torn
