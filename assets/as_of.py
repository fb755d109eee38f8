"""The knowledge of a day: version tables cut to what was known then.

A version is in force on day D when `known_on <= D` and it was not superseded by then. Every learning and decision asset reads marts
through here."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from assets.warehouse import Warehouse

VERSION_COLUMNS = ("known_on", "superseded_on")


def in_force_on(day: date) -> pl.Expr:
    """Rows whose version was in force at the end of `day`."""
    return (pl.col("known_on") <= day) & (pl.col("superseded_on").is_null() | (pl.col("superseded_on") > day))


class Versions:
    """A version table read once; `as_of(day)` gives its rows as they were known that day, without the version columns."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def as_of(self, day: date) -> pl.DataFrame:
        return self.frame.filter(in_force_on(day)).drop(VERSION_COLUMNS)


def read_versions(warehouse: Warehouse, table: str, last_day: date, columns: Sequence[str] = (), where: str = "true") -> Versions:
    """Read `marts.<table>` as far as `last_day` may know it. `where` is SQL over the table's own columns."""
    selected = ", ".join([*columns, *VERSION_COLUMNS]) if columns else "*"
    return Versions(warehouse.read(f"select {selected} from marts.{table} where known_on <= ? and ({where}) order by all", [last_day]))
