"""Closed weekdays are left out, closed days are filled by their weekday, and the season is what is left of the week."""

import numpy as np

from learning.demand.open_days import fill_by_week, open_days


def test_closed_weekdays_leave_a_shorter_week() -> None:
    values = np.tile([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0], 4)
    found = open_days(values, values > 0)
    assert found.season == 6
    assert found.values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] * 4
    assert found.known.all()


def test_the_series_begins_and_ends_with_known_days() -> None:
    known = np.zeros(21, dtype=np.bool_)
    known[3:18] = True
    assert open_days(np.arange(21.0), known).values.tolist() == np.arange(3.0, 18.0).tolist()


def test_an_opening_on_a_weekday_that_is_usually_closed_is_left_out() -> None:
    known = np.arange(70) % 7 != 6
    known[6] = True
    assert open_days(np.arange(70.0), known).values.size == 60


def test_a_closed_day_lies_between_its_weekday_before_and_after() -> None:
    values = np.arange(21.0)
    known = np.ones(21, dtype=np.bool_)
    known[8] = False
    found = open_days(np.where(known, values, 99.0), known)
    assert np.isnan(found.values[8])
    assert found.filled.tolist() == values.tolist()
    assert (~found.known).sum() == 1


def test_a_day_at_the_end_repeats_its_last_weekday() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, np.nan])
    assert fill_by_week(values, 3).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 3.0]


def test_nothing_known_is_an_empty_series() -> None:
    found = open_days(np.zeros(14), np.zeros(14, dtype=np.bool_))
    assert (found.values.size, found.filled.size, found.season) == (0, 0, 0)
