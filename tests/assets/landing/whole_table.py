"""Late arrivals found by reading everything that is landed beside everything that is handed in: slow, and plain to see."""

from datetime import date

import polars as pl

from assets.landing.files import LandedFiles, fingerprints
from assets.windows import Window
from shops.contract import TABLES
from shops.intake import landed_schema, row_order


def land_by_whole_table(files: LandedFiles, rows: pl.DataFrame, table: str, window: Window, asked: Window | None = None) -> None:
    """Land the rows; the same outcome as `tests.assets.landing.stored.land`."""
    placed = _placed(files, rows, table, window, asked or window)
    files.replace_window(table, placed, window)
    files.record_landed({day: {table: mark} for day, mark in fingerprints(placed, window.days).items()})


def _placed(files: LandedFiles, rows: pl.DataFrame, table: str, window: Window, run: Window) -> pl.DataFrame:
    landed_days = list(files.landed_days())
    content = [name for name in rows.columns if name not in ("known_on", "source_file", "source_row")]
    inside = _landed(files, table, window.days).select(*content, landed_on="known_on").unique(content, keep="first", maintain_order=True)
    outside = _landed(files, table, [day for day in _days(files, table) if day not in set(window.days)])
    fresh = rows.join(outside.select(content), on=content, how="anti", nulls_equal=True)
    placed = fresh.join(inside, on=content, how="left", nulls_equal=True)
    came_now = pl.col("known_on").is_in(landed_days) & (pl.col("known_on") < run.start)
    arrived_on = pl.lit(max([run.last_day, *landed_days]))
    known_on = pl.when(pl.col("landed_on").is_not_null()).then("landed_on").when(came_now).then(arrived_on).otherwise("known_on")
    return placed.with_columns(known_on=known_on).drop("landed_on").sort(row_order(TABLES[table]))


def _days(files: LandedFiles, table: str) -> list[date]:
    return [date.fromisoformat(file.stem.removeprefix("known_on=")) for file in (files.folder / table).glob("known_on=*.parquet")]


def _landed(files: LandedFiles, table: str, days: list[date]) -> pl.DataFrame:
    found = [file for file in (files.day_file(table, day) for day in days) if file.exists()]
    return pl.concat([pl.read_parquet(file) for file in found]) if found else pl.DataFrame(schema=landed_schema(TABLES[table]))
