"""The fast way through a CSV file in which every line is plain.

Decides whether a file is *plain*: UTF-8, no blank lines, no line longer than one field may be, and every line has exactly the header's
number of fields, each either without quotes or wholly in quotes with none inside. Then nothing about its lines is in doubt, so any
reader gives the same rows, and the quickest is taken, a *block* of whole lines at a time. Every other file is left to the reader of
`shops.intake_csv`, which looks at each line.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

BLOCK_BYTES = 48_000_000  # the text, its lines and their fields are held in memory


def plain_csv_pieces(path: Path, header: tuple[str, ...], positions: list[int], delimiter: str) -> Iterator[pl.DataFrame] | None:
    """Read the fields at `positions` (0 is the first) of a plain file piece by piece, or return None where it is not plain.

    Each frame: one row per line below the header; `source_row`, then one text column per position, named by its number.
    """
    if not ((delimiter.isascii() and delimiter.isprintable()) or delimiter == "\t"):
        return None
    pattern = _plain_line(len(header), delimiter)
    rows, blocks, frame = 0, 0, None
    for blocks, block in enumerate(_blocks(path), start=1):
        lines = _plain_lines(block, pattern)
        if lines is None:
            return None
        frame = _fields(block, blocks == 1, len(header), positions, delimiter)
        if frame.height != lines - (blocks == 1):
            return None
        rows += frame.height
    if frame is None or not rows:
        return None
    return _numbered([frame] if blocks == 1 else _read_again(path, len(header), positions, delimiter))


def _read_again(path: Path, width: int, positions: list[int], delimiter: str) -> Iterator[pl.DataFrame]:
    for number, block in enumerate(_blocks(path)):
        yield _fields(block, number == 0, width, positions, delimiter)


def _numbered(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    rows = 0
    for frame in frames:
        yield frame.with_row_index("source_row", offset=rows + 1).with_columns(
            pl.col("source_row").cast(pl.Int64), pl.col(pl.String).fill_null("")
        )
        rows += frame.height


def _fields(block: bytes, is_first: bool, width: int, positions: list[int], delimiter: str) -> pl.DataFrame:
    below = block.partition(b"\n")[2] if is_first else block
    if not below:
        return pl.DataFrame(schema={str(position): pl.String() for position in sorted(set(positions))})
    return pl.read_csv(
        io.BytesIO(below),
        has_header=False,
        new_columns=[str(position) for position in range(width)],
        columns=sorted(set(positions)),
        separator=delimiter,
        quote_char='"',
        infer_schema=False,
        raise_if_empty=False,
    )


def _blocks(path: Path) -> Iterator[bytes]:
    """The file's bytes in blocks that end with a line, line ends as `\\n`, without the mark some programs put before UTF-8."""
    with path.open("rb") as file:
        rest = file.read(3).removeprefix(b"\xef\xbb\xbf")
        while read := file.read(BLOCK_BYTES):
            block = rest + read
            end = block.rfind(b"\n") + 1
            if end:
                yield block[:end].replace(b"\r\n", b"\n")
            rest = block[end:]
        if rest:
            yield rest


def _plain_line(width: int, delimiter: str) -> str:
    mark = re.escape(delimiter)
    field = rf'(?:"[^"]*"|[^"{mark}]*)'
    return rf"^{field}(?:{mark}{field}){{{width - 1}}}$"


def _plain_lines(block: bytes, pattern: str) -> int | None:
    """Number of lines, or None where one of them is not plain."""
    if b"\r" in block or b"\0" in block:
        return None
    try:
        text = block.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        return None
    lines = pl.Series([text]).str.split("\n").explode()
    if lines.str.len_chars().max() > csv.field_size_limit():
        return None
    plain = lines.str.contains(pattern) & (lines != "")
    return len(lines) if plain.all() else None
