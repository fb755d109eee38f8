"""Marks of landed rows: by them two sets of rows are told alike or not without being read side by side.

Terms: the *content* of a row is all of it but where it stood; a *content mark* is a number that differs where contents do (but for one
in some 10^19); the *mark* of a day is the number of its rows and the sum of their content marks, so it depends on no order and adds up.

Frames of marks: `known_on, rows, checksum`, one row per day with rows, sorted.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import polars as pl

PLACE = ("source_file", "source_row")
NO_ROWS = "empty"
SCHEMA = {"known_on": pl.Date(), "rows": pl.Int64(), "checksum": pl.UInt64()}


def content_mark(columns: Sequence[str]) -> pl.Expr:
    """The content mark of rows with these columns."""
    return pl.struct(name for name in columns if name not in PLACE).hash(seed=1)


def marks_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The marks of landed rows."""
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    marked = rows.select("known_on", checksum=content_mark(rows.columns))
    return _sums(marked.with_columns(rows=pl.lit(1, dtype=pl.Int64)))


def add_marks(marks: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The marks of several sets of rows together."""
    return _sums(pl.concat([pl.DataFrame(schema=SCHEMA), *marks]))


def subtract_marks(marks: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """The marks of what is left without some of the rows."""
    left = marks.join(gone, on="known_on", how="left", suffix="_gone").with_columns(pl.col("rows_gone", "checksum_gone").fill_null(0))
    left = left.select("known_on", pl.col("rows") - pl.col("rows_gone"), pl.col("checksum") - pl.col("checksum_gone"))
    return left.filter(pl.col("rows") > 0).sort("known_on")


def marks_by_day(marks: pl.DataFrame) -> dict[date, str]:
    """Each day's mark as text; a day without rows is missing (its mark is `NO_ROWS`)."""
    return dict(marks.rechunk().select("known_on", pl.format("{}-{}", "rows", "checksum")).iter_rows())


def day_spans(marks: pl.DataFrame, most: int) -> Iterator[tuple[date, date]]:
    """Spans of days (first, last) that together hold every row: at most `most` rows each, but for a day that alone has more."""
    first, last, rows = None, None, 0
    for day, height in marks.select("known_on", "rows").sort("known_on").iter_rows():
        if first is not None and last is not None and rows + height > most:
            yield first, last
            first, rows = None, 0
        first, last, rows = first or day, day, rows + height
    if first is not None and last is not None:
        yield first, last


def _sums(marks: pl.DataFrame) -> pl.DataFrame:
    return marks.group_by("known_on").agg(pl.col("rows").sum(), pl.col("checksum").sum()).select(list(SCHEMA)).sort("known_on")
