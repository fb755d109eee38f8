"""Landing: raw records of the shop, checked against the input contract, one Parquet file per table and business day.

A run lands the days of its window, and before them every day of history that was never landed (so the first run imports the whole past).
Bad rows go to quarantine with file, row and reason; rows read = accepted + quarantined, always.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import dagster as dg
import polars as pl

from assets.house import House
from assets.landing.arrivals import Arrivals
from assets.landing.files import LandedFiles, fingerprints
from assets.partitions import partition_window
from assets.warehouse import Warehouse
from assets.windows import Window
from shops.contract import TABLES
from shops.erased import REASON as ERASED
from shops.intake_store import stored_intake

QUARANTINE = dg.AssetKey(["landing", "quarantine"])
COUNTS = dg.AssetKey(["landing", "intake_counts"])
SPECS = [
    *(
        dg.AssetSpec(["landing", name], group_name="landing", kinds={"parquet"}, description=f"Raw records: {table.grain}.")
        for name, table in TABLES.items()
    ),
    dg.AssetSpec(
        QUARANTINE, group_name="landing", kinds={"parquet"}, description="Rows that do not meet the input contract: file, row, reason."
    ),
    dg.AssetSpec(COUNTS, group_name="landing", kinds={"parquet"}, description="Rows read, accepted and quarantined per file."),
]
CHECKS = [
    dg.AssetCheckSpec("totals_reconcile", asset=COUNTS, blocking=True, description="Rows read = accepted + quarantined, for every file."),
    dg.AssetCheckSpec("quarantine_is_small", asset=QUARANTINE, description="At most 2 % of the rows read are in quarantine."),
    dg.AssetCheckSpec("no_day_was_emptied", asset=COUNTS, description="No landed day that held records came back without any."),
]


@dataclass(frozen=True)
class Landed:
    """What was landed of one table: rows per day with rows, the mark of every day of the window, and of each day that was looked at."""

    rows_by_day: dict[date, int]
    marks: dict[date, str]
    looked_at: dict[date, str]


@dg.multi_asset(name="landing", specs=SPECS, check_specs=CHECKS, backfill_policy=dg.BackfillPolicy.single_run())
def landing(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Read every table of the shop and replace the window's files. (The warehouse is not read; having it is having the shop's turn.)"""
    window = partition_window(context)
    files = LandedFiles(house.landing)
    files.prepare()
    landed_days = files.landed_days()
    stretched = window_with_missed_days(window, house.shop.first_day, set(landed_days))
    marks: dict[date, dict[str, str]] = defaultdict(dict)
    looked_at: dict[date, dict[str, str]] = defaultdict(dict)
    emptied: list[str] = []
    for name in TABLES:
        before = files.days_with_rows(name, stretched)
        landed = _land_table(house, files, name, window, stretched)
        for remembered, of_table in ((marks, landed.marks), (looked_at, landed.looked_at)):
            for day, mark in of_table.items():
                remembered[day][name] = mark
        rows_by_day = landed.rows_by_day
        emptied += [f"{name} of {day}" for day in before if day not in rows_by_day]
        yield dg.MaterializeResult(
            asset_key=["landing", name],
            metadata={"dagster/row_count": sum(rows_by_day.get(day, 0) for day in window.days), "days_landed": len(stretched.days)},
        )
    files.record_landed(marks, looked_at)
    if emptied:
        context.log.warning(
            "%s held records that the shop no longer hands in: now empty. If that is not meant, hand the records in again.",
            ", ".join(emptied[:10]) + (f" and {len(emptied) - 10} more" if len(emptied) > 10 else ""),
        )
    yield dg.AssetCheckResult(
        check_name="no_day_was_emptied",
        asset_key=COUNTS,
        passed=not emptied,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"emptied": ", ".join(emptied[:100]), "tables_and_days": len(emptied)},
    )
    yield from _reconciled(files)


def window_with_missed_days(window: Window, first_day: date, landed: set[date]) -> Window:
    """The window stretched back to the first day of history that was never landed."""
    day = first_day
    while day < window.start and day in landed:
        day += timedelta(days=1)
    return window.since(day)


def _land_table(house: House, files: LandedFiles, name: str, asked: Window, window: Window) -> Landed:
    intake = stored_intake(house.shop, name, house.pseudonym_key(), house.intake_cache, house.erased())
    files.write_whole(f"_quarantine/{name}", intake.quarantine)
    files.write_whole(f"_counts/{name}", intake.counts)
    arrivals = Arrivals(intake, files, window, asked)
    looked_at = arrivals.looked_at()
    rows_by_day: dict[date, int] = {}
    marks: dict[date, str] = {}
    for days, rows in arrivals.placed():
        rows_by_day |= files.replace_window(name, rows, days)
        marks |= fingerprints(rows, days.days)
    return Landed(rows_by_day, marks, looked_at)


def _reconciled(files: LandedFiles) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    counts, quarantine = files.read_all("_counts"), files.read_all("_quarantine")
    assert counts is not None
    assert quarantine is not None
    broken = counts.filter(pl.col("rows_read") != pl.col("rows_accepted") + pl.col("rows_quarantined"))
    read = int(counts["rows_read"].sum())
    faulty = quarantine.filter(pl.col("reason_code") != ERASED).height
    share = faulty / max(read, 1)
    reasons = (
        quarantine.group_by("table_name", "reason_code")
        .len("rows")
        .sort("rows", "table_name", "reason_code", descending=[True, False, False])
    )
    yield dg.MaterializeResult(
        asset_key=QUARANTINE,
        metadata={
            "dagster/row_count": quarantine.height,
            "share_of_rows_read": share,
            "reasons": dg.MetadataValue.md(_as_markdown(reasons)),
        },
    )
    yield dg.MaterializeResult(asset_key=COUNTS, metadata={"dagster/row_count": counts.height, "rows_read": read})
    yield dg.AssetCheckResult(
        check_name="totals_reconcile", asset_key=COUNTS, passed=broken.is_empty(), metadata={"rows_read": read, "files_off": broken.height}
    )
    yield dg.AssetCheckResult(
        check_name="quarantine_is_small",
        asset_key=QUARANTINE,
        passed=share <= 0.02,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"quarantined": faulty, "share": share},
    )


def _as_markdown(frame: pl.DataFrame) -> str:
    lines = ["| " + " | ".join(frame.columns) + " |", "|" + "---|" * frame.width]
    return "\n".join([*lines, *("| " + " | ".join(str(value) for value in row) + " |" for row in frame.rows())])
