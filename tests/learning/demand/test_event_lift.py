"""Recurring events: their lift is learned per category, at the locations where they fall, and applied to the days to come."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.demand.day_lift import learn_day_lift
from learning.demand.event_lift import event_days, recurring_events
from learning.demand.future import coming_from_frame
from learning.demand.grid import build_grid
from learning.demand.holiday_days import all_events, calendar_events, general_events, no_holidays
from learning.demand.settings import DemandSettings
from learning.demand.smoothing import running_means

FIRST = date(2025, 1, 6)
DAYS = 140
SETTINGS = DemandSettings()
PAY_DAYS = [FIRST + timedelta(days=step) for step in range(3, DAYS + 28, 10)]


def shop(bread_factor: float) -> pl.DataFrame:
    """Two locations x two categories, 20 units a day; pay days at the north move bread only."""
    rows = [
        (FIRST + timedelta(days=step), f"{category}{n}", location, category, 20.0 * factor)
        for step in range(DAYS)
        for location in ("north", "south")
        for category in ("bread", "milk")
        for n in range(3)
        for factor in [bread_factor if FIRST + timedelta(days=step) in PAY_DAYS and location == "north" and category == "bread" else 1.0]
    ]
    return pl.DataFrame(rows, schema=["business_day", "product_id", "location_id", "category", "units"], orient="row")


def pay_days(location: str | None) -> pl.DataFrame:
    return all_events(pl.DataFrame({"business_day": PAY_DAYS, "holiday": "pay day"}).with_columns(location_id=pl.lit(location, pl.String)))


def test_a_local_event_lifts_its_category_at_its_location_only() -> None:
    grid = build_grid(shop(1.5))
    events = pay_days("north")
    lift = learn_day_lift(grid, events, SETTINGS)
    learned = dict(lift.events.table.select("category", "lift").iter_rows())
    assert learned["bread"] == pytest.approx(1.45, abs=0.06)  # drawn to the shop's 1.2 by 300 units
    assert learned["milk"] == pytest.approx(1.0, abs=0.06)
    coming = coming_from_frame(grid, None, events, 14, SETTINGS)
    factors = lift.coming(grid, coming)
    bread_north = (grid.items["category"] == "bread").to_numpy() & (grid.items["location_id"] == "north").to_numpy()
    on = np.array([day in PAY_DAYS for day in coming.days])
    assert on.sum() in (1, 2)
    assert np.allclose(factors[bread_north][:, on], learned["bread"])
    assert np.allclose(factors[:, ~on], 1.0)
    assert np.allclose(factors[(grid.items["location_id"] == "south").to_numpy()], 1.0)


def test_an_event_that_moves_nothing_has_a_lift_of_one() -> None:
    lift = learn_day_lift(build_grid(shop(1.0)), pay_days(None), SETTINGS)
    assert lift.events.table["lift"].to_list() == pytest.approx([1.0, 1.0], abs=1e-9)


def test_events_seen_less_often_teach_no_ratio() -> None:
    days = build_grid(shop(1.0)).days.tolist()
    assert recurring_events(pay_days(None), days).height == len(PAY_DAYS)
    assert recurring_events(pay_days(None).head(7), days).is_empty()
    assert learn_day_lift(build_grid(shop(1.5)), no_holidays(), SETTINGS).events.table.is_empty()


def test_an_event_of_all_locations_falls_everywhere_and_a_local_one_does_not() -> None:
    told = all_events(
        pl.DataFrame({"business_day": [FIRST, FIRST], "holiday": ["fair", "fair"], "location_id": ["all", "west"]}),
        pl.DataFrame({"business_day": [FIRST + timedelta(days=1)], "holiday": ["fair"], "location_id": ["west"]}),
    )
    assert general_events(told)["business_day"].to_list() == [FIRST]
    assert event_days(told, "fair", ["east", "west"], FIRST, 2).tolist() == [[True, False], [True, True]]


def test_a_calendar_keeps_the_location_of_its_events() -> None:
    calendar = pl.DataFrame(
        {"business_day": [FIRST, FIRST, FIRST], "location_id": ["all", "west", "west"], "event_name": ["sale", "fair", None]}
    )
    assert calendar_events(calendar).select("holiday", "location_id").rows() == [("fair", "west"), ("sale", None)]


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=40), st.sampled_from([0.02, 0.1, 0.5]))
def test_running_means_are_the_slow_recursion(days: list[tuple[float, bool]], weight: float) -> None:
    values, counted = np.array([[value for value, _ in days]]), np.array([[here for _, here in days]])
    level, seen, slow = 0.0, 0, []
    for value, here in days:
        if here:
            seen += 1
            level += max(weight, 1 / seen) * (value - level)
        slow.append(level if seen else np.nan)
    assert np.allclose(running_means(values, counted, (weight,))[0, :, 0], slow, rtol=1e-5, atol=1e-5, equal_nan=True)
