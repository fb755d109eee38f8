"""The outlook's frames on a shop of two items that is worked out by hand.

As-of day is Sunday 1 June 2025; weeks begin on Mondays. Item a sells 1 a day, has 10 on hand, 6 due in the second week and a lead time of
one week; item b sells 2 a day, has nothing on hand, and what is ordered in a week arrives in it.
"""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.decisions.outlook_frames import (
    MOST_ITEMS_WITH_TERMS,
    order_periods,
    outlook_items,
    outlook_periods,
    outlook_suppliers,
    plan_outlook,
    weekly_limits,
)

DAY = date(2025, 6, 1)
KEY = ["product_id", "location_id"]


def order(product: str, on_hand: float | None, **changes: object) -> dict:
    row: dict[str, object] = {
        "product_id": product,
        "location_id": "main",
        "supplier_id": "s" + product,
        "order_day": DAY + timedelta(days=1),
        "unit_cost": 10.0,
        "unit_price": 16.0,
        "pack_units": 1,
        "moq_units": 0,
        "on_hand": on_hand,
        "shortage_weight": 0.5,
    }
    return row | changes


def product(name: str, lead: int, **changes: object) -> dict:
    row: dict[str, object] = {
        "product_id": name,
        "category": "food",
        "volume_m3": None,
        "shelf_life_days": None,
        "lead_time_days": lead,
        "discontinued_on": None,
    }
    return row | changes


PRODUCT_TYPES = {"volume_m3": pl.Float64, "shelf_life_days": pl.Int64, "discontinued_on": pl.Date}


def products(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=PRODUCT_TYPES)


def forecast(daily: dict[str, float], days: int) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, "main", DAY + timedelta(days=step), units) for name, units in daily.items() for step in range(1, days + 1)],
        schema=[*KEY, "business_day", "forecast_units"],
        orient="row",
    )


def suppliers(*rows: tuple[str, int, int, float]) -> pl.DataFrame:
    """Of (name, days from DAY to the next order day after today's, review days, minimum)."""
    return pl.DataFrame(
        [(name, DAY + timedelta(days=ahead), review, minimum, 0.0) for name, ahead, review, minimum in rows],
        schema=["supplier_id", "next_order_day", "review_days", "min_order_value", "fixed_order_cost"],
        orient="row",
    )


DUE = pl.DataFrame(
    [("a", "main", DAY + timedelta(days=8), 6.0), ("a", "main", date(2025, 9, 1), 99.0)],
    schema=[*KEY, "due_on", "due_units"],
    orient="row",
)
TWO = outlook_items(
    pl.DataFrame([order("a", 10.0), order("b", 0.0)]), products(product("a", 7), product("b", 3)), forecast({"a": 1, "b": 2}, 30), 0.365, 1
)


def test_costs_are_of_one_week_and_times_are_rounded_to_weeks() -> None:
    assert TWO["lead_time_periods"].to_list() == [1, 0]
    assert TWO["holding_cost"].to_list() == pytest.approx([10 * 0.365 * 7 / 365] * 2)
    assert TWO["lost_sale_cost"].to_list() == [3.0, 3.0]  # half of the margin of 6
    known = outlook_items(
        pl.DataFrame([order("a", 1.0)]), products(product("a", 24, shelf_life_days=20, volume_m3=0.5)), forecast({"a": 1.0}, 7), 0.25, 1
    )
    assert known.select("lead_time_periods", "shelf_life_periods", "volume_m3").row(0) == (3, 2, 0.5)


@pytest.mark.parametrize(
    ("item", "its_product", "sold"),
    [
        (order("a", None), product("a", 7), "a"),
        (order("a", 1.0, unit_cost=None), product("a", 7), "a"),
        (order("a", 1.0, unit_price=None), product("a", 7), "a"),
        (order("a", 1.0), product("a", 7, discontinued_on=DAY), "a"),
        (order("a", 1.0), product("a", 7), "another"),
    ],
    ids=["stock", "cost", "price", "discontinued", "forecast"],
)
def test_what_lacks_something_is_left_out(item: dict, its_product: dict, sold: str) -> None:
    orders = pl.DataFrame([item, order("z", 1.0)])
    left = outlook_items(orders, products(its_product, product("z", 7)), forecast({sold: 1.0, "z": 1.0}, 7), 0.25, 1)
    assert left["product_id"].to_list() == ["z"]


