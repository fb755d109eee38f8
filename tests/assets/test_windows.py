"""Windows and training days."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.marts.sql_models import facts_window
from assets.windows import Window, by_training_day, month_ends, training_day

SUNDAY = date(2025, 12, 21)
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def test_window_is_half_open() -> None:
    window = Window(date(2025, 1, 30), date(2025, 2, 2))
    assert window.days == [date(2025, 1, 30), date(2025, 1, 31), date(2025, 2, 1)]
    assert window.last_day == date(2025, 2, 1)


def test_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        Window(SUNDAY, SUNDAY)


def test_window_is_only_stretched_backwards() -> None:
    window = Window(date(2025, 3, 10), date(2025, 3, 12))
    assert window.since(date(2025, 3, 1)) == Window(date(2025, 3, 1), date(2025, 3, 12))
    assert window.since(date(2025, 3, 11)) == window


@pytest.mark.parametrize(("offset", "expected"), [(0, 0), (1, 0), (6, 0), (7, 7)])
def test_training_day_is_the_last_sunday(offset: int, expected: int) -> None:
    assert training_day(SUNDAY + timedelta(days=offset), date(2020, 1, 1)) == SUNDAY + timedelta(days=expected)


def test_training_day_never_lies_before_the_shop() -> None:
    assert training_day(date(2025, 12, 24), date(2025, 12, 23)) == date(2025, 12, 23)


@given(day=DAYS, back=st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_training_day_uses_no_later_knowledge(day: date, back: int) -> None:
    trained = training_day(day, day - timedelta(days=back))
    assert day - timedelta(days=6) <= trained <= day


def test_days_of_a_week_share_one_model_in_order() -> None:
    days = [SUNDAY + timedelta(days=offset) for offset in range(-1, 8)]
    groups = list(by_training_day(days[::-1], date(2020, 1, 1)))
    assert [trained for trained, _ in groups] == [SUNDAY - timedelta(days=7), SUNDAY, SUNDAY + timedelta(days=7)]
    assert [day for _, group in groups for day in group] == days


def test_facts_window_reaches_back_to_the_first_day_that_differs_from_what_was_built() -> None:
    days = [date(2025, 5, day) for day in range(1, 6)]
    window = Window(days[3], days[4])
    landed = dict.fromkeys(days, "a")
    assert facts_window(window, landed, dict.fromkeys(days, "a")) == window
    assert facts_window(window, landed, {}).start == days[0]
    assert facts_window(window, landed, {**landed, days[1]: "b"}).start == days[1]
    assert facts_window(window, landed, {**landed, days[4]: "b"}) == window, "later days are not this run's"


def test_month_ends_are_the_last_days_of_months() -> None:
    assert month_ends(date(2024, 1, 31), date(2024, 3, 30)) == [date(2024, 1, 31), date(2024, 2, 29)]
    assert month_ends(date(2024, 2, 1), date(2024, 1, 1)) == []
