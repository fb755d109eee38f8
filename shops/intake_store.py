"""The intake of a table kept on disk, so that what is unchanged is read and checked once, and no table need fit in memory.

Decides in which *batches* a table's files are read (small files together, a large one by itself and piece by piece), when what came of a
batch still holds (its files' path, size, time of change and inode, what shop.toml says about reading them, the contract, the intake's
own code, the pseudonym key and the list of erased persons must all be the same), and which rows repeat others across batches. A new file
costs the reading of its batch. What is kept lies in one folder per table, an *entry* per batch and one for the table as a whole; an
entry is written beside and renamed, so that a reader sees a whole one or none. One that cannot be read is made anew.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from zlib import crc32

import polars as pl

from shops.contract import TABLES, Table
from shops.erased import Erased, names_customers
from shops.intake import Reading, Rows, count_rows, judge_rows, landed_schema, read_rows, row_order, without_duplicates
from shops.intake_csv import UnreadableFileError
from shops.intake_files import file_columns, is_csv, raw_pieces, shown_name, table_files, unmatched_patterns, unreadable_file
from shops.intake_marks import add_marks, content_mark, day_spans, marks_of, subtract_marks
from shops.intake_parquet import parquet_height
from shops.intake_quarantine import duplicate_rows, refused_rows
from shops.shop import Shop

BATCH_BYTES = 48_000_000  # of text; what is read at once is held in memory about five times
PARQUET_WEIGHT, ROW_WEIGHT = 4, 100  # bytes of text that a byte and a row of Parquet amount to; the larger counts
ROWS_AT_ONCE = 1_000_000  # when repetitions are looked for
ROW_GROUP = 65_536


@dataclass(frozen=True)
class StoredIntake:
    """What came of one table, as `shops.intake.Intake`, with the accepted rows left on disk.

    marks: one row per `known_on` day with accepted rows (`known_on, rows, checksum`), see `shops.intake_marks`. quarantine, counts: as in
    `Intake`. Holds as long as the store of the table is not asked again.
    """

    table: Table
    marks: pl.DataFrame
    quarantine: pl.DataFrame
    counts: pl.DataFrame
    parts: tuple[Path, ...]
    repeated: pl.DataFrame

    def accepted(self, first: date | None = None, last: date | None = None) -> pl.DataFrame:
        """Accepted rows known on days `first` to `last` (by default all), in the order of `Intake.accepted`."""
        is_asked = pl.lit(True) if first is None or last is None else pl.col("known_on").is_between(first, last)
        return self._kept(_scan(self.table, self.parts).filter(is_asked)).sort(row_order(self.table)).collect()

    def accepted_on(self, days: Sequence[date]) -> pl.DataFrame:
        """Accepted rows known on some days, in the order of `Intake.accepted`; days between them are not held."""
        if not days:
            return self.empty()
        near = _scan(self.table, self.parts).filter(pl.col("known_on").is_between(min(days), max(days)))
        return self._kept(near.filter(pl.col("known_on").is_in(days))).sort(row_order(self.table)).collect()

    def accepted_columns(self, names: Sequence[str]) -> pl.DataFrame:
        """Some columns of all accepted rows, in no order."""
        return self._kept(_scan(self.table, self.parts)).select(names).collect()

    @property
    def columns(self) -> list[str]:
        """The columns of accepted rows."""
        return list(landed_schema(self.table))

    def empty(self) -> pl.DataFrame:
        """No accepted rows."""
        return pl.DataFrame(schema=landed_schema(self.table))

    def like(self, rows: pl.DataFrame, content: list[str]) -> pl.DataFrame:
        """Accepted rows that are alike one of `rows` in the columns `content`, in the order of `Intake.accepted`."""
        alike = self._kept(_scan(self.table, self.parts)).join(rows.lazy(), on=content, how="semi", nulls_equal=True)
        return alike.sort(row_order(self.table)).collect(engine="streaming")

    def _kept(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        rows = rows.drop("content_mark")
        return rows.join(self.repeated.lazy(), on=["source_file", "source_row"], how="anti") if self.repeated.height else rows


def stored_intake(shop: Shop, table_name: str, key: bytes, folder: Path, erased: Erased | None = None) -> StoredIntake:
    """Same rows as `shops.intake.read_table`, from `folder` where they still hold. The folder belongs to this store alone.

    Whatever else the store has of the table is removed. Raises as `read_table`, and OSError where the folder cannot be written.
    """
    reading = Reading(shop, TABLES[table_name], key, erased or Erased(shop.name, key))
    files, unmatched = table_files(shop, table_name)
    home = Path(folder) / table_name
    batches = [(home / f"batch-{_fingerprint(reading, batch)}", batch) for batch in _batches(files)]
    for entry, batch in batches:
        if not _holds(entry):
            _write_entry(entry, lambda fresh, batch=batch: _write_batch(fresh, reading, batch))
    entries = [entry for entry, _ in batches]
    whole = home / f"whole-{hashlib.sha256(' '.join([*(each.name for each in entries), *unmatched]).encode()).hexdigest()[:32]}"
    if not _holds(whole):
        names = [shown_name(path, shop) for path in files]
        _write_entry(whole, lambda fresh: _write_whole(fresh, reading.table, entries, names, unmatched))
    _remove_others(home, {whole, *entries})
    kept = [pl.read_parquet(whole / f"{part}.parquet", memory_map=False) for part in ("marks", "quarantine", "counts", "repeated")]
    return StoredIntake(reading.table, kept[0], kept[1], kept[2], _parts(entries), kept[3])


def stored_rows(folder: Path, table_name: str) -> list[Path]:
    """Files with accepted rows that the store has of a table, whether they still hold or not."""
    return sorted(Path(folder).glob(f"{table_name}/*/rows-*.parquet"))


def _batches(files: list[Path]) -> list[list[Path]]:
    """The files in their order, parted so that a file more or less changes the batch it is in and few others."""
    batches: list[list[Path]] = []
    taken, size = [], 0
    for path in files:
        weight = _weight(path)
        if taken and size + weight > BATCH_BYTES:
            batches.append(taken)
            taken, size = [], 0
        taken.append(path)
        size += weight
        if size > BATCH_BYTES / 4 and crc32(path.name.encode()) % 8 == 0:  # an end that does not depend on the files before it
            batches.append(taken)
            taken, size = [], 0
    return [*batches, taken] if taken else batches


def _weight(path: Path) -> int:
    try:
        size = path.stat().st_size
        return size if is_csv(path) else max(size * PARQUET_WEIGHT, parquet_height(path) * ROW_WEIGHT)
    except OSError:  # reading it tells what is the matter
        return 0


def _write_batch(entry: Path, reading: Reading, batch: list[Path]) -> None:
    """Read the files and write rows-NNN, refused and marks."""
    alone = batch[0] if len(batch) == 1 and _weight(batch[0]) > BATCH_BYTES else None
    if alone is None:
        _write_rows(entry, reading.table, 0, rows := read_rows(reading, batch))
        refused, marks = [rows.refused], [marks_of(rows.accepted)]
    else:
        try:
            refused, marks = _write_pieces(entry, reading, alone)
        except UnreadableFileError as error:
            for part in entry.glob("rows-*.parquet"):
                part.unlink()
            refused, marks = [refused_rows(reading.table, [unreadable_file(alone, reading.shop, error)])], []
    pl.concat(refused).write_parquet(entry / "refused.parquet", compression="lz4")
    add_marks(marks).write_parquet(entry / "marks.parquet")


def _write_pieces(entry: Path, reading: Reading, path: Path) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    refused, marks = [refused_rows(reading.table, [])], []
    for number, (frame, lines) in enumerate(raw_pieces(path, reading.shop, reading.table)):
        rows = judge_rows(reading, frame, is_csv(path))
        _write_rows(entry, reading.table, number, rows)
        refused += [rows.refused, refused_rows(reading.table, lines)]
        marks.append(marks_of(rows.accepted))
    return refused, marks


def _write_rows(entry: Path, table: Table, number: int, rows: Rows) -> None:
    marked = rows.accepted.sort(row_order(table)).with_columns(content_mark(rows.accepted.columns).alias("content_mark"))
    if marked.height:
        marked.write_parquet(entry / f"rows-{number:04d}.parquet", compression="lz4", row_group_size=ROW_GROUP)


def _write_whole(entry: Path, table: Table, entries: list[Path], names: list[str], unmatched: list[str]) -> None:
    """Find repetitions across batches and write marks, quarantine, counts and repeated (`source_file, source_row`)."""
    marks = add_marks([pl.read_parquet(each / "marks.parquet", memory_map=False) for each in entries])
    rows = _scan(table, _parts(entries))
    repeated = pl.concat([_first_and_again(table, rows, *span) for span in day_spans(marks, ROWS_AT_ONCE)] or [_none_again(table)])
    refused = [pl.read_parquet(each / "refused.parquet", memory_map=False) for each in entries]
    refused += [refused_rows(table, unmatched_patterns(unmatched)), duplicate_rows(table, repeated)]
    quarantine = pl.concat(refused).sort("source_file", "source_row", "reason_code")
    again = repeated.lazy().group_by("source_file").agg(again=pl.len())
    taken = rows.group_by("source_file").agg(pl.len()).join(again, on="source_file", how="left")
    taken = taken.select("source_file", rows_accepted=pl.col("len") - pl.col("again").fill_null(0)).collect(engine="streaming")
    left = subtract_marks(marks, marks_of(repeated.select(list(landed_schema(table)))))
    left.write_parquet(entry / "marks.parquet")
    quarantine.write_parquet(entry / "quarantine.parquet", compression="lz4")
    count_rows(table, names, taken, quarantine).write_parquet(entry / "counts.parquet")
    repeated.select("source_file", "source_row").write_parquet(entry / "repeated.parquet")


def _first_and_again(table: Table, rows: pl.LazyFrame, first: date, last: date) -> pl.DataFrame:
    """The repetitions among the rows of some days, with where the first of each stands."""
    rows = rows.filter(pl.col("known_on").is_between(first, last))
    marked = rows.select("content_mark").collect()
    twice = marked.filter(marked["content_mark"].is_duplicated()).unique()
    if twice.is_empty():
        return _none_again(table)
    alike = rows.join(twice.lazy(), on="content_mark", how="semi").drop("content_mark").sort(row_order(table)).collect()
    return without_duplicates(alike, table)[1]


def _none_again(table: Table) -> pl.DataFrame:
    return without_duplicates(pl.DataFrame(schema=landed_schema(table)), table)[1]


def _scan(table: Table, parts: tuple[Path, ...]) -> pl.LazyFrame:
    if not parts:
        return pl.LazyFrame(schema={**landed_schema(table), "content_mark": pl.UInt64()})
    return pl.scan_parquet(list(parts), glob=False, hive_partitioning=False)


def _parts(entries: list[Path]) -> tuple[Path, ...]:
    return tuple(part for entry in entries for part in sorted(entry.glob("rows-*.parquet")))


def _fingerprint(reading: Reading, batch: list[Path]) -> str:
    """32 hex digits that change with anything the rows of the batch depend on; the key itself cannot be told from them."""
    shop, table = reading.shop, reading.table
    parts = {
        "files": [_file_state(path, shop.path) for path in batch],
        "columns": file_columns(shop, table),
        "reading": repr((shop.csv, shop.currency, shop.time_zone, shop.first_day, shop.last_day)),
        "contract": repr(table),
        "code": _code_digest(),
        "polars": pl.__version__,
        "erased": reading.erased.digest if names_customers(table) else "",
        "key": hashlib.blake2b(b"intake cache", key=reading.key[:64], digest_size=16).hexdigest(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _file_state(path: Path, folder: Path) -> tuple[str, int, int, int]:
    try:
        state = path.stat()
    except OSError:  # a broken link, or a file that has just gone: the intake says so
        return path.relative_to(folder).as_posix(), -1, -1, -1
    return path.relative_to(folder).as_posix(), state.st_size, state.st_mtime_ns, state.st_ino


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _holds(entry: Path) -> bool:
    """Whether the entry is there and can be read; a damaged one is removed."""
    if not entry.is_dir():
        return False
    try:
        for file in entry.glob("*.parquet"):
            pl.read_parquet_schema(file)
    except (OSError, pl.exceptions.PolarsError):
        shutil.rmtree(entry, ignore_errors=True)
        return False
    return (entry / "marks.parquet").exists()


def _write_entry(entry: Path, fill: Callable[[Path], None]) -> None:
    fresh = entry.with_name(f".{entry.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    fill(fresh)
    try:
        os.replace(fresh, entry)
    except OSError:  # another process made the same entry first
        shutil.rmtree(fresh, ignore_errors=True)
        if not entry.is_dir():
            raise


def _remove_others(home: Path, kept: set[Path]) -> None:
    """Remove what else lies in the table's folder, beside it what an older release kept, and what a process that died left behind."""
    for other in [*home.iterdir(), *home.parent.glob(f"{home.name}-*")]:
        if other not in kept:
            shutil.rmtree(other, ignore_errors=True)
