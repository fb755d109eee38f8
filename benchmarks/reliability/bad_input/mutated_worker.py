"""Reading damaged files in a process of its own, so that a crash in native code is noticed and costs one process.

`python -m benchmarks.reliability.bad_input.mutated_worker SEED FIRST COUNT STEP FOLDER` reads the cases FIRST, FIRST + STEP, … and prints
one line of JSON per case: [number, came to, [complaints]]. Beyond `judge.broken_rules`, of every file: nothing is raised; untouched rows
land as before; both CSV readers say the same; it takes neither seconds nor hundreds of megabytes.
"""

import json
import os
import resource
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.reliability.bad_input.dialects import DIALECTS, PARQUET_OPTIONS, Dialect, sound_parquet, sound_text
from benchmarks.reliability.bad_input.judge import broken_rules
from benchmarks.reliability.bad_input.mutations import Mutant, mutant
from benchmarks.reliability.bad_input.sound_shop import KEY, ROWS, SHOP_TOML
from shops.intake import Intake, read_table
from shops.intake_csv import UnreadableFileError, _read_line_by_line, csv_header
from shops.intake_csv_plain import plain_csv_pieces
from shops.shop import Shop, load_shop

LONGEST_SECONDS = 5.0
MOST_MEGABYTES = 300
ADDRESS_SPACE = 8 * 2**30
OUTCOMES = ("accepted whole", "accepted in part", "all rows quarantined", "file refused", "no rows")


class Reader:
    """Shop folders, one per dialect, in which damaged files are put and read."""

    def __init__(self, root: Path) -> None:
        self.shops: dict[str, Shop] = {}
        for dialect in DIALECTS.values():
            folder = root / dialect.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "shop.toml").write_text(SHOP_TOML + dialect.settings, encoding="utf-8")
            self.shops[dialect.name] = load_shop(folder)
        self.sound = cache(self._sound)

    def read(self, table: str, dialect: Dialect, content: bytes) -> Intake:
        """The intake of one file."""
        shop = self.shops[dialect.name]
        file = shop.path / f"{table}{dialect.suffix}"
        file.write_bytes(content)
        try:
            return read_table(shop, table, KEY)
        finally:
            file.unlink()

    def judge(self, case: Mutant) -> tuple[str, list[str]]:
        """What came of the case, and what was wrong with it."""
        dialect = DIALECTS[case.dialect]
        started, before = time.monotonic(), peak_megabytes()
        try:
            intake = self.read(case.table, dialect, case.content)
            complaints = broken_rules(intake, case.table)
            complaints += self._lost_rows(case, dialect, intake)
            if dialect.name in ("plain", "quoted"):
                complaints += self._readers_differ(case, dialect)
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            return "raised", [f"raised {type(error).__name__}: {str(error)[:200]}"]
        if (seconds := time.monotonic() - started) > LONGEST_SECONDS:
            complaints.append(f"took {seconds:.1f} s")
        if (grown := peak_megabytes() - before) > MOST_MEGABYTES:
            complaints.append(f"took {grown:,.0f} MB for a file of {len(case.content):,} bytes")
        reasons = intake.quarantine.filter(pl.col("source_row").is_null())["reason"].to_list()
        complaints += [f"wanted all memory: {each}" for each in reasons if "malloc" in each or "alloc" in each or "MemoryError" in each]
        return came_to(intake), complaints

    def _sound(self, table: str, dialect: Dialect) -> list[tuple[Any, ...]]:
        """What lands of each sound row, by its position in the file."""
        content = sound_parquet(table, 0) if dialect.suffix == ".parquet" else sound_text(table, dialect).encode(dialect.encoding)
        accepted = self.read(table, dialect, content).accepted.sort("source_row")
        if accepted.height != ROWS:
            raise ValueError(f"Expected all {ROWS} rows of the sound {table} in dialect {dialect.name} to land.")
        return accepted.drop("source_file", "source_row").rows()

    def _lost_rows(self, case: Mutant, dialect: Dialect, intake: Intake) -> list[str]:
        if case.untouched is None:
            return []
        landed = set(intake.accepted.drop("source_file", "source_row").rows())
        lost = [row + 1 for row in sorted(case.untouched) if self.sound(case.table, dialect)[row] not in landed]
        return [f"untouched rows do not land as before: {lost}"] if lost else []

    def _readers_differ(self, case: Mutant, dialect: Dialect) -> list[str]:
        """The quick reader takes only files that the careful one reads alike."""
        file = self.shops[dialect.name].path / "either.txt"
        file.write_bytes(case.content)
        try:
            header = csv_header(file, ",", "utf-8")
            pieces = plain_csv_pieces(file, header, list(range(len(header))), ",") if len(set(header)) == len(header) else None
            if pieces is None:
                return []
            quick = pl.concat(pieces)
            careful, refused = zip(*_read_line_by_line(file, header, list(header), ",", "utf-8"), strict=True)
        except UnreadableFileError:
            return []
        finally:
            file.unlink()
        return [] if not any(refused) and quick.rows() == pl.concat(careful).rows() else ["the two CSV readers differ"]


def came_to(intake: Intake) -> str:
    """One of `OUTCOMES`."""
    accepted, quarantined = intake.accepted.height, intake.quarantine.height
    if intake.quarantine["source_row"].null_count():
        return "file refused"
    if not accepted:
        return "all rows quarantined" if quarantined else "no rows"
    return "accepted in part" if quarantined else "accepted whole"


def peak_megabytes() -> float:
    """Most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Read the cases named on the command line."""
    seed, first, count, step = (int(each) for each in sys.argv[1:5])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    reader = Reader(Path(sys.argv[5]))
    for option in range(len(PARQUET_OPTIONS)):  # what is loaded once is not held against a case
        reader.read("products", DIALECTS["parquet"], sound_parquet("products", option))
    for number in range(first, first + count * step, step):
        found, complaints = reader.judge(mutant(seed, number))
        os.write(1, (json.dumps([number, found, complaints]) + "\n").encode())


if __name__ == "__main__":
    main()
