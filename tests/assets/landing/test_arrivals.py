"""Records that arrive in any order, days that are landed again in any order: each lands once, and no landed day learns of later ones."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.landing import arrivals
from assets.landing.files import LandedFiles
from assets.landing.raw_records import window_with_missed_days
from assets.windows import Window
from shops.contract import TABLES
from shops.intake import landed_schema
from tests.assets.landing import stored
from tests.assets.landing.whole_table import land_by_whole_table

TABLE = "daily_sales"
FIRST = date(2025, 1, 1)
DAYS = 12


@dataclass(frozen=True)
class Record:
    """About a day, handed in on a later one; `recorded` is the day it says it was recorded on (None: it does not say)."""

    about: int
    arrives: int
    recorded: int | None
    product: int

    @property
    def own_day(self) -> int:
        return self.about if self.recorded is None else self.recorded


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@st.composite
def records(draw: st.DrawFn) -> Record:
    about = draw(st.integers(0, DAYS - 1))
    arrives = min(about + draw(st.sampled_from([0, 0, 1, 2, 4, 7])), DAYS - 1)
    recorded = draw(st.one_of(st.none(), st.just(arrives), st.integers(about, arrives)))
    return Record(about, arrives, recorded, draw(st.integers(0, 999)))


def intake(handed_in: list[Record]) -> pl.DataFrame:
    """The records as the intake hands them over."""
    schema = landed_schema(TABLES[TABLE])
    rows = [
        {
            **dict.fromkeys(schema),
            "business_day": day(each.about),
            "product_id": f"p{each.product}",
            "location_id": "main",
            "units": 1.0,
            "recorded_at": None if each.recorded is None else datetime.combine(day(each.recorded), time(9)),
            "known_on": day(each.own_day),
            "source_file": "sales.csv",
            "source_row": row,
        }
        for row, each in enumerate(handed_in, start=1)
    ]
    return pl.DataFrame(rows, schema=schema)


@pytest.fixture(autouse=True)
def few_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "ROWS_AT_ONCE", 4)


def land(files: LandedFiles, handed_in: list[Record], first: int, last: int) -> None:
    """What the landing asset does with one table."""
    stored.land(files, intake(handed_in), TABLE, Window(day(first), day(last + 1)))


def landed(files: LandedFiles, first: int = 0, last: int = DAYS) -> list[tuple]:
    """(known on, about, product) of what was landed on the days `first` to `last`."""
    frame = files.rows_of(TABLE, Window(day(first), day(last + 1)).days)
    return sorted(
        frame.select((pl.col("known_on") - FIRST).dt.total_days(), (pl.col("business_day") - FIRST).dt.total_days(), "product_id").rows()
    )


def arrived(everything: list[Record], by: int) -> list[Record]:
    return [each for each in everything if each.arrives <= by]


some_records = st.lists(records(), min_size=1, max_size=25, unique_by=lambda each: each.product)


@settings(max_examples=60, deadline=None)
@given(everything=some_records, data=st.data())
def test_each_record_lands_once_and_no_earlier_than_it_came(everything: list[Record], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        files = LandedFiles(Path(folder))
        files.prepare()
        for evening in range(DAYS):
            land(files, arrived(everything, evening), evening, evening)
            if data.draw(st.booleans()):  # a range that ends today, as after a night without a run
                land(files, arrived(everything, evening), data.draw(st.integers(0, evening)), evening)
        found = landed(files)
        assert sorted(product for _, _, product in found) == sorted(f"p{each.product}" for each in everything)
        came = {f"p{each.product}": each.arrives for each in everything}
        assert all(known_on == came[product] for known_on, _, product in found)


@settings(max_examples=60, deadline=None)
@given(everything=some_records, data=st.data())
def test_a_landed_day_run_again_learns_nothing_of_other_days(everything: list[Record], data: st.DataObject) -> None:
    """Whatever was handed in since: what changes on old days is only what the files now hold for the very days that are run."""
    with TemporaryDirectory() as folder:
        files = LandedFiles(Path(folder))
        files.prepare()
        newest = data.draw(st.integers(1, DAYS - 2))
        for evening in range(newest + 1):
            land(files, arrived(everything, evening), evening, evening)
        before = landed(files, 0, newest - 1)
        first = data.draw(st.integers(0, newest - 1))
        last = data.draw(st.integers(first, newest - 1))
        own = [each for each in everything if each.arrives > newest and first <= each.own_day <= last]
        wanted = sorted([*before, *((each.own_day, each.about, f"p{each.product}") for each in own)])
        land(files, everything, first, last)
        assert landed(files, 0, newest - 1) == wanted
        land(files, everything, newest + 1, DAYS - 1)
        assert landed(files, 0, newest - 1) == wanted
        assert len(landed(files)) == len(everything)


@settings(max_examples=60, deadline=None)
@given(everything=some_records, data=st.data())
def test_records_land_where_a_look_at_the_whole_table_puts_them(everything: list[Record], data: st.DataObject) -> None:
    """Whatever is handed in, withdrawn or handed in again, and whichever days are run, with days before them that were missed."""
    with TemporaryDirectory() as ours, TemporaryDirectory() as theirs:
        files, whole = LandedFiles(Path(ours)), LandedFiles(Path(theirs))
        for each in (files, whole):
            each.prepare()
        for _ in range(data.draw(st.integers(1, 6))):
            handed_in = intake(data.draw(st.lists(st.sampled_from(everything), unique_by=lambda record: record.product)))
            first = data.draw(st.integers(0, DAYS - 1))
            asked = Window(day(first), day(data.draw(st.integers(first, DAYS - 1)) + 1))
            window = window_with_missed_days(asked, FIRST, set(files.landed_days()))
            stored.land(files, handed_in, TABLE, window, asked)
            land_by_whole_table(whole, handed_in, TABLE, window, asked)
            assert landed(files) == landed(whole)
            assert files.landed_days() == whole.landed_days()
