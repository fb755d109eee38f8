"""An intake kept on disk, made from rows at hand; and the landing of one table by it."""

from pathlib import Path

import polars as pl

from assets.landing.arrivals import Arrivals
from assets.landing.files import LandedFiles, fingerprints
from assets.windows import Window
from shops.contract import TABLES
from shops.intake import landed_schema, row_order
from shops.intake_marks import content_mark, marks_of
from shops.intake_store import StoredIntake


def as_stored(rows: pl.DataFrame, table: str, part: Path) -> StoredIntake:
    """What the store would hand over, had the shop's files held these rows."""
    rows = rows.select(list(landed_schema(TABLES[table]))).sort(row_order(TABLES[table]))
    part.parent.mkdir(parents=True, exist_ok=True)
    rows.with_columns(content_mark(rows.columns).alias("content_mark")).write_parquet(part)
    repeated = rows.clear().select("source_file", "source_row")
    return StoredIntake(TABLES[table], marks_of(rows), pl.DataFrame(), pl.DataFrame(), (part,), repeated)


def land(files: LandedFiles, rows: pl.DataFrame, table: str, window: Window, asked: Window | None = None) -> None:
    """What the landing asset does with one table of which the shop's files hold these rows."""
    arrivals = Arrivals(as_stored(rows, table, files.folder / "_stored" / "rows.parquet"), files, window, asked or window)
    looked_at, marks = arrivals.looked_at(), {}
    for days, placed in arrivals.placed():
        files.replace_window(table, placed, days)
        marks |= fingerprints(placed, days.days)
    files.record_landed({day: {table: mark} for day, mark in marks.items()}, {day: {table: mark} for day, mark in looked_at.items()})
