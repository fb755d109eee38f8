"""Totals brought to a sales forecast, by hand."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.customer_value import NOT_RESCALED, OutlookSettings, rescaling_to
from learning.customer_value.rescaling import KnownWindow, agreed_total, elasticity, known_windows, shift_to

DAY = date(2025, 6, 30)
SETTINGS = OutlookSettings()


def units(days: int, of_day: float = 10.0, later: float | None = None) -> pl.DataFrame:
    """So many days up to DAY; the last 28 may differ."""
    dates = pl.date_range(DAY - timedelta(days=days - 1), DAY, eager=True)
    sold = [of_day] * (days - 28) + [of_day if later is None else later] * 28
    return pl.DataFrame({"business_day": dates, "units": sold})


def forecast(days: int, of_day: float) -> pl.DataFrame:
    dates = pl.date_range(DAY + timedelta(days=1), DAY + timedelta(days=days), eager=True)
    return pl.DataFrame({"business_day": dates, "forecast_units": [of_day] * days})


def windows(days: int, order_days: int) -> tuple[KnownWindow, ...]:
    starts = [DAY - timedelta(days=days + 28 * number - 1) for number in range(3)]
    return tuple(KnownWindow(start, start + timedelta(days=days - 1), order_days // 2, order_days, 5.0 * order_days) for start in starts)


def test_known_windows_by_hand() -> None:
    """Ann ordered before the windows and in both; Bob's first order lies in the newest and counts in none."""
    rows = [("ann", 60, 1), ("ann", 40, 1), ("ann", 10, 1), ("ann", 9, 1), ("ann", 8, 0), ("bob", 5, 1), ("bob", 2, 1)]
    order_days = pl.DataFrame(
        [(who, DAY - timedelta(days=ago), orders, 10.0 * orders, 10.0 if orders else -4.0) for who, ago, orders in rows],
        schema=["customer_key", "business_day", "orders", "sale_revenue", "net_revenue"],
        orient="row",
    )
    newest, before = known_windows(order_days, DAY, 28, 28)
    assert (newest.first_day, newest.last_day) == (DAY - timedelta(days=27), DAY)
    assert (newest.buyers, newest.order_days, newest.net_revenue) == (1, 2, 16.0)
    assert (before.buyers, before.order_days, before.net_revenue) == (1, 1, 10.0)


def test_the_same_sales_give_the_same_totals() -> None:
    told = rescaling_to(windows(28, 50), windows(84, 150), units(500), forecast(42, 10.0), SETTINGS)
    assert told.to == "sales_forecast"
    assert (told.buyers, told.order_days, told.net_revenue) == (pytest.approx(25), pytest.approx(50), pytest.approx(750))


def test_days_beyond_the_forecast_follow_last_year() -> None:
    """42 days at 20 instead of 10 a day, the 42 after them sold 30 a year ago: they are taken to sell 60."""
    then = pl.col("business_day").is_between(DAY - timedelta(days=364 - 43), DAY - timedelta(days=364 - 84))
    last_year = units(500).with_columns(units=pl.when(then).then(30.0).otherwise("units"))
    told = rescaling_to(windows(28, 50), windows(84, 150), last_year, forecast(42, 20.0), SETTINGS)
    assert told.net_revenue == pytest.approx(750 * (42 * 20 + 42 * 60) / (84 * 10), rel=1e-6)


def test_without_a_season_seen_or_a_forecast_nothing_is_rescaled() -> None:
    assert rescaling_to(windows(28, 50), windows(84, 150), units(300), forecast(42, 10.0), SETTINGS) == NOT_RESCALED
    assert rescaling_to(windows(28, 50), windows(84, 150), units(500), forecast(20, 10.0), SETTINGS) == NOT_RESCALED
    assert rescaling_to((), (), units(500), forecast(42, 10.0), SETTINGS) == NOT_RESCALED
    assert rescaling_to(windows(28, 0), windows(84, 0), units(500), forecast(42, 10.0), SETTINGS) == NOT_RESCALED


def test_elasticity_is_learned_from_the_changes() -> None:
    sold = [100.0, 200.0, 100.0, 50.0, 100.0] * 4
    assert elasticity([each**0.4 for each in sold], sold) == pytest.approx(0.4, abs=0.02)
    assert elasticity([7.0], [3.0]) == 1.0
    assert elasticity([1.0, 9.0], [9.0, 1.0]) == 0.0  # against the sales: not followed


def test_the_forecast_is_met_half_way_or_whole_and_never_beyond_the_bounds() -> None:
    assert agreed_total(100.0, 144.0, 0.5, SETTINGS) == pytest.approx(120.0)
    assert agreed_total(100.0, 144.0, 1.0, SETTINGS) == pytest.approx(144.0)
    assert agreed_total(100.0, 900.0, 1.0, SETTINGS) == pytest.approx(200.0)
    assert agreed_total(0.0, 900.0, 1.0, SETTINGS) == 0.0


@given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=40), st.floats(0.01, 0.99))
@settings(max_examples=60, deadline=None)
def test_shifted_chances_reach_the_total_and_keep_their_order(chances: list[float], share: float) -> None:
    chance = np.array(chances)
    moved = shift_to(chance, share * len(chance))
    assert moved.sum() == pytest.approx(share * len(chance), rel=1e-6)
    assert (np.argsort(moved[np.argsort(chance, kind="stable")], kind="stable") == np.arange(len(chance))).all()
