"""The person leaves everything else in the state: models, frames and databases of MLflow and Dagster, logs, manifests, leftovers.

None of these is meant to hold a customer; whatever does is mended by its kind. Parquet files lose the person's rows, texts and SQLite
databases get `<erased>` instead (the database is then rewritten, so that no free page keeps the old text), a model that cannot be read as
text is removed and trained again by the next run. Files that a killed process left half written are removed.
"""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl

from assets.erasure.finding import INSTEAD, Finding, Person

SQLITE_HEADER = b"SQLite format 3\x00"
BUSY_SECONDS = 30.0
LEFTOVER = re.compile(
    r"\..+\.(\d+|partial)|\.partial-.+"
)  # `.name.<process>` and `.partial-<version>`, written beside and never swapped in


def erase_from_files(state: Path, gone: Person, done: Iterable[Path]) -> Iterator[Finding]:
    """Take the person out of every file of the state but those below the folders `done`. Nobody else may be writing."""
    skipped = {path.resolve() for path in done}
    for path in leftovers(state):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    for file in state_files(state):
        if any(parent in skipped for parent in (file.resolve(), *file.resolve().parents)):
            continue
        count, what = _mend(file, gone)
        if count:
            relative = file.relative_to(state)
            yield Finding(relative.parts[0], str(relative), count, what)


def state_files(state: Path) -> Iterator[Path]:
    """Every file of the state, hidden ones too; links are not followed, their targets lie in the state as well."""
    for folder, folders, names in os.walk(state):
        folders.sort()
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_file() and not file.is_symlink():
                yield file


def leftovers(state: Path) -> list[Path]:
    """What killed processes left under temporary names."""
    found = []
    for folder, folders, names in os.walk(state):
        found += [Path(folder) / name for name in (*folders, *names) if LEFTOVER.fullmatch(name)]
    return found


def is_sqlite(file: Path) -> bool:
    """Whether the file is an SQLite database, by its first bytes."""
    with file.open("rb") as opened:
        return opened.read(len(SQLITE_HEADER)) == SQLITE_HEADER


def _mend(file: Path, gone: Person) -> tuple[int, str]:
    if file.suffix == ".parquet":
        return _parquet(file, gone), "removed"
    if is_sqlite(file):
        return _sqlite(file, gone), "replaced"
    content = file.read_bytes()
    needle = gone.pseudonym.encode()
    if needle not in content:
        return 0, ""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if "learning" not in file.parts:
            return 0, ""  # the closing search will name it
        shutil.rmtree(file.parent)
        return content.count(needle), "model removed"
    _swap_in(file, text.replace(gone.pseudonym, INSTEAD).encode())
    return content.count(needle), "replaced"


def _parquet(file: Path, gone: Person) -> int:
    frame = pl.read_parquet(file, memory_map=False)
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    named = frame.select(pl.any_horizontal(pl.col(name).str.contains(gone.pseudonym, literal=True) for name in texts)) if texts else None
    if named is None or not (mask := named.to_series().fill_null(False)).any():
        return 0
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    frame.filter(~mask).write_parquet(beside)
    os.replace(beside, file)
    return int(mask.sum())


def _sqlite(file: Path, gone: Person) -> int:
    """Replace the pseudonym in every cell that holds text; rewrite the database if there was one."""
    with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
        count = 0
        for table, column in sqlite_columns(connection):
            told = f'where typeof("{column}") = \'text\' and instr("{column}", ?1)'
            changed = connection.execute(f'update "{table}" set "{column}" = replace("{column}", ?1, ?2) {told}', (gone.pseudonym, INSTEAD))
            count += changed.rowcount
        connection.commit()
        if count:
            connection.execute("pragma wal_checkpoint(truncate)")
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
    return count


def sqlite_columns(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Every column of every table."""
    tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")]
    return [(table, row[1]) for table in tables for row in connection.execute(f'pragma table_info("{table}")')]


def _swap_in(file: Path, content: bytes) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_bytes(content)
    shutil.copymode(file, beside)
    os.replace(beside, file)
