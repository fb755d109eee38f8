"""Landed files of a shop too large to be taken in at once: the intake of one file at a time, days written as they are whole.

The house's own landing holds a whole table in memory, which 20 million lines do not fit. What it would write is written here part by part:
same checks, same columns, same files. Repetitions across files are not looked for; a simulated shop has none.
"""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from assets.house import House
from assets.landing.files import LandedFiles, fingerprints
from assets.windows import Window
from shops.contract import TABLES
from shops.intake import read_table
from shops.intake_files import table_files
from shops.shop import Shop


def land_in_parts(house: House, days: Window, left_out: frozenset[str] = frozenset()) -> dict[str, int]:
    """Land `days` of every table but those left out, empty; returns the rows landed per table."""
    files = LandedFiles(house.landing)
    files.prepare()
    marks: dict[date, dict[str, str]] = {day: dict.fromkeys(left_out, "empty") for day in days.days}
    landed: dict[str, int] = {}
    for name in TABLES:
        if name in left_out:
            continue
        landed[name] = 0
        held = pl.DataFrame()
        parts = _parts(house.shop, name, days.start)
        for number, part in enumerate(parts):
            rows = read_table(part, name, house.pseudonym_key(), house.erased()).accepted
            rows = pl.concat([held, rows]) if held.height else rows
            rows = rows.filter(pl.col("known_on") <= days.last_day)
            whole_until = rows["known_on"].max() if number + 1 == len(parts) else _settled(rows)
            ready = rows.filter(pl.col("known_on") <= whole_until) if rows.height else rows
            held = rows.filter(pl.col("known_on") > whole_until) if rows.height else rows
            landed[name] += _write(files, name, ready, days, marks)
    files.record_landed({day: {name: mark.get(name, "empty") for name in TABLES} for day, mark in marks.items()})
    return landed


def _parts(shop: Shop, name: str, first_day: date) -> list[Shop]:
    """One shop per file of the table: the same but for that file."""
    paths, _ = table_files(shop, name)
    named = [path.relative_to(shop.path).as_posix() for path in paths]
    return [replace(shop, first_day=first_day, files={**shop.files, name: (one,)}) for one in named]


def _settled(rows: pl.DataFrame) -> date:
    """Records of the last week of a file may still be joined by late ones of the next."""
    last = rows["known_on"].max()
    assert isinstance(last, date)
    return last - timedelta(days=8)


def _write(files: LandedFiles, name: str, rows: pl.DataFrame, days: Window, marks: dict[date, dict[str, str]]) -> int:
    rows = rows.filter(pl.col("known_on").is_between(days.start, days.last_day))
    if rows.is_empty():
        return 0
    for (day,), part in rows.partition_by("known_on", as_dict=True, maintain_order=True).items():
        files.replace_window(name, part, Window(day, day + timedelta(days=1)))
        marks[day] |= {name: fingerprints(part, [day])[day]}
    return rows.height
