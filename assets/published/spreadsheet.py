"""Published tables as CSV for spreadsheets, in which nothing that a shop's records hold can be executed.

Decides how: a spreadsheet takes text for a formula when it begins with `=`, `+`, `-` or `@` (in full width too, after blanks, or behind a
tab or a line break), so an apostrophe is put before it. Numbers stay numbers. The published tables themselves hold names and ids as the
shop wrote them, since BI tools join on them and take text for text. Tables of customers leave k-anonymous (`k_anonymity`).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from assets.published.k_anonymity import released

FORMULA = r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]"
BYTE_ORDER_MARK = "\ufeff"  # spreadsheets take a file without it for text of the machine's own encoding


class UnknownTableError(ValueError):
    """A table that is not published; the message is one sentence."""


@dataclass(frozen=True)
class Exported:
    """rows: written; note: what was kept back so that nobody can be singled out, in one sentence, empty where nothing was."""

    rows: int
    note: str


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before text that a spreadsheet would take for a formula."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep())


def export_csv(database: Path, table: str, file: Path, delimiter: str = ",") -> Exported:
    """Write one view of `bi.duckdb` as CSV (UTF-8) into `file`; raises `UnknownTableError`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        views = [name for (name,) in connection.execute("select view_name from duckdb_views() where not internal order by 1").fetchall()]
        if table not in views:
            raise UnknownTableError(f"No table {table!r} is published; choose one of {', '.join(views)}.")
        leaving = released(connection.execute(f'select * from "{table}"').pl())
    frame = guarded(leaving.frame)
    with file.open("wb") as target:
        target.write(BYTE_ORDER_MARK.encode())
        frame.write_csv(target, separator=delimiter, line_terminator="\r\n")
    return Exported(frame.height, leaving.words)
