"""Version tables cut to the knowledge of a day."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl
from polars.testing import assert_frame_equal

from assets.as_of import Versions, in_force_on, read_versions
from assets.warehouse import Warehouse

DAYS = [date(2025, 1, day) for day in range(1, 8)]


def versions() -> pl.DataFrame:
    """A line known on the 2nd, corrected on the 4th; one known on the 3rd and voided on the 5th; one known on the 6th."""
    return pl.DataFrame(
        {
            "line": ["a", "a", "b", "c"],
            "units": [1, 2, 5, 9],
            "known_on": [DAYS[1], DAYS[3], DAYS[2], DAYS[5]],
            "superseded_on": [DAYS[3], None, DAYS[4], None],
        }
    )


def test_each_day_knows_its_own_version() -> None:
    known = Versions(versions())
    seen = {day.day: sorted(known.as_of(day).rows()) for day in DAYS}
    assert seen == {
        1: [],
        2: [("a", 1)],
        3: [("a", 1), ("b", 5)],
        4: [("a", 2), ("b", 5)],
        5: [("a", 2)],
        6: [("a", 2), ("c", 9)],
        7: [("a", 2), ("c", 9)],
    }


def test_a_version_superseded_on_the_day_it_became_known_is_never_in_force() -> None:
    frame = versions().with_columns(superseded_on=pl.col("known_on"))
    assert all(frame.filter(in_force_on(day)).is_empty() for day in DAYS)


def test_reading_stops_at_the_last_day_and_names_columns(tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "w.duckdb"))
    frame = versions()
    with duckdb.connect(warehouse.path) as connection:
        connection.register("frame", frame)
        connection.execute("create schema marts; create table marts.lines as select * from frame")
    early = read_versions(warehouse, "lines", DAYS[2])
    assert_frame_equal(early.frame.sort("line"), frame.filter(pl.col("known_on") <= DAYS[2]).sort("line"), check_dtypes=False)
    narrow = read_versions(warehouse, "lines", DAYS[6], ("line",), where="units < 5")
    assert narrow.as_of(DAYS[6]).rows() == [("a",)]
