"""Cells read as the contract's kinds, each way a file may write them."""

from datetime import date, datetime

import polars as pl
import pytest

from shops.contract import Column, Kind
from shops.csv_terms import CsvFormat
from shops.intake_cells import FAULTS, read_cells

BERLIN = "Europe/Berlin"


def read(values: pl.Series | list, kind: Kind, csv: CsvFormat | None = None, **limits: object) -> list:
    """Values as read, with the fault's name in place of a faulty cell."""
    raw = values if isinstance(values, pl.Series) else pl.Series(values)
    cells = read_cells(raw, Column("x", kind, "a test", **limits), BERLIN, csv)
    return [FAULTS[fault] or value for value, fault in zip(cells.values, cells.faults, strict=True)]


def test_numbers_as_text() -> None:
    assert read(["1", " 2.5 ", "1e3", "", None, "abc", "nan", "inf"], "number") == [
        1.0,
        2.5,
        1000.0,
        None,
        None,
        "not_a_number",
        "not_finite",
        "not_finite",
    ]


def test_a_decimal_comma_counts_only_where_declared() -> None:
    assert read(["1,5", "2"], "money", CsvFormat(decimal=",")) == [1.5, 2.0]
    assert read(["1,5"], "money", CsvFormat()) == ["not_a_number"]


def test_integers_may_be_written_with_a_point_but_not_with_a_fraction() -> None:
    assert read(["12.0", "12.5", "7"], "integer") == [12, "not_a_number", 7]
    assert read(pl.Series([3.0, 3.5]), "integer") == [3, "not_a_number"]


def test_bounds_are_inclusive() -> None:
    assert read([-1, 0, 5, 6], "number", minimum=0, maximum=5) == ["out_of_range", 0.0, 5.0, "out_of_range"]


def test_a_required_cell_may_not_be_empty_and_an_optional_one_takes_the_default() -> None:
    assert read(["a", " ", None], "text", required=True) == ["a", "missing_required", "missing_required"]
    assert read(["a", " ", None], "text", default="main") == ["a", "main", "main"]
    assert read([None, 2], "integer", default=1) == [1, 2]


@pytest.mark.parametrize("values", [pl.Series([17850, None]), pl.Series([17850.0, None]), pl.Series(["17850", None], dtype=pl.Categorical)])
def test_numbers_that_are_names_lose_no_digit(values: pl.Series) -> None:
    assert read(values, "text") == ["17850", None]


def test_allowed_words_are_read_in_any_case() -> None:
    assert read(["Sale", "RETURN", "gift"], "text", allowed=("sale", "return")) == ["sale", "return", "not_allowed"]


def test_flags() -> None:
    assert read(["yes", "0", "TRUE", "", "maybe"], "flag", default=False) == [True, False, True, False, "not_allowed"]
    assert read(pl.Series([1, 0]), "flag") == [True, False]


def test_days() -> None:
    written = ["2024-03-01", "2024-03-01 23:59:59", "2024-03-01T23:30:00Z", "01.03.2024", "2024-02-30", "1700-01-01"]
    read_days = [date(2024, 3, 1), date(2024, 3, 1), date(2024, 3, 2), "not_a_date", "not_a_date", "out_of_range"]
    assert read(written, "day") == read_days
    assert read(["01.03.2024"], "day", CsvFormat(date_format="%d.%m.%Y")) == [date(2024, 3, 1)]
    assert read(pl.Series([datetime(2024, 3, 1, 12)]), "day") == [date(2024, 3, 1)]
    assert read([20240301], "day") == ["not_a_date"]


def test_an_offset_is_moved_to_the_shops_zone_across_the_change_of_clocks() -> None:
    written = [
        "2024-01-31T12:30:00+00:00",
        "2024-07-01 12:30:00Z",
        "2024-07-01T12:30:00-0500",
        "2024-07-01 12:30",
        "2024-07-01 12:30:15.250",
    ]
    assert read(written, "timestamp") == [
        datetime(2024, 1, 31, 13, 30),
        datetime(2024, 7, 1, 14, 30),
        datetime(2024, 7, 1, 19, 30),
        datetime(2024, 7, 1, 12, 30),
        datetime(2024, 7, 1, 12, 30, 15, 250_000),
    ]


def test_timestamps_of_parquet_with_and_without_zone() -> None:
    moment = pl.Series([datetime(2024, 7, 1, 12, 30)])
    assert read(moment, "timestamp") == [datetime(2024, 7, 1, 12, 30)]
    assert read(moment.cast(pl.Datetime("ns")).dt.replace_time_zone("UTC"), "timestamp") == [datetime(2024, 7, 1, 14, 30)]


def test_odd_types_are_faults_and_no_crash() -> None:
    assert read(pl.Series([[1, 2], None]), "number") == ["not_a_number", None]
    assert read(pl.Series([True, False]), "number") == ["not_a_number", "not_a_number"]
    assert read(pl.Series([None, None]), "timestamp") == [None, None]
    assert read(pl.Series([None, None]), "number", required=True) == ["missing_required", "missing_required"]
