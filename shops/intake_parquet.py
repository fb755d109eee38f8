"""Parquet files read piece by piece, with nothing in them believed.

Decides that a file is *readable* when its footer can be read, every wanted column can be decoded, and what was decoded is valid (lengths,
offsets, text that is UTF-8). Text whose bytes are no UTF-8 comes back as bytes, so that the cells at fault can be told from the others.
The library that decodes the file raises errors of many kinds for damaged ones; any of them means that the file cannot be read.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from shops.intake_csv import UnreadableFileError, readable

if TYPE_CHECKING:
    import pyarrow
    from pyarrow import parquet

PIECE_ROWS = 500_000


def parquet_header(path: Path) -> tuple[str, ...]:
    """Return the names of the top-level columns; raises `UnreadableFileError` with one sentence."""
    from pyarrow import parquet

    try:
        return tuple(readable(name) for name in parquet.read_schema(path).names)
    except Exception as error:
        raise _unreadable(error) from None


def parquet_height(path: Path) -> int:
    """Rows that the footer tells of; 0 where it cannot be read."""
    from pyarrow import parquet

    try:
        return max(parquet.read_metadata(path).num_rows, 0)
    except Exception:
        return 0


def read_parquet_pieces(path: Path, wanted: list[str]) -> Iterator[pl.DataFrame]:
    """Yield `source_row` (from 1) and the `wanted` columns as the file has them, some row groups at a time.

    Raises `UnreadableFileError` with one sentence, at the first piece that cannot be read.
    """
    from pyarrow import parquet

    rows = 0
    try:
        with parquet.ParquetFile(path) as file:
            for groups in _row_groups(file.metadata):
                table = file.read_row_groups(groups, columns=wanted) if file.metadata.num_row_groups > len(groups) else file.read(wanted)
                frame = pl.DataFrame(pl.from_arrow(_valid(table.select(wanted))))
                yield frame.with_row_index("source_row", offset=rows + 1).with_columns(pl.col("source_row").cast(pl.Int64))
                rows += frame.height
    except (Exception, pl.exceptions.PanicException) as error:
        raise _unreadable(error) from None


def _row_groups(metadata: "parquet.FileMetaData") -> Iterator[list[int]]:
    """Numbers of row groups that follow one another, `PIECE_ROWS` rows together unless one alone has more."""
    taken: list[int] = []
    rows = 0
    for number in range(metadata.num_row_groups):
        height = metadata.row_group(number).num_rows
        if taken and rows + height > PIECE_ROWS:
            yield taken
            taken, rows = [], 0
        taken.append(number)
        rows += height
    yield taken


def _valid(table: "pyarrow.Table") -> "pyarrow.Table":
    """The table with text that is not UTF-8 as bytes; polars takes any text as sound and would read beyond its end. Raises ArrowInvalid."""
    import pyarrow

    table = pyarrow.Table.from_arrays(table.columns, table.schema.names)  # without what the file says of its columns, which may be no text
    for position, column in enumerate(table.columns):
        kind = column.type
        if pyarrow.types.is_decimal256(kind):  # more digits than polars has
            column = column.cast(pyarrow.float64())
            table = table.set_column(position, table.field(position).name, column)
        try:
            column.validate(full=True)
        except pyarrow.ArrowInvalid:
            if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
                raise
            column = column.cast(pyarrow.large_binary() if pyarrow.types.is_large_string(kind) else pyarrow.binary())
            column.validate(full=True)
            table = table.set_column(position, table.field(position).name, column)
    return table


def _unreadable(error: BaseException) -> UnreadableFileError:
    told = str(error).strip().splitlines()
    return UnreadableFileError(
        f"The file is no readable Parquet file ({readable(told[0])[:200] if told else type(error).__name__}); export it again."
    )
