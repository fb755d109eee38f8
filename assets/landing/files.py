"""Landed files: one Parquet per table and `known_on` day, written beside and swapped in.

Terms: a *landed day* is a `known_on` day whose files stand; its *fingerprint* is a checksum of what was landed on it. The warehouse
remembers the fingerprints it has built, so days that were landed but never built (a run died in between) are found and built by the next
run."""

import json
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from assets.windows import Window
from shops.contract import TABLES
from shops.intake import landed_schema
from shops.intake_marks import NO_ROWS, marks_by_day, marks_of

MANIFEST = "_landed_days.json"
LOOKED_AT = "_looked_at_days.json"


class LandedFiles:
    """The landing folder of one shop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """An empty file with the schema for every table of the contract, so that a glob over a table always finds something."""
        for name, table in TABLES.items():
            schema_file = self.folder / name / "_schema.parquet"
            empty = pl.DataFrame(schema=landed_schema(table))
            if not schema_file.exists() or pl.read_parquet_schema(schema_file) != empty.schema:
                _write(empty, schema_file)

    def day_file(self, table: str, day: date) -> Path:
        return self.folder / table / f"known_on={day.isoformat()}.parquet"

    def replace_window(self, table: str, rows: pl.DataFrame, window: Window) -> dict[date, int]:
        """Replace the table's files of every day in the window; returns rows by day (days without rows have no file)."""
        kept = rows.filter(pl.col("known_on").is_between(window.start, window.last_day))
        parts = kept.partition_by("known_on", as_dict=True, maintain_order=True)
        by_day = {day: part for (day,), part in parts.items()}
        for day in window.days:
            if day in by_day:
                _write(by_day[day], self.day_file(table, day))
            else:
                self.day_file(table, day).unlink(missing_ok=True)
        return {day: part.height for day, part in by_day.items()}

    def days_with_rows(self, table: str, window: Window) -> list[date]:
        """Days of the window on which the table has landed records."""
        return [day for day in window.days if self.day_file(table, day).exists()]

    def days_after(self, table: str, day: date) -> list[date]:
        """Landed days with records after a day."""
        names = (file.stem.removeprefix("known_on=") for file in (self.folder / table).glob("known_on=*.parquet"))
        return sorted(landed for landed in map(date.fromisoformat, names) if landed > day)

    def rows_of(self, table: str, days: Iterable[date]) -> pl.DataFrame:
        """Rows of the table landed on some days."""
        return self._scan(table, days).collect()

    def like(self, table: str, days: Iterable[date], rows: pl.DataFrame, content: list[str]) -> pl.DataFrame:
        """Rows of the table landed on some days that are alike one of `rows` in the columns `content`."""
        return self._scan(table, days).join(rows.lazy(), on=content, how="semi", nulls_equal=True).collect(engine="streaming")

    def _scan(self, table: str, days: Iterable[date]) -> pl.LazyFrame:
        found = [file for file in (self.day_file(table, day) for day in sorted(days)) if file.exists()]
        if not found:
            return pl.LazyFrame(schema=landed_schema(TABLES[table]))
        return pl.scan_parquet(found, glob=False, hive_partitioning=False)

    def landed_days(self) -> dict[date, dict[str, str]]:
        """Every landed day with the fingerprint of each table."""
        return self._read(MANIFEST)

    def looked_at(self, table: str) -> dict[date, str]:
        """The mark of every landed day's records of the table when they were last given their places (or, not known, as landed)."""
        looked = self._read(LOOKED_AT)
        return {day: looked.get(day, tables).get(table, tables.get(table, NO_ROWS)) for day, tables in self.landed_days().items()}

    def record_landed(self, marks: dict[date, dict[str, str]], looked_at: dict[date, dict[str, str]] | None = None) -> None:
        """Remember marks of landed days per table, and those of the intake's records that were given their places."""
        self._add(MANIFEST, marks)
        self._add(LOOKED_AT, looked_at or {})

    def _read(self, name: str) -> dict[date, dict[str, str]]:
        file = self.folder / name
        if not file.exists():
            return {}
        return {date.fromisoformat(day): tables for day, tables in json.loads(file.read_text(encoding="utf-8")).items()}

    def _add(self, name: str, marks: dict[date, dict[str, str]]) -> None:
        known = self._read(name)
        for day, tables in marks.items():
            known[day] = {**known.get(day, {}), **tables}
        text = json.dumps({day.isoformat(): dict(sorted(tables.items())) for day, tables in sorted(known.items())})
        temporary = self.folder / f".{name}.{os.getpid()}"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.folder / name)

    def write_whole(self, name: str, frame: pl.DataFrame) -> None:
        """Replace a file that is not partitioned by day (`_quarantine/<table>`, `_counts/<table>`)."""
        _write(frame, self.folder / f"{name}.parquet")

    def read_all(self, folder: str) -> pl.DataFrame | None:
        found = sorted((self.folder / folder).glob("*.parquet"))
        return pl.concat([pl.read_parquet(file) for file in found], how="vertical_relaxed") if found else None


def fingerprints(rows: pl.DataFrame, days: Iterable[date]) -> dict[date, str]:
    """The mark of each day over all its rows, see `shops.intake_marks`; days without rows have `NO_ROWS`."""
    marks = marks_by_day(marks_of(rows))
    return {day: marks.get(day, NO_ROWS) for day in days}


def _write(frame: pl.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    frame.write_parquet(temporary)
    os.replace(temporary, file)
