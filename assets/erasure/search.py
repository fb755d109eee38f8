"""The proof: every byte of the state is searched for the pseudonym and for the shop's own customer number.

Bytes alone would prove little, since Parquet and DuckDB compress what they hold and SQLite breaks long texts over pages. So Parquet files,
the warehouse and SQLite databases are read as well, cell by cell (packed cells unpacked). The number is looked for as a word of its own, in
any case. A number that is not distinctive (`17850`) may stand for something else; then only text cells that are the number count, and what
other columns hold them is told.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.erasure.files import is_sqlite, sqlite_columns, state_files
from assets.erasure.finding import Person
from assets.erasure.warehoused import text_columns
from assets.warehouse import Warehouse

CHUNK_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Hit:
    """Where the person still stands. `counts` is false where the number probably means something else."""

    place: str
    what: str
    counts: bool = True


@dataclass(frozen=True)
class Search:
    """What was searched and what was found."""

    files: int
    megabytes: float
    hits: tuple[Hit, ...]

    @property
    def remains(self) -> list[Hit]:
        return [hit for hit in self.hits if hit.counts]


def search_state(state: Path, warehouse: Warehouse, gone: Person) -> Search:
    """Search everything below `state`, the warehouse table by table."""
    files, size, hits = 0, 0, []
    for file in state_files(state):
        files += 1
        size += file.stat().st_size
        place = str(file.relative_to(state))
        hits += [Hit(place, what) for what in _in_bytes(file, gone)]
        try:
            if file.suffix == ".parquet":
                hits += _in_frame(pl.read_parquet(file, memory_map=False), place, gone)
            elif is_sqlite(file):
                hits += _in_sqlite(file, place, gone)
            elif is_duckdb(file) and file != Path(warehouse.path):
                with duckdb.connect(str(file), read_only=True) as connection:
                    hits += _in_tables(connection, f"{place}: ", gone)
        except (pl.exceptions.PolarsError, sqlite3.Error, duckdb.Error, OSError) as error:
            hits.append(Hit(place, f"cannot be read ({type(error).__name__})"))
    if warehouse.is_there:
        with warehouse.connect() as connection:
            hits += _in_tables(connection, "", gone)
    return Search(files, size / 1e6, tuple(dict.fromkeys(hits)))


def number_pattern(number: str) -> re.Pattern[bytes]:
    """The number as a word of its own, in any case."""
    return re.compile(rb"(?<![0-9A-Za-z])" + re.escape(number.encode()) + rb"(?![0-9A-Za-z])", re.IGNORECASE)


def is_duckdb(file: Path) -> bool:
    """Whether the file is a DuckDB database, by its first bytes."""
    with file.open("rb") as opened:
        return opened.read(12)[8:] == b"DUCK"


def _in_bytes(file: Path, gone: Person) -> Iterator[str]:
    pseudonym, number, word = gone.pseudonym.encode(), gone.number.encode().lower(), number_pattern(gone.number)
    overlap = max(len(pseudonym), len(number)) + 2
    found: set[str] = set()
    with file.open("rb") as opened:
        tail = b""
        while chunk := opened.read(CHUNK_BYTES):
            content = tail + chunk
            if pseudonym in content:
                found.add("pseudonym")
            if gone.is_distinctive and number in content.lower() and word.search(content):
                found.add("customer number")
            tail = content[-overlap:]
    yield from sorted(found)


def _in_frame(frame: pl.DataFrame, place: str, gone: Person) -> Iterator[Hit]:
    for name, kind in frame.schema.items():
        if kind != pl.String:
            continue
        values = frame[name].drop_nulls().unique()
        if values.str.contains(gone.pseudonym, literal=True).any():
            yield Hit(f"{place}: {name}", "pseudonym")
        if gone.is_distinctive:
            if any(number_pattern(gone.number).search(value.encode()) for value in _containing(values, gone.number)):
                yield Hit(f"{place}: {name}", "customer number")
        elif (values.str.strip_chars().str.to_lowercase() == gone.number.lower()).any():
            yield Hit(f"{place}: {name}", "customer number", counts="customer" in name)


def _in_tables(connection: duckdb.DuckDBPyConnection, prefix: str, gone: Person) -> Iterator[Hit]:
    for table, columns in text_columns(connection).items():
        selected = ", ".join(f'"{column}"' for column in columns)
        quoted = ".".join(f'"{part}"' for part in table.split("."))
        yield from _in_frame(connection.execute(f"select {selected} from {quoted}").pl(), f"{prefix}{table}", gone)


def _containing(values: pl.Series, number: str) -> pl.Series:
    return values.filter(values.str.contains_any([number], ascii_case_insensitive=True))


def _in_sqlite(file: Path, place: str, gone: Person) -> Iterator[Hit]:
    pseudonym, word = gone.pseudonym.encode(), number_pattern(gone.number)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        columns = sqlite_columns(connection)
        connection.text_factory = bytes
        for name, where in columns:
            found = set()
            for (cell,) in connection.execute(f'select "{where}" from "{name}" where typeof("{where}") in (\'text\', \'blob\')'):
                content = _unpacked(cell)
                if pseudonym in content:
                    found.add("pseudonym")
                if gone.is_distinctive and word.search(content):
                    found.add("customer number")
            for what in sorted(found):
                yield Hit(f"{place}: {name}.{where}", what)


def _unpacked(cell: bytes) -> bytes:
    """Dagster keeps snapshots of jobs as zlib streams."""
    if cell[:1] != b"\x78":
        return cell
    try:
        return cell + zlib.decompress(cell)
    except zlib.error:
        return cell
