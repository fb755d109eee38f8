"""Which files hold a table, and what stands in them before anything is judged.

Decides which files belong to a table (the patterns of `[files]`, else `<table>.parquet`, else `<table>.csv`, else the files of the
folder `<table>/`), and reads them into *raw groups*: rows of files whose columns have the same types, under the contract's column
names, with the values as the files have them. A file that cannot be read at all, and a CSV line that is no row, become refusals.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from shops.contract import Table
from shops.intake_csv import UnreadableFileError, csv_header, read_csv_rows
from shops.shop import Shop

SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class Refusal:
    """What was refused before its cells were read; `source_row` is None for a whole file."""

    source_file: str
    source_row: int | None
    reason_code: str
    reason: str
    raw: str


@dataclass
class RawTable:
    """Raw groups (columns `source_file`, `source_row` and contract columns), whether each came from text, and the refusals."""

    groups: list[pl.DataFrame] = field(default_factory=list)
    from_text: list[bool] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)


def table_files(shop: Shop, table_name: str) -> tuple[list[Path], list[str]]:
    """Return the table's files in order of their names, and the patterns of shop.toml that match no file."""
    patterns = shop.files.get(table_name)
    if patterns is not None:
        matches = {pattern: [path for path in shop.path.glob(pattern) if path.is_file()] for pattern in patterns}
        files = sorted({path for found in matches.values() for path in found})
        return files, [pattern for pattern, found in matches.items() if not found]
    for suffix in SUFFIXES:
        single = shop.path / f"{table_name}{suffix}"
        if single.is_file():
            return [single], []
    folder = shop.path / table_name
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] not in "._"), []


def file_columns(shop: Shop, table: Table) -> dict[str, str]:
    """Return {contract column: column in the file} for every column of the table."""
    mapping = shop.columns.get(table.name, {})
    return {column.name: mapping.get(column.name, column.name) for column in table.columns}


def file_header(path: Path, shop: Shop) -> tuple[str, ...]:
    """Return the column names of a file; raises `UnreadableFileError` with one sentence."""
    if path.suffix == ".csv":
        return csv_header(path, shop.csv.delimiter, shop.csv.encoding)
    if path.suffix != ".parquet":
        raise UnreadableFileError(f"The file is neither {' nor '.join(SUFFIXES)}.")
    from pyarrow import ArrowException, parquet

    try:
        return tuple(parquet.read_schema(path).names)
    except (ArrowException, OSError) as error:
        raise UnreadableFileError(f"The file is no readable Parquet file ({_first_line(error)}).") from None


def read_raw(shop: Shop, table: Table) -> RawTable:
    """Read every file of the table; never raises for what stands in a file."""
    raw = RawTable()
    files, unmatched = table_files(shop, table.name)
    for pattern in unmatched:
        raw.refusals.append(Refusal(pattern, None, "unreadable_file", "No file matches this pattern of shop.toml.", "{}"))
    by_schema: dict[tuple, list[pl.DataFrame]] = {}
    for path in files:
        source_file = path.relative_to(shop.path).as_posix()
        try:
            frame = _read_file(path, source_file, shop, table, raw.refusals)
        except UnreadableFileError as error:
            raw.refusals.append(Refusal(source_file, None, "unreadable_file", str(error), "{}"))
            continue
        if frame.height:
            by_schema.setdefault((path.suffix == ".csv", *frame.schema.items()), []).append(frame)
    for key, frames in by_schema.items():
        raw.groups.append(pl.concat(frames))
        raw.from_text.append(key[0])
    return raw


def _read_file(path: Path, source_file: str, shop: Shop, table: Table, refusals: list[Refusal]) -> pl.DataFrame:
    header = file_header(path, shop)
    sought = {name: column for name, column in file_columns(shop, table).items() if column in header}
    wanted = list(dict.fromkeys(sought.values()))
    twice = [column for column in wanted if header.count(column) > 1]
    if twice:
        raise UnreadableFileError(f"The file has more than one column {twice[0]!r}.")
    if not wanted:
        raise UnreadableFileError(f"The file has none of the columns of {table.name}; its columns are {', '.join(header[:20])}.")
    if path.suffix == ".csv":
        frame, refused = read_csv_rows(path, wanted, shop.csv.delimiter, shop.csv.encoding)
        # a line that cannot be split cannot have its personal fields taken out
        withheld = any(column.personal for column in table.columns)
        for line in refused:
            text = json.dumps("<withheld>" if withheld else list(line.fields), ensure_ascii=False)
            refusals.append(Refusal(source_file, line.source_row, line.reason_code, line.reason, text))
    else:
        frame = _read_parquet(path, wanted)
    return frame.select(
        pl.lit(source_file).alias("source_file"),
        "source_row",
        *[pl.col(column).alias(name) for name, column in sought.items()],
    )


def _read_parquet(path: Path, wanted: list[str]) -> pl.DataFrame:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path) as file:
            frame = pl.DataFrame(pl.from_arrow(file.read(columns=wanted)))
    except (ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise UnreadableFileError(f"The file is no readable Parquet file ({_first_line(error)}).") from None
    return frame.with_row_index("source_row", offset=1).with_columns(pl.col("source_row").cast(pl.Int64))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