def test_only_full_weeks_count_and_what_is_due_later_is_not_seen() -> None:
    periods = outlook_periods(TWO, forecast({"a": 1, "b": 2}, 27), DUE, DAY)
    assert periods.filter(product_id="a")["demand_units"].to_list() == [7, 7, 7]
    assert periods.filter(product_id="a")["receipt_units"].to_list() == [0, 6, 0]
    assert periods.filter(product_id="b")["demand_units"].to_list() == [14, 14, 14]
    assert outlook_periods(TWO, forecast({"a": 1, "b": 2}, 100), DUE, DAY)["period"].max() == 7
    with pytest.raises(ValueError, match="no full week"):
        outlook_periods(TWO, forecast({"a": 1, "b": 2}, 6), DUE, DAY)


def test_a_supplier_orders_again_in_the_week_of_its_next_order_day() -> None:
    given = suppliers(("daily", 2, 1, 0), ("monday", 8, 7, 0), ("monthly", 15, 14, 0), ("rare", 91, 90, 0), ("thursday", 4, 3, 0))
    found = order_periods(given, DAY, 4).group_by("supplier_id", maintain_order=True).agg("period")
    assert dict(found.iter_rows()) == {
        "daily": [0, 1, 2, 3],
        "monday": [1, 2, 3],
        "monthly": [2],
        "rare": [4],  # a week after the last: none
        "thursday": [0, 1, 2, 3],
    }


def test_budgets_are_in_proportion_to_a_week_and_todays_orders_count() -> None:
    spent = pl.DataFrame({"category": ["food", None], "order_value": [30.0, 50.0]})
    table = weekly_limits(2, 400.0, {"food": 100.0}, 28, {"main": 9.0}, spent)
    assert table.rows() == [
        ("purchase_budget", "all", 0, 20.0),
        ("purchase_budget", "all", 1, 100.0),
        ("category_budget", "food", 0, 0.0),
        ("category_budget", "food", 1, 25.0),
        ("warehouse_volume", "main", 0, 9.0),
        ("warehouse_volume", "main", 1, 9.0),
    ]


def test_suppliers_terms_are_kept_for_few_items_and_the_word_says_so() -> None:
    terms = suppliers(("s", 8, 7, 50.0))
    assert outlook_suppliers(terms, MOST_ITEMS_WITH_TERMS)[1] == "kept"
    without, said = outlook_suppliers(terms, MOST_ITEMS_WITH_TERMS + 1)
    assert (said, without["min_order_value"].to_list()) == ("left out", [0.0])
    assert outlook_suppliers(suppliers(("s", 8, 7, 0.0)), 9)[1] == "none"


def test_the_two_items_are_planned_as_by_hand() -> None:
    items = TWO.with_columns(lost_sale_cost=pl.Series([3.0, 5.0]))
    periods = outlook_periods(items, forecast({"a": 1, "b": 2}, 21), DUE, DAY)
    limits = weekly_limits(3, 150.0, {}, 7, {}, pl.DataFrame({"category": [None], "order_value": [10.0]}))
    outlook = plan_outlook(items, periods, suppliers(("sa", 2, 1, 0.0), ("sb", 2, 1, 0.0)), limits, DAY, 4)
    assert (outlook.weeks, outlook.items, outlook.left_out, outlook.suppliers_terms) == (3, 2, 4, "none")
    assert (outlook.certificate.status, outlook.certificate.violations) == ("optimal", ())
    a, b = (outlook.plan.filter(product_id=name) for name in "ab")
    # b sells 14 a week and its lost sales cost more: it comes first. a: 10 - 7 = 3, 3 + 6 - 7 = 2, so 5 are missing in the last week; they
    # would be ordered a week before, when the money is for 15 units and b takes 14
    assert b["planned_order_units"].to_list() == [14, 14, 14]
    assert b["lost_units"].to_list() == [0, 0, 0]
    assert a["planned_order_units"].to_list() == [0, 1, 0]
    assert a["arrives_in_period"].to_list() == [None, 2, None]
    assert a["arrival_is_seen"].to_list() == [True, True, False]
    assert a["stock_end_units"].to_list() == [3, 2, 0]
    assert a["lost_units"].to_list() == [0, 0, 4]
    assert outlook.plan.select("period_start", "period_end").row(2) == (DAY + timedelta(days=15), DAY + timedelta(days=21))
    budget = outlook.limits.filter(limit_name="purchase_budget")
    assert budget.select("scope", "period", "allowed", "used").rows() == [
        ("all", 0, 140.0, 140.0),
        ("all", 1, 150.0, 150.0),
        ("all", 2, 150.0, 140.0),
    ]
