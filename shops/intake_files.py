"""Which files hold a table, and what stands in them before anything is judged.

Decides which files belong to a table (the patterns of `[files]`, else `<table>.parquet`, else `<table>.csv`, else the files of the
folder `<table>/`), and reads them into *raw groups*: rows of files whose columns have the same types, under the contract's column
names, with the values as the files have them. A file that cannot be read at all, and a CSV line that is no row, become refusals; so
does what stands where a file should (a link that points nowhere, a folder that may not be listed). Links are followed.
"""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from shops.contract import Table
from shops.intake_csv import RefusedLine, UnreadableFileError, csv_header, read_csv_pieces, readable
from shops.intake_parquet import parquet_header, read_parquet_pieces
from shops.shop import Shop

SUFFIXES = (".parquet", ".csv")
SHOWN_COLUMNS = 20
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
FOREIGN_STARTS = {
    b"PAR1": ("a Parquet file", "name it .parquet"),
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save the sheet as CSV"),
    b"\x1f\x8b": ("a gzip archive", "unpack it"),
    b"\x28\xb5\x2f\xfd": ("a zstd archive", "unpack it"),
    b"ARROW1": ("an Arrow file", "export it as Parquet or CSV"),
    b"\xff\xfe": ("UTF-16 text", 'set [csv] encoding = "utf-16" in shop.toml'),
    b"\xfe\xff": ("UTF-16 text", 'set [csv] encoding = "utf-16" in shop.toml'),
}


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
    """Raw groups (columns `source_file`, `source_row` and contract columns), whether each came from text, the refusals, and all files."""

    groups: list[pl.DataFrame] = field(default_factory=list)
    from_text: list[bool] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def table_files(shop: Shop, table_name: str) -> tuple[list[Path], list[str]]:
    """Return the table's files in order of their names, and the patterns of shop.toml that match no file.

    What only stands where a file should (a broken link, a folder named like a file, a folder that may not be listed) is among them:
    reading it tells what is the matter.
    """
    patterns = shop.files.get(table_name)
    if patterns is not None:
        matches = {pattern: [path for path in shop.path.glob(pattern) if not path.is_dir()] for pattern in patterns}
        files = sorted({path for found in matches.values() for path in found})
        return files, [pattern for pattern, found in matches.items() if not found]
    for suffix in (*SUFFIXES, *(suffix.upper() for suffix in SUFFIXES)):
        single = shop.path / f"{table_name}{suffix}"
        if os.path.lexists(single):
            return [single], []
    folder = shop.path / table_name
    return sorted(_files_below(folder, set())) if os.path.lexists(folder) else [], []


def _files_below(folder: Path, entered: set[str]) -> Iterator[Path]:
    """Files of the folder and those below it; names that begin with a dot or an underscore are passed over, loops of links entered once."""
    if (real := os.path.realpath(folder)) in entered:
        return
    entered.add(real)
    try:
        names = os.listdir(folder)
    except OSError:
        yield folder
        return
    for path in (folder / name for name in names if name[0] not in "._"):
        if path.is_dir():
            yield from _files_below(path, entered)
        else:
            yield path


def shown_name(path: Path, shop: Shop) -> str:
    """The file's path within the shop's folder, as text that can be printed and stored."""
    return readable(path.relative_to(shop.path).as_posix())


def file_columns(shop: Shop, table: Table) -> dict[str, str]:
    """Return {contract column: column in the file} for every column of the table."""
    mapping = shop.columns.get(table.name, {})
    return {column.name: mapping.get(column.name, column.name) for column in table.columns}


def file_header(path: Path, shop: Shop) -> tuple[str, ...]:
    """Return the column names of a file; raises `UnreadableFileError` with one sentence."""
    _must_be_a_file(path)
    if is_csv(path):
        _must_be_text(path, shop)
        return csv_header(path, shop.csv.delimiter, shop.csv.encoding)
    if path.suffix.lower() != ".parquet":
        raise UnreadableFileError(f"The file is neither {' nor '.join(SUFFIXES)}; export it as one of the two.")
    return parquet_header(path)


def is_csv(path: Path) -> bool:
    """Whether the file is text by its name."""
    return path.suffix.lower() == ".csv"


