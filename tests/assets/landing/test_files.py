"""Landed files: whole days, late arrivals, fingerprints."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from assets.landing.files import LandedFiles, fingerprints
from assets.landing.raw_records import window_with_missed_days
from assets.windows import Window
from shops.contract import TABLES
from shops.intake import landed_schema
from shops.intake_store import StoredIntake
from tests.assets.landing import stored

TABLE = "daily_sales"
DAYS = [date(2025, 1, day) for day in range(1, 11)]


def sales(*records: tuple[int, str, float], recorded_at: datetime | None = None) -> pl.DataFrame:
    """Records (about day, product, units) as the intake hands them over: known on the day they are about."""
    schema = landed_schema(TABLES[TABLE])
    rows = [
        {"business_day": DAYS[day - 1], "product_id": product, "location_id": "main", "units": units, "recorded_at": recorded_at}
        | {"known_on": DAYS[day - 1], "source_file": "sales.csv", "source_row": row}
        for row, (day, product, units) in enumerate(records, start=1)
    ]
    frame = pl.DataFrame(rows, schema_overrides={name: schema[name] for name in rows[0]})
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in frame.columns]
    return frame.with_columns(missing).select(list(schema))


@pytest.fixture
def files(tmp_path: Path) -> LandedFiles:
    files = LandedFiles(tmp_path / "landing")
    files.prepare()
    return files


def land(files: LandedFiles, rows: pl.DataFrame, first: int, last: int) -> None:
    """What the landing asset does with the rows of one table for the days `first` to `last`."""
    stored.land(files, rows, TABLE, Window(DAYS[first - 1], DAYS[last]))


def landed(files: LandedFiles) -> list[tuple[int, int, str, float]]:
    """(known on, about, product, units) of everything that stands."""
    frame = pl.concat([pl.read_parquet(file) for file in sorted((files.folder / TABLE).glob("*.parquet"))])
    rows = frame.select(pl.col("known_on").dt.day(), pl.col("business_day").dt.day(), "product_id", "units").rows()
    return sorted(rows)


def test_every_table_has_an_empty_file_with_its_schema(files: LandedFiles) -> None:
    for name, table in TABLES.items():
        frame = pl.read_parquet(files.folder / name / "*.parquet")
        assert frame.is_empty()
        assert frame.schema == landed_schema(table)


def test_a_schema_of_an_older_release_is_replaced(files: LandedFiles) -> None:
    schema_file = files.folder / TABLE / "_schema.parquet"
    pl.DataFrame({"old": [1]}).write_parquet(schema_file)
    files.prepare()
    assert pl.read_parquet_schema(schema_file) == landed_schema(TABLES[TABLE])


def test_a_window_is_replaced_whole(files: LandedFiles) -> None:
    land(files, sales((1, "a", 1), (2, "a", 2), (3, "a", 3)), 1, 3)
    by_day = files.replace_window(TABLE, sales((2, "b", 7), (4, "b", 9)), Window(DAYS[1], DAYS[3]))
    assert by_day == {DAYS[1]: 1}, "a row outside the window is not written"
    assert landed(files) == [(1, 1, "a", 1), (2, 2, "b", 7)], "day 3 came back empty and is empty"
    assert not files.day_file(TABLE, DAYS[2]).exists()


def test_no_half_written_file_is_left(files: LandedFiles) -> None:
    land(files, sales((1, "a", 1)), 1, 1)
    assert [file.name for file in files.folder.rglob(".*")] == []


def test_first_import_keeps_the_day_a_record_is_about(files: LandedFiles) -> None:
    land(files, sales((1, "a", 1), (3, "a", 3)), 1, 4)
    assert landed(files) == [(1, 1, "a", 1), (3, 3, "a", 3)]


def test_an_undated_record_that_arrives_late_becomes_known_on_the_day_it_arrived(files: LandedFiles) -> None:
    land(files, sales((1, "a", 1), (3, "a", 3)), 1, 4)
    land(files, sales((1, "a", 1), (3, "a", 3), (2, "late", 8), (5, "a", 5)), 5, 6)
    assert landed(files) == [(1, 1, "a", 1), (3, 3, "a", 3), (5, 5, "a", 5), (6, 2, "late", 8)]


def test_a_changed_record_is_a_late_arrival_and_the_old_one_stays(files: LandedFiles) -> None:
    land(files, sales((2, "a", 2)), 1, 4)
    land(files, sales((2, "a", 20)), 5, 5)
    assert landed(files) == [(2, 2, "a", 2), (5, 2, "a", 20)]


@pytest.mark.parametrize("window", [(5, 6), (6, 6), (3, 3), (1, 2)])
def test_landing_a_window_again_changes_nothing(files: LandedFiles, window: tuple[int, int]) -> None:
    grown = sales((1, "a", 1), (3, "a", 3), (2, "late", 8), (5, "a", 5))
    land(files, sales((1, "a", 1), (3, "a", 3)), 1, 4)
    land(files, grown, 5, 6)
    before, marks = landed(files), files.landed_days()
    land(files, grown, *window)
    assert landed(files) == before
    assert files.landed_days() == marks


@pytest.mark.parametrize("window", [(2, 6), (1, 6)])
def test_a_range_over_both_days_keeps_late_arrivals_late(files: LandedFiles, window: tuple[int, int]) -> None:
    grown = sales((1, "a", 1), (3, "a", 3), (2, "late", 8), (5, "a", 5))
    land(files, sales((1, "a", 1), (3, "a", 3)), 1, 4)
    land(files, grown, 5, 6)
    before = landed(files)
    land(files, grown, *window)
    assert landed(files) == before


@pytest.mark.parametrize("windows", [[(2, 2), (3, 3), (4, 4)], [(2, 4)], [(2, 2), (4, 4)]], ids=["one by one", "range", "some"])
def test_days_run_again_take_what_the_files_hold_for_them_one_by_one_as_in_a_range(
    files: LandedFiles, windows: list[tuple[int, int]]
) -> None:
    """As after an export that was mended: the rows of each day are its own, not news of the last day of the range."""
    land(files, sales((1, "a", 1), (3, "a", 3)), 1, 4)
    for window in windows:
        land(files, sales((1, "a", 1), (3, "a", 4), (2, "mended", 8), (4, "mended", 2)), *window)
    rerun = {day for first, last in windows for day in range(first, last + 1)}
    third = [(3, 3, "a", 4)] if 3 in rerun else [(3, 3, "a", 3), (4, 3, "a", 4)]
    assert landed(files) == sorted([(1, 1, "a", 1), (2, 2, "mended", 8), *third, (4, 4, "mended", 2)])


def test_a_missed_day_does_not_make_late_records_of_the_days_after_it_punctual(files: LandedFiles) -> None:
    """Day 3 was never landed, day 4 was: the run of day 5 lands 3 to 5, and what it finds anew about day 4 is news of the 5th."""
    land(files, sales((1, "a", 1)), 1, 2)
    land(files, sales((1, "a", 1), (4, "a", 4)), 4, 4)
    window, asked = Window(DAYS[2], DAYS[5]), Window(DAYS[4], DAYS[5])
    stored.land(files, sales((1, "a", 1), (3, "a", 3), (4, "a", 4), (4, "late", 9), (5, "a", 5)), TABLE, window, asked)
    assert landed(files) == [(1, 1, "a", 1), (3, 3, "a", 3), (4, 4, "a", 4), (5, 4, "late", 9), (5, 5, "a", 5)]


def test_news_that_had_to_wait_is_not_forgotten(files: LandedFiles) -> None:
    """Late records of day 4, seen by a run of the 5th that also lands the missed 3rd, wait for the newest day: the 8th was landed."""
    first, grown = sales((1, "a", 1), (4, "a", 4), (8, "a", 8)), sales((1, "a", 1), (4, "a", 4), (4, "late", 9), (8, "a", 8))
    for days in ((1, 2), (4, 4), (8, 8)):
        land(files, first, *days)
    stored.land(files, grown, TABLE, Window(DAYS[2], DAYS[5]), Window(DAYS[4], DAYS[5]))
    assert landed(files) == [(1, 1, "a", 1), (4, 4, "a", 4), (8, 8, "a", 8)]
    land(files, grown, 9, 9)
    assert landed(files) == [(1, 1, "a", 1), (4, 4, "a", 4), (8, 8, "a", 8), (9, 4, "late", 9)]


def test_only_days_that_changed_are_read_again(files: LandedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = sales(*((day, "a", day) for day in range(1, 8)), (3, "late", 9))
    land(files, rows.filter(pl.col("product_id") != "late"), 1, 6)
    land(files, rows, 7, 7)
    read: list[object] = []
    accepted, accepted_on = StoredIntake.accepted, StoredIntake.accepted_on
    monkeypatch.setattr(StoredIntake, "accepted", lambda self, *days: read.append(days) or accepted(self, *days))
    monkeypatch.setattr(StoredIntake, "accepted_on", lambda self, days: read.append(days) or accepted_on(self, days))
    land(files, pl.concat([rows, sales((8, "a", 8), (2, "late", 9), (5, "late", 9))]), 8, 8)
    assert read == [[DAYS[1], DAYS[4]], (DAYS[7], DAYS[7])], "day 3 was looked at when its late record came"
    assert (8, 5, "late", 9) in landed(files)


def test_fingerprints_do_not_depend_on_the_order_of_rows_or_where_they_stood() -> None:
    rows = sales((1, "a", 1), (1, "b", 2), (2, "a", 3))
    moved = rows.sample(fraction=1.0, shuffle=True, seed=3).with_columns(source_file=pl.lit("other.csv"), source_row=pl.lit(9, pl.Int64))
    assert fingerprints(rows, DAYS[:3]) == fingerprints(moved, DAYS[:3])


@pytest.mark.parametrize(
    "other",
    [
        sales((1, "a", 1), (1, "b", 2.5), (2, "a", 3)),
        sales((1, "a", 1), (2, "a", 3)),
        sales((1, "a", 1), (1, "b", 2), (1, "b", 2), (2, "a", 3)),
    ],
    ids=["changed", "removed", "repeated"],
)
def test_fingerprints_see_every_change_and_only_its_day(other: pl.DataFrame) -> None:
    first, second = (fingerprints(frame, DAYS[:3]) for frame in (sales((1, "a", 1), (1, "b", 2), (2, "a", 3)), other))
    assert first[DAYS[0]] != second[DAYS[0]]
    assert first[DAYS[1]] == second[DAYS[1]]
    assert first[DAYS[2]] == second[DAYS[2]] == "empty"


def test_landed_days_are_remembered_table_by_table(files: LandedFiles) -> None:
    files.record_landed({DAYS[0]: {"prices": "x"}})
    files.record_landed({DAYS[0]: {TABLE: "y"}, DAYS[1]: {TABLE: "z"}})
    assert files.landed_days() == {DAYS[0]: {"prices": "x", TABLE: "y"}, DAYS[1]: {TABLE: "z"}}


def test_a_run_reaches_back_to_the_first_day_never_landed() -> None:
    window = Window(DAYS[7], DAYS[9])
    assert window_with_missed_days(window, DAYS[0], set()).start == DAYS[0]
    assert window_with_missed_days(window, DAYS[0], set(DAYS[:4])).start == DAYS[4]
    assert window_with_missed_days(window, DAYS[0], set(DAYS[:7])) == window
    assert window_with_missed_days(window, DAYS[0], set(DAYS[:2]) | {DAYS[8]}).start == DAYS[2]
