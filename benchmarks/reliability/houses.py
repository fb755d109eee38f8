"""Houses for the trials: a shop, a state folder, and the command line run on them in processes of their own."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from assets.house import House
from assets.published.tables import CHECKSUM
from assets.warehouse import Warehouse
from benchmarks.table_hashes import differences, table_hashes

LINEAGE = ("run_id", "mlflow_run_id", "mlflow_version", "version", "checksum", "first_seen")


@dataclass(frozen=True)
class Place:
    """A shop folder and the folder of its state."""

    shop: Path
    var: Path
    name: str

    @property
    def state(self) -> Path:
        return self.var / self.name

    @property
    def environment(self) -> dict[str, str]:
        own = {"COUNTINGHOUSE_SHOP": str(self.shop), "COUNTINGHOUSE_VAR": str(self.var), "COUNTINGHOUSE_THREADS": "1"}
        return {**os.environ, **own, "COUNTINGHOUSE_KEY_FILE": str(self.var.parent / "pseudonym.key"), "COLUMNS": "200"}

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

    def copy(self, name: str) -> "Place":
        """The same shop with a copy of this state."""
        target = self.var.with_name(name)
        shutil.rmtree(target, ignore_errors=True)
        if self.var.exists():
            shutil.copytree(self.var, target, symlinks=True)
        return Place(self.shop, target, self.name)

    def hashes(self) -> dict[tuple[str, str], str]:
        """Of every table and day of the warehouse, and of every published table (lineage left out)."""
        return table_hashes(self.house.warehouse) | published_hashes(self.house.published)

    def wrong_against(self, other: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
        """Tables and days that differ from those of another house."""
        return differences(self.hashes(), other)


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