def _must_be_a_file(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        told = "points to nothing; mend the link or take it away" if path.is_symlink() else "is no longer there; hand it in again"
        raise UnreadableFileError(f"The {'link' if path.is_symlink() else 'file'} {told}.") from None
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be read ({error.strerror}).") from None
    is_folder = stat.S_ISDIR(mode)
    if not is_folder and not stat.S_ISREG(mode):
        raise UnreadableFileError("This is no regular file but a device, a pipe or a socket; put a file in its place.")
    try:
        if is_folder:
            os.listdir(path)
        else:
            path.open("rb").close()
    except PermissionError:
        raise UnreadableFileError("It may not be read; give the user who runs this the right to.") from None
    except OSError as error:
        raise UnreadableFileError(f"It cannot be read ({error.strerror}).") from None
    if is_folder:
        raise UnreadableFileError(f"This is a folder; the name of a folder of files has no ending, such as {path.stem}/.")


def _must_be_text(path: Path, shop: Shop) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be read ({error.strerror}).") from None
    for mark, (kind, mend) in FOREIGN_STARTS.items():
        is_declared = mark in (b"\xff\xfe", b"\xfe\xff") and shop.csv.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
        if start.startswith(mark) and not is_declared:
            raise UnreadableFileError(f"The file is {kind} although its name ends in {path.suffix}; {mend}.")


def unmatched_patterns(patterns: list[str]) -> list[Refusal]:
    """One refusal for each pattern of shop.toml that matches no file."""
    return [Refusal(pattern, None, "unreadable_file", "No file matches this pattern of shop.toml.", "{}") for pattern in patterns]


def read_raw(shop: Shop, table: Table, files: list[Path]) -> RawTable:
    """Read these files of the table; never raises for what stands in a file, or for a file that goes away meanwhile."""
    raw = RawTable()
    by_schema: dict[tuple, list[pl.DataFrame]] = {}
    for path in files:
        raw.files.append(shown_name(path, shop))
        try:
            pieces = list(raw_pieces(path, shop, table))
        except UnreadableFileError as error:
            raw.refusals.append(unreadable_file(path, shop, error))
            continue
        for frame, refusals in pieces:
            raw.refusals += refusals
            if frame.height:
                by_schema.setdefault((is_csv(path), *frame.schema.items()), []).append(frame)
    for key, frames in by_schema.items():
        raw.groups.append(pl.concat(frames))
        raw.from_text.append(key[0])
    return raw


def unreadable_file(path: Path, shop: Shop, error: UnreadableFileError) -> Refusal:
    """The refusal of a whole file."""
    return Refusal(shown_name(path, shop), None, "unreadable_file", str(error), "{}")


def raw_pieces(path: Path, shop: Shop, table: Table) -> Iterator[tuple[pl.DataFrame, list[Refusal]]]:
    """Yield raw rows of one file and the refused lines among them, piece by piece.

    Raises `UnreadableFileError`, for a damaged file perhaps after some pieces: then none of its rows is to be taken.
    """
    source_file = shown_name(path, shop)
    header = file_header(path, shop)
    sought = {name: column for name, column in file_columns(shop, table).items() if column in header}
    wanted = list(dict.fromkeys(sought.values()))
    twice = [column for column in wanted if header.count(column) > 1]
    if twice:
        raise UnreadableFileError(f"The file has more than one column {twice[0]!r}; leave one, or name them apart.")
    if not wanted:
        raise UnreadableFileError(_no_known_column(path, header, shop, table))
    columns = [pl.col(column).alias(name) for name, column in sought.items()]
    for frame, refused in _pieces(path, wanted, shop):
        rows = frame.select(pl.lit(source_file).alias("source_file"), "source_row", *columns)
        yield rows, [_refused_line(source_file, line, table) for line in refused]


def _pieces(path: Path, wanted: list[str], shop: Shop) -> Iterator[tuple[pl.DataFrame, list[RefusedLine]]]:
    if is_csv(path):
        return read_csv_pieces(path, wanted, shop.csv.delimiter, shop.csv.encoding)
    return ((frame, []) for frame in read_parquet_pieces(path, wanted))


def _refused_line(source_file: str, line: RefusedLine, table: Table) -> Refusal:
    # a line that cannot be split cannot have its personal fields taken out
    withheld = any(column.personal for column in table.columns)
    text = json.dumps("<withheld>" if withheld else list(line.fields), ensure_ascii=False)
    return Refusal(source_file, line.source_row, line.reason_code, line.reason, text)


def _no_known_column(path: Path, header: tuple[str, ...], shop: Shop, table: Table) -> str:
    told = f"The file has none of the columns of {table.name}"
    names = set(file_columns(shop, table).values())
    for separator, word in SEPARATORS.items():
        if is_csv(path) and separator != shop.csv.delimiter and names & {part.strip().strip('"') for part in header[0].split(separator)}:
            return f"{told}: its fields are parted by {word}; set [csv] delimiter in shop.toml."
    if any(column.personal for column in table.columns):  # a file without a header line would show a person here
        return f"{told}; its first line must name them, or [columns.{table.name}] in shop.toml say what they are called."
    return f"{told}; [columns.{table.name}] in shop.toml says what they are called. It has {', '.join(header[:SHOWN_COLUMNS])[:200]}."
