"""The person leaves landing: rows of every landed day, the intake kept for the next run, quarantine and counts.

Landed days keep their place: a day's file is replaced by what the next run would land of it, and its fingerprint with it, so that the
next run takes nothing for a late arrival. The fingerprints differ from those the warehouse was built from, so that run builds the days
anew from the first that named the person on; that is how derived tables agree with a house that never knew the person.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from assets.erasure.finding import Finding, Person
from assets.house import House
from assets.landing.files import LandedFiles, fingerprints
from shops.contract import TABLES
from shops.erased import ANONYMISED, is_dropped, names_customers
from shops.intake import landed_schema
from shops.intake_store import stored_intake, stored_rows

ROOM = "landing"


def erase_from_landing(house: House, gone: Person) -> Iterator[Finding]:
    """Take the person out of `landing/` and `intake/`. The list of erased persons already names them."""
    files = LandedFiles(house.landing)
    landed_days = files.landed_days()
    for name, table in TABLES.items():
        if not names_customers(table):
            continue
        rows, marks = 0, {}
        for day, known in landed_days.items():
            file = files.day_file(name, day)
            frame = pl.read_parquet(file, memory_map=False) if file.exists() else pl.DataFrame(schema=landed_schema(table))
            count = _rows_of(frame, gone)
            if count:
                rows += count
                frame = _without(frame, name, gone)
                _replace(frame, file)
            # compared for every day: an erasure that was killed may have replaced the file and not yet its fingerprint
            mark = fingerprints(frame, [day])[day]
            if mark != known.get(name, "empty"):
                marks[day] = {name: mark}
        files.record_landed(marks)
        if rows:
            yield Finding(ROOM, f"landing/{name}", rows, "made anonymous" if name in ANONYMISED else "removed")
        if landed_days:
            yield from _intake(house, files, name, gone)


def _intake(house: House, files: LandedFiles, name: str, gone: Person) -> Iterator[Finding]:
    """Read the shop's table again without the person, for store, quarantine and counts; older entries of the store go with it."""
    kept = stored_rows(house.intake_cache, name)
    rows = sum(_rows_of(pl.read_parquet(file, columns=["customer_key"], memory_map=False), gone) for file in kept)
    intake = stored_intake(house.shop, name, house.pseudonym_key(), house.intake_cache, house.erased())
    files.write_whole(f"_quarantine/{name}", intake.quarantine)
    files.write_whole(f"_counts/{name}", intake.counts)
    if rows:
        yield Finding(ROOM, f"intake/{name}", rows, "removed" if is_dropped(TABLES[name]) else "made anonymous")


def _rows_of(frame: pl.DataFrame, gone: Person) -> int:
    return int((frame["customer_key"] == gone.pseudonym).sum())


def _without(frame: pl.DataFrame, name: str, gone: Person) -> pl.DataFrame:
    named = pl.col("customer_key").eq_missing(gone.pseudonym)
    if name in ANONYMISED:
        return frame.with_columns(customer_key=pl.when(named).then(None).otherwise("customer_key").cast(pl.String))
    return frame.filter(~named)


def _replace(frame: pl.DataFrame, file: Path) -> None:
    """Swap in; a day without rows has no file."""
    if frame.is_empty():
        file.unlink()
        return
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    frame.write_parquet(beside)
    os.replace(beside, file)
