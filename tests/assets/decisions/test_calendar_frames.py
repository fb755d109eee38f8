"""What a calendar is planned from: weeks, base sales, announced promotions, stock, candidates and rejections of a small shop."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.decisions.calendar_frames import (
    base_units,
    calendar_weeks,
    candidates,
    held_days,
    held_weeks,
    rejected,
    stock_for_lifts,
)
from shops.promotion_terms import PromotionTerms

SUNDAY = date(2025, 3, 2)
TERMS = PromotionTerms(enabled=True, weeks=4, lead_weeks=1, cool_down_weeks=1, kinds={"10 percent": 0.1, "2 for 1": 0.5})
WEEKS = calendar_weeks(SUNDAY, TERMS)


def forecast(days: int = 21, **units: float) -> pl.DataFrame:
    """Daily forecasts from Monday the 3rd on, the same every day, halved over two locations."""
    rows = [
        {"product_id": product, "location_id": place, "business_day": SUNDAY + timedelta(days=day + 1), "forecast_units": each / 2}
        for product, each in units.items()
        for place in ("north", "south")
        for day in range(days)
    ]
    return pl.DataFrame(rows)


def promotions(*rows: tuple[str, date, date]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"product_id": pl.String, "starts_on": pl.Date, "ends_on": pl.Date}, orient="row")


@pytest.mark.parametrize(("day", "first"), [(SUNDAY, date(2025, 3, 10)), (date(2025, 3, 3), date(2025, 3, 17))])
def test_the_first_week_begins_full_weeks_ahead_on_a_monday(day: date, first: date) -> None:
    weeks = calendar_weeks(day, TERMS)
    assert (weeks.first, weeks.last_day) == (first, first + timedelta(days=27))
    assert weeks.starts()["week_start"].to_list()[0] == first


def test_base_sales_are_the_forecasts_as_far_as_it_goes_and_then_its_mean_week() -> None:
    told = forecast(tea=2.0)
    later = told.with_columns(forecast_units=pl.when(pl.col("business_day") >= date(2025, 3, 17)).then(3.0).otherwise("forecast_units"))
    base = base_units(later, held_days(promotions(), later), WEEKS)
    # two weeks at 2 a day, of which one lies before the calendar, then one at 6
    assert base.select("week", "base_units", "base_source").rows() == [
        (0, pytest.approx(14.0), "forecast"),
        (1, pytest.approx(42.0), "forecast"),
        (2, pytest.approx(70 / 3), "continued"),
        (3, pytest.approx(70 / 3), "continued"),
    ]


def test_days_of_an_announced_promotion_are_no_base_sales() -> None:
    told = forecast(tea=2.0).with_columns(
        forecast_units=pl.when(pl.col("business_day").is_between(date(2025, 3, 10), date(2025, 3, 12)))
        .then(9.0)
        .otherwise("forecast_units")
    )
    announced = promotions(("tea", date(2025, 3, 10), date(2025, 3, 12)))
    base = base_units(told, held_days(announced, told), WEEKS)
    assert base["base_units"].to_list() == [pytest.approx(14.0)] * 4


def test_promotions_hold_every_week_they_touch_as_far_back_as_a_product_rests() -> None:
    announced = promotions(
        ("tea", date(2025, 3, 12), date(2025, 3, 18)),
        ("cup", date(2025, 3, 3), date(2025, 3, 3)),
        ("pot", date(2024, 1, 1), date(2024, 1, 7)),
    )
    assert held_weeks(announced, WEEKS, 1).rows() == [("cup", -1), ("tea", 0), ("tea", 1)]


def test_candidates_carry_lift_cost_and_what_is_taken_from_other_products() -> None:
    base = pl.DataFrame(
        {"product_id": ["tea", "cup", "jar"], "week": [0, 0, 0], "base_units": [100.0, 0.0, 50.0], "base_source": "forecast"}
    )
    products = pl.DataFrame(
        {"product_id": ["tea", "cup", "jar"], "category": "drink", "unit_price": [10.0, 5.0, None], "unit_cost": [None, 2.0, 1.0]},
        schema_overrides={"unit_price": pl.Float64, "unit_cost": pl.Float64},
    )
    effects = pl.DataFrame(
        {
            "product_id": ["tea", "cup"],
            "category": "drink",
            "band": [1, 1],
            "lift": [1.4, 1.5],
            "lift_low": [1.2, 1.3],
            "lift_high": [1.6, 1.7],
            "events": [2, 0],
            "category_events": [3, 3],
            "lift_source": ["product", "category"],
        }
    )
    terms = PromotionTerms(kinds={"10 percent": 0.1, "2 for 1": 0.5}, take_up={"2 for 1": 0.6}, taken_from_others_share=0.25, slot_cost=3.0)
    offered = candidates(base, products, effects, terms, {"10 percent": 1, "2 for 1": 3}, 0.6)
    # cup does not sell, jar has no price, and nobody has seen a promotion as deep as 2 for 1
    assert offered.select("product_id", "promotion_id").rows() == [("tea", "10 percent")]
    row = offered.row(0, named=True)
    assert (row["unit_cost"], row["cost_source"], row["slot_cost"]) == (6.0, "assumed", 3.0)
    assert (row["lift_units"], row["lift_low_units"], row["lift_high_units"]) == pytest.approx((40.0, 20.0, 60.0))
    assert row["lost_elsewhere"] == pytest.approx(0.25 * 40 * 4.0)


def test_only_weeks_that_no_later_order_reaches_are_held_to_the_stock() -> None:
    monday = date(2025, 3, 3)
    orders = pl.DataFrame(
        {
            "product_id": ["tea", "tea", "cup", "pot"],
            "on_hand": [20.0, 30.0, None, 500.0],
            "in_transit_units": [5.0, 0.0, 0.0, 0.0],
            "order_units": [15.0, 0.0, 0.0, 0.0],
            "order_day": [monday] * 4,
            "expected_arrival_on": [date(2025, 3, 13)] * 3 + [date(2025, 3, 4)],
            "next_order_day": [date(2025, 3, 10)] * 4,
        }
    )
    # tea: an order of the 10th arrives on the 20th, after weeks 0 and 1 have begun; 70 are there, 14 a week are sold from the 3rd on
    stock = stock_for_lifts(orders, forecast(tea=2.0, cup=1.0, pot=1.0), WEEKS)
    assert stock.filter(pl.col("product_id") == "tea").rows() == [("tea", 0, pytest.approx(42.0)), ("tea", 1, pytest.approx(28.0))]
    assert stock.filter(pl.col("product_id") != "tea").rows() == [("pot", 0, pytest.approx(486.0))]


def test_rejections_forbid_the_week_they_begin_in() -> None:
    decisions = pl.DataFrame(
        {
            "product_id": ["tea", "cup", "pot", "jar"],
            "starts_on": [date(2025, 3, 10), date(2025, 3, 19), date(2025, 3, 17), date(2025, 3, 3)],
            "action": ["reject", "reject", "approve", "reject"],
            "promotion_name": [None, "2 for 1", "10 percent", None],
        }
    )
    assert rejected(decisions, WEEKS).rows() == [("cup", 1, "2 for 1", "forbid"), ("tea", 0, None, "forbid")]
