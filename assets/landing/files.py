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
from shops.intake import landed_key, landed_schema

MANIFEST = "_landed_days.json"


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

    def outside(self, table: str, window: Window) -> pl.DataFrame:
        """Rows of the table landed on days outside the window."""
        inside = {self.day_file(table, day).name for day in window.days}
        found = [file for file in sorted((self.folder / table).glob("*.parquet")) if file.name not in inside]
        return pl.concat([pl.read_parquet(file) for file in found]) if found else pl.DataFrame(schema=landed_schema(TABLES[table]))

    def inside(self, table: str, window: Window) -> pl.DataFrame:
        """Rows of the table landed on days of the window."""
        found = [file for file in (self.day_file(table, day) for day in window.days) if file.exists()]
        return pl.concat([pl.read_parquet(file) for file in found]) if found else pl.DataFrame(schema=landed_schema(TABLES[table]))

    def landed_days(self) -> dict[date, dict[str, str]]:
        """Every landed day with the fingerprint of each table."""
        file = self.folder / MANIFEST
        if not file.exists():
            return {}
        return {date.fromisoformat(day): tables for day, tables in json.loads(file.read_text(encoding="utf-8")).items()}

    def record_landed(self, fingerprints: dict[date, dict[str, str]]) -> None:
        known = self.landed_days()
        for day, tables in fingerprints.items():
            known[day] = {**known.get(day, {}), **tables}
        text = json.dumps({day.isoformat(): dict(sorted(tables.items())) for day, tables in sorted(known.items())})
        temporary = self.folder / f".{MANIFEST}.{os.getpid()}"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.folder / MANIFEST)

    def write_whole(self, name: str, frame: pl.DataFrame) -> None:
        """Replace a file that is not partitioned by day (`_quarantine/<table>`, `_counts/<table>`)."""
        _write(frame, self.folder / f"{name}.parquet")

    def read_all(self, folder: str) -> pl.DataFrame | None:
        found = sorted((self.folder / folder).glob("*.parquet"))
        return pl.concat([pl.read_parquet(file) for file in found], how="vertical_relaxed") if found else None


def fingerprints(rows: pl.DataFrame, days: Iterable[date]) -> dict[date, str]:
    """A checksum per `known_on` day over all its rows, independent of their order; days without rows have `empty`."""
    content = [name for name in rows.columns if name not in ("source_file", "source_row")]
    hashed = rows.select("known_on", checksum=pl.struct(content).hash(seed=1)) if rows.height else None
    sums = (
        {}
        if hashed is None
        else dict(
            hashed.group_by("known_on")
            .agg(pl.col("checksum").sum(), n=pl.len())
            .select("known_on", pl.format("{}-{}", "n", "checksum"))
            .rows()
        )
    )
    return {day: sums.get(day, "empty") for day in days}


def late_arrivals_known_today(
    rows: pl.DataFrame, table: str, files: LandedFiles, window: Window, asked: Window | None = None
) -> pl.DataFrame:
    """Give records of days before the run's that were handed in after those days had been landed the day they arrived: the run's last, or
    the newest landed day where the run lies before it, so that running an old day again learns nothing that came after it.

    A record that was landed keeps the day it was landed on. One that was never landed although its `known_on` day was, and which is no
    record of the days that are run, arrived now. The days that are run take what the files hold for them: their records keep their own
    day, one by one as in a range. In a first import nothing is landed, so every record keeps its day. `window` is what is replaced,
    `asked` (by default the same) the days that are run. It costs a look at every landed file, so it is skipped where the fingerprints of
    all landed days are still those of the rows.
    """
    run = asked or window
    landed_days = files.landed_days()
    marks = fingerprints(rows, landed_days)
    if all(tables.get(table, "empty") == marks[day] for day, tables in landed_days.items()):
        return rows
    content = [name for name in rows.columns if name not in ("known_on", "source_file", "source_row")]
    inside = files.inside(table, window).select(*content, landed_on="known_on").unique(content, keep="first", maintain_order=True)
    fresh = rows.join(files.outside(table, window).select(content), on=content, how="anti", nulls_equal=True)
    placed = fresh.join(inside, on=content, how="left", nulls_equal=True)
    arrived_on = max(run.last_day, *landed_days)
    is_landed_day = pl.col("known_on").is_in(pl.Series(list(landed_days), dtype=pl.Date).implode())
    came_now = is_landed_day & (pl.col("known_on") < run.start)
    known_on = pl.when(pl.col("landed_on").is_not_null()).then("landed_on").when(came_now).then(pl.lit(arrived_on)).otherwise("known_on")
    key = ["known_on", *landed_key(TABLES[table]), "source_file", "source_row"]
    return placed.with_columns(known_on=known_on).drop("landed_on").sort(key)


def _write(frame: pl.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    frame.write_parquet(temporary)
    os.replace(temporary, file)
