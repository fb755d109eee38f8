"""A named fault: how it damages one table (or shop.toml) of the sound shop, and the outcome it must have.

Terms: a fault is *accepted* (its rows land, and `shop check` may remark on it), some rows are *quarantined* for a reason, the file is
*refused* as a whole, or the shop has *no shop.toml* that can be used. `mend` says what the shop should do, or why it is fine as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.reliability.bad_input.sound_shop import ROWS, csv_text, sound_tables


@dataclass(frozen=True)
class Expected:
    """What must come of a fault. `quarantined` is rows by reason; `read` rows in all; `refuses` files that cannot be read at all.

    `said` stands in the reason (or in the error about shop.toml), `reported` in the text of `shop check`; `holds` judges the rows accepted.
    """

    read: int = ROWS
    quarantined: Mapping[str, int] = field(default_factory=dict)
    refuses: int = 0
    no_shop: bool = False
    said: str = ""
    reported: str = ""
    holds: Callable[[pl.DataFrame], bool] = lambda rows: True


@dataclass(frozen=True)
class Fault:
    """One fault. `as_other_user`: the file's rights matter, so a superuser must not be the one who reads."""

    name: str
    table: str
    damage: Callable[["DamagedShop"], Any]
    expected: Expected
    mend: str
    as_other_user: bool = False


def accepted(read: int = ROWS, reported: str = "", holds: Callable[[pl.DataFrame], bool] = lambda rows: True) -> Expected:
    """Every row lands."""
    return Expected(read=read, reported=reported, holds=holds)


def quarantined(reason_code: str, rows: int = 1, said: str = "", read: int = ROWS) -> Expected:
    """`rows` of `read` rows are refused for `reason_code`; the others land."""
    return Expected(read=read, quarantined={reason_code: rows}, said=said)


def refused(said: str, read: int = 1) -> Expected:
    """One file cannot be read and counts as one row; `read - 1` rows of other files land."""
    return Expected(read=read, quarantined={"unreadable_file": 1}, refuses=1, said=said)


def no_shop(said: str) -> Expected:
    """One error about shop.toml."""
    return Expected(no_shop=True, said=said)


@dataclass(frozen=True)
class DamagedShop:
    """The folder of a sound shop, and the ways in which faults damage it."""

    folder: Path

    def file(self, table: str, suffix: str = ".csv") -> Path:
        return self.folder / f"{table}{suffix}"

    def text(self, table: str) -> str:
        return self.file(table).read_text(encoding="utf-8")

    def frame(self, table: str) -> pl.DataFrame:
        return sound_tables()[table]

    def write(self, table: str, content: str | bytes, suffix: str = ".csv") -> None:
        """The table's one file, with this content."""
        self.file(table).unlink()
        self.file(table, suffix).write_bytes(content.encode() if isinstance(content, str) else content)

    def replace(self, table: str, old: str, new: str, count: int = -1) -> None:
        """The CSV file with `old` text replaced."""
        text = self.text(table)
        if old not in text:
            raise ValueError(f"Expected {old!r} in {table}.csv.")
        self.write(table, text.replace(old, new, count))

    def lines(self, table: str, change: Callable[[list[str]], list[str]]) -> None:
        """The CSV file with its lines (header first, without line ends) changed."""
        self.write(table, "\n".join(change(self.text(table).splitlines())) + "\n")

    def csv(self, table: str, change: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame, **style: Any) -> None:
        """The CSV file written again from the changed frame."""
        self.write(table, csv_text(change(self.frame(table)), **style))

    def cell(self, table: str, column: str, value: str, *rows: int) -> None:
        """The CSV file with `value` in the column's `rows` (the first, if none is named), quoted where it must be."""
        chosen = list(rows or (0,))
        frame = self.frame(table).with_columns(
            pl.when(pl.int_range(pl.len()).is_in(chosen)).then(pl.lit(value)).otherwise(_as_in_csv(self.frame(table)[column])).alias(column)
        )
        self.write(table, csv_text(frame))

    def parquet(self, table: str, change: Callable[[pl.DataFrame], Any] = lambda frame: frame, **options: Any) -> bytes:
        """The table as a Parquet file instead, from the changed frame (polars or pyarrow); returns its bytes."""
        from pyarrow import parquet

        changed = change(self.frame(table))
        self.file(table).unlink()
        parquet.write_table(changed.to_arrow() if isinstance(changed, pl.DataFrame) else changed, self.file(table, ".parquet"), **options)
        return self.file(table, ".parquet").read_bytes()

    def settings(self, old: str, new: str) -> None:
        """shop.toml with `old` text replaced; an empty `old` appends."""
        toml = self.folder / "shop.toml"
        text = toml.read_text(encoding="utf-8")
        toml.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")


def _as_in_csv(values: pl.Series) -> pl.Series:
    return values.dt.strftime("%Y-%m-%d %H:%M:%S") if isinstance(values.dtype, pl.Datetime) else values.cast(pl.String)
