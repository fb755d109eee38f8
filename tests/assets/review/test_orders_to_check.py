"""The list of orders to look at first: what is on it, in which order, and why."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.review.orders_to_check import CHECKED, KINDS, MOST_ROWS, orders_to_check, recent_sales
from assets.table_contracts import table_contracts

ITEM = {"location_id": "web", "supplier_id": "s"}
PAST = {"product_id": pl.String, "location_id": pl.String, "order_units": pl.Float64}
LIMITS = {"limit_name": pl.String, "scope": pl.String, "relaxed_by": pl.Float64, "sentence": pl.String}
DECISIONS = {"product_id": pl.String, "location_id": pl.String, "outcome": pl.String, "sentence": pl.String}
EMPTY = table_contracts()["decisions.replenishment_orders"].empty()


def orders(*rows: dict) -> pl.DataFrame:
    """Orders of 10 units worth 20 that are in no way remarkable, with changes."""
    plain = {
        **ITEM,
        "order_units": 10.0,
        "order_value": 20.0,
        "proposed_units": 10.0,
        "reason_code": "demand",
        "unit_cost": 2.0,
        "unit_price": 5.0,
        "on_hand": 3.0,
        "in_transit_units": 0.0,
        "expected_demand_until_cover": 12.0,
        "expected_lost_value": 0.0,
        "stockout_chance_with": 0.1,
        "override_change_units": 0.0,
        "pack_rounding_units": 0.0,
        "moq_uplift_units": 0.0,
        "forecast_model": "TSB 100%",
        "flags": "",
    }
    return pl.DataFrame([{**dict.fromkeys(EMPTY.columns), **plain, **row} for row in rows], schema=EMPTY.schema)


def listed(*rows: dict, past: list[float] | None = None, sold: float = 28.0, limits: Any = (), decisions: Any = ()) -> list[dict]:
    frame = orders(*rows)
    before = pl.DataFrame([(product, "web", units) for product in frame["product_id"] for units in past or []], schema=PAST, orient="row")
    sales = frame.select("product_id", "location_id", recent_units=pl.lit(sold))
    found = orders_to_check(
        frame, before, sales, pl.DataFrame(limits, schema=LIMITS, orient="row"), pl.DataFrame(decisions, schema=DECISIONS, orient="row")
    )
    assert dict(found.schema) == CHECKED
    return found.to_dicts()


def test_an_order_like_every_other_is_not_listed() -> None:
    assert listed({"product_id": "a"}, past=[9.0, 10.0, 11.0]) == []


@pytest.mark.parametrize(
    ("changes", "past", "sold", "kind", "money", "said"),
    [
        (
            {"expected_lost_value": 40.0, "reason_code": "budget_cut"},
            [],
            28.0,
            "value_at_risk",
            40.0,
            "Sales worth 40 are expected to be lost with 10 ordered; 10% chance to run out; the purchase budget cuts the order.",
        ),
        (
            {},
            [3.0, 4.0, 5.0],
            28.0,
            "unusual_quantity",
            12.0,
            "10 are ordered, 4 usually are (median of 3 orders): worth 12 more than usual.",
        ),
        (
            {"on_hand": 50.0},
            [],
            28.0,
            "unusual_quantity",
            8.0,  # 60 there with the order, 56 sold in eight weeks
            "10 are ordered and 28 were sold in four weeks: goods worth 8 of it lie longer than 56 days at that rate.",
        ),
        (
            {"order_units": 0.0, "order_value": 0.0, "reason_code": "no_forecast"},
            [],
            28.0,
            "no_forecast",
            140.0,
            "Nothing is planned without a forecast, but 28 were sold in four weeks, worth 140.",
        ),
        (
            {"forecast_model": "class rate x weekday 50%, LightGBM 50%"},
            [],
            28.0,
            "class_rate",
            20.0,
            "10 worth 20 are ordered at the rate of the item's class: it is too new for a forecast of its own.",
        ),
        (
            {"flags": "pack_missing_as_1;stale_count"},
            [],
            28.0,
            "doubtful_stock",
            20.0,
            "10 are ordered, but the stock is in doubt (stale_count); it is about 20. Count it.",
        ),
        (
            {"flags": "never_counted", "order_units": 0.0, "order_value": 0.0},
            [],
            28.0,
            "doubtful_stock",
            24.0,
            "0 are ordered, but the stock",
        ),
        (
            {"pack_rounding_units": 2.0, "moq_uplift_units": 1.0},
            [],
            28.0,
            "pack_or_minimum",
            6.0,
            "3 of the 10 ordered come from whole packs and the minimum order quantity: 6.",
        ),
        (
            {"override_change_units": -4.0, "override_action": "edit", "proposed_units": 14.0},
            [],
            28.0,
            "override_changed",
            8.0,
            "A buyer decided on 10, 14 were proposed: a difference of 8.",
        ),
    ],
)
def test_each_kind_by_hand(changes: dict, past: list, sold: float, kind: str, money: float, said: str) -> None:
    (row,) = listed({"product_id": "a", **changes}, past=past, sold=sold)
    assert (row["kind"], row["money"], row["subject"], row["rank"]) == (kind, pytest.approx(money), "a at web", 1)
    assert row["sentence"].startswith(said)


@pytest.mark.parametrize(
    ("changes", "past"),
    [
        ({}, [1.0, 1.0]),  # too few orders to know what is usual
        ({"pack_rounding_units": 2.0}, []),  # a fifth of the order
        ({"pack_rounding_units": -4.0}, []),
    ],
)
def test_what_is_usual_is_not_listed(changes: dict, past: list[float]) -> None:
    assert listed({"product_id": "a", **changes}, past=past) == []


def test_an_item_stands_once_under_the_reason_that_is_about_most_money() -> None:
    (row,) = listed({"product_id": "a", "expected_lost_value": 15.0, "flags": "stale_count", "pack_rounding_units": 3.0})
    assert (row["kind"], row["money"], row["also"]) == ("doubtful_stock", 20.0, "value_at_risk, pack_or_minimum")


def test_what_has_no_money_comes_first_then_the_most_money() -> None:
    rows = listed(
        {"product_id": "a", "expected_lost_value": 5.0},
        {"product_id": "b", "expected_lost_value": 50.0},
        {"product_id": "c", "expected_lost_value": 5.0},
        limits=[("purchase_budget", "all", 200.0, "Too much."), ("warehouse_volume", "web", 0.0, "Holds.")],
        decisions=[("x", "web", "not_planned", "Nothing is ordered."), ("b", "web", "honoured", "Order 10.")],
    )
    assert [(row["rank"], row["subject"], row["money"]) for row in rows] == [
        (1, "purchase_budget: all", None),
        (2, "x at web", None),
        (3, "b at web", 50.0),
        (4, "a at web", 5.0),
        (5, "c at web", 5.0),
    ]


def test_at_most_twenty_rows() -> None:
    rows = listed(*({"product_id": f"p{each:02}", "expected_lost_value": float(each)} for each in range(40)))
    assert len(rows) == MOST_ROWS == 20
    assert rows[0]["product_id"] == "p39"


def test_recent_sales_are_those_of_four_weeks() -> None:
    day = date(2025, 6, 30)
    days = [day - timedelta(days=back) for back in (0, 27, 28)]
    panel = pl.DataFrame({"business_day": days, "product_id": "a", "location_id": "web", "units": [1.0, 2.0, 4.0]})
    assert recent_sales(panel, day)["recent_units"].to_list() == [3.0]


ROW = st.fixed_dictionaries(
    {
        "order_units": st.sampled_from([0.0, 1.0, 40.0]),
        "expected_lost_value": st.one_of(st.none(), st.floats(0, 100)),
        "unit_cost": st.one_of(st.none(), st.floats(0.1, 50)),
        "on_hand": st.one_of(st.none(), st.floats(0, 90)),
        "flags": st.sampled_from(["", "stale_count", "no_forecast;never_counted"]),
        "reason_code": st.sampled_from(["demand", "no_forecast", "override", "blocked"]),
        "pack_rounding_units": st.floats(-5, 30),
        "override_change_units": st.sampled_from([0.0, -3.0, 8.0]),
        "stockout_chance_with": st.one_of(st.none(), st.floats(0, 1)),
        "forecast_model": st.sampled_from([None, "class rate x weekday"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, max_size=25), seed=st.integers(0, 99), past=st.lists(st.floats(0.5, 60), max_size=4), sold=st.floats(0, 50))
def test_the_list_is_ranked_and_does_not_depend_on_the_order_of_rows(rows: list[dict], seed: int, past: list[float], sold: float) -> None:
    named = [{"product_id": f"p{place:02}", **row} for place, row in enumerate(rows)]
    frame = orders(*named)
    before = pl.DataFrame([(product, "web", units) for product in frame["product_id"] for units in past], schema=PAST, orient="row")
    sales = frame.select("product_id", "location_id", recent_units=pl.lit(sold))
    nothing = pl.DataFrame(schema=LIMITS), pl.DataFrame(schema=DECISIONS)
    found = orders_to_check(frame, before, sales, *nothing)
    shuffled = orders_to_check(frame.sample(fraction=1.0, shuffle=True, seed=seed), before, sales, *nothing)
    assert found.equals(shuffled)
    assert found["rank"].to_list() == list(range(1, found.height + 1))
    assert found["money"].to_list() == sorted(found["money"], reverse=True)
    assert found["product_id"].is_unique().all()
    assert set(found["kind"]) <= set(KINDS)
    assert found.filter(pl.col("sentence").is_null() | (pl.col("money") <= 0)).is_empty()
