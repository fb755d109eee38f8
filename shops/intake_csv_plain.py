"""The fast way through a CSV file in which every line is plain.

Decides whether a file is *plain*: UTF-8, no blank lines, no line longer than one field may be, and every line has exactly the header's
number of fields, each either without quotes or wholly in quotes with none inside. Then nothing about its lines is in doubt, so any
reader gives the same rows, and the quickest is taken. Every other file is left to the reader of `shops.intake_csv`, which looks at
each line.
"""

import csv
import io
import re
from pathlib import Path

import polars as pl

LARGEST_BYTES = 1_000_000_000  # the text and its lines are held in memory; larger files are read line by line


def read_plain_csv(path: Path, header: tuple[str, ...], positions: list[int], delimiter: str) -> pl.DataFrame | None:
    """Read the fields at `positions` (0 is the first) of a plain file, or return None where it is not plain.

    Frame: one row per line below the header; `source_row`, then one text column per position, named by its number.
    """
    if path.stat().st_size > LARGEST_BYTES or not ((delimiter.isascii() and delimiter.isprintable()) or delimiter == "\t"):
        return None
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    rows = _plain_lines(content, len(header), delimiter)
    if rows is None:
        return None
    frame = pl.read_csv(
        io.BytesIO(content),
        has_header=False,
        skip_rows=1,
        new_columns=[str(position) for position in range(len(header))],
        columns=sorted(set(positions)),
        separator=delimiter,
        quote_char='"',
        infer_schema=False,
        raise_if_empty=False,
    )
    if frame.height != rows:
        return None
    return frame.with_row_index("source_row", offset=1).with_columns(pl.col("source_row").cast(pl.Int64), pl.col(pl.String).fill_null(""))


def _plain_lines(content: bytes, width: int, delimiter: str) -> int | None:
    """Number of lines below the header, or None where one of all lines is not plain."""
    if b"\r" in content or b"\0" in content:
        return None
    try:
        text = content.decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        return None
    lines = pl.Series([text]).str.split("\n").explode()
    mark = re.escape(delimiter)
    field = rf'(?:"[^"]*"|[^"{mark}]*)'
    if lines.str.len_chars().max() > csv.field_size_limit():
        return None
    plain = lines.str.contains(rf"^{field}(?:{mark}{field}){{{width - 1}}}$") & (lines != "")
    return len(lines) - 1 if plain.all() and len(lines) > 1 else None
