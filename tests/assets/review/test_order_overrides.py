"""What came of buyers' decisions, worked by hand."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from assets.as_of import Versions
from assets.review.order_overrides import REVIEWED, reviewed_overrides

TODAY = date(2025, 6, 20)
ORDER_DAY = TODAY - timedelta(days=7)
DECIDED = ORDER_DAY - timedelta(days=1)


def order(**changes: Any) -> pl.DataFrame:
    """Ordered on the 13th, lead time 3, next order day the 17th: judged today. Cost 6, price 10; 12 proposed, 20 ordered, 8 there."""
    row = {
        "as_of_day": DECIDED,
        "order_day": ORDER_DAY,
        "expected_arrival_on": ORDER_DAY + timedelta(days=3),
        "next_order_day": ORDER_DAY + timedelta(days=4),
        "product_id": "a",
        "location_id": "web",
        "order_units": 20.0,
        "proposed_units": 12.0,
        "override_action": "edit",
        "override_units": 20.0,
        "on_hand": 5.0,
        "in_transit_units": 3.0,
        "unit_cost": 6.0,
        "unit_price": 10.0,
        "expected_demand_until_cover": 14.0,
        "expected_cost_change": 1.5,
        "stock_source": "feed",
    }
    return pl.DataFrame([row | changes], schema_overrides={"override_units": pl.Float64, "unit_cost": pl.Float64, "on_hand": pl.Float64})


def overrides(**changes: Any) -> Versions:
    row = {"order_day": ORDER_DAY, "product_id": "a", "location_id": "web", "is_in_time": True, "override_action": "edit"}
    row |= {"override_units": 20.0, "reason": "promotion", "known_on": DECIDED, "superseded_on": None}
    return Versions(pl.DataFrame([row | changes], schema_overrides={"superseded_on": pl.Date, "override_units": pl.Float64}))


def panel(units: list[float], censored: tuple[int, ...] = ()) -> pl.DataFrame:
    days = [ORDER_DAY + timedelta(days=offset) for offset in range(len(units))]
    item = {"product_id": ["a"] * len(units), "location_id": ["web"] * len(units)}
    return pl.DataFrame({"business_day": days, **item, "units": units, "is_censored": [each in censored for each in range(len(units))]})


def lost(**units: float) -> pl.DataFrame:
    """Estimates by offset from the order day: `d3=2.0`."""
    rows = [(ORDER_DAY + timedelta(days=int(name[1:])), "a", "web", value) for name, value in units.items()]
    kinds = {"as_of_day": pl.Date, "product_id": pl.String, "location_id": pl.String, "lost_units": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def judged(
    units: list[float],
    censored: tuple[int, ...] = (),
    estimates: pl.DataFrame | None = None,
    told: Versions | None = None,
    orders: pl.DataFrame | None = None,
    day: date = TODAY,
) -> list[dict]:
    estimates = lost() if estimates is None else estimates
    found = reviewed_overrides(
        order() if orders is None else orders, overrides() if told is None else told, panel(units, censored), estimates, day, 0.5, 0.365
    )
    assert dict(found.schema) == REVIEWED
    return found.to_dicts()


def test_an_edit_that_paid() -> None:
    """28 wanted, 8 there: 12 proposed lose 8, 20 ordered lose none and leave none. Half the margin of 4 a sale: 16 saved."""
    (row,) = judged([4.0] * 7)
    assert (row["sold_units"], row["stockout_days"], row["basis"], row["outcome"]) == (28.0, 0, "observed", "honoured")
    assert (row["realised_lost_units_proposed"], row["realised_lost_units"]) == (8.0, 0.0)
    assert (row["realised_left_units_proposed"], row["realised_left_units"]) == (0.0, 0.0)
    assert row["realised_cost_change"] == pytest.approx(-16.0)
    assert (row["expected_cost_change"], row["expected_units"], row["stock_units"], row["reason"]) == (1.5, 14.0, 8.0, "promotion")
    assert row["sentence"] == (
        "Edit of a at web, 12.0 proposed and 20.0 ordered: 28.0 were wanted (observed) and 8.0 were there without it; it saved 16.0."
    )


def test_an_edit_that_cost() -> None:
    """7 wanted: 13 and 21 are left; 8 more lie for the 4 days until the next order at 6 x 0.365 / 365 a day."""
    (row,) = judged([1.0] * 7)
    assert (row["realised_left_units_proposed"], row["realised_left_units"]) == (13.0, 21.0)
    assert row["realised_cost_change"] == pytest.approx(8 * 6 * 0.001 * 4)
    assert row["sentence"].endswith("it cost 0.19.")


def test_only_the_days_from_the_order_until_today_count() -> None:
    (row,) = judged([4.0] * 7 + [100.0])
    assert row["sold_units"] == 28.0


@pytest.mark.parametrize(
    ("estimates", "wanted_lost", "basis"),
    [
        ({"d3": 2.0, "d4": 1.0}, 3.0, "estimated on 2 days without stock"),
        ({"d3": 2.0}, 2.0, "at least: 1 of 2 days without stock have no estimate"),
        ({}, 0.0, "at least: 2 of 2 days without stock have no estimate"),
        ({"d1": 9.0}, 0.0, "at least: 2 of 2 days without stock have no estimate"),
    ],
)
def test_demand_of_days_without_stock_is_estimated_or_said_to_be_unseen(estimates: dict, wanted_lost: float, basis: str) -> None:
    (row,) = judged([4.0] * 7, (3, 4), lost(**estimates))
    assert (row["stockout_days"], row["estimated_lost_units"], row["basis"]) == (2, wanted_lost, basis)
    assert row["realised_lost_units"] == wanted_lost  # 28 sold are just what was there
    assert row["realised_lost_units_proposed"] == 8.0 + wanted_lost


def test_an_order_that_was_not_decided_again_is_judged_with_what_went_out() -> None:
    """The stored order still holds the 12 that were proposed; the buyer had 20 sent."""
    stored = order(order_units=12.0, override_action=None, override_units=None, expected_cost_change=None)
    (row,) = judged([4.0] * 7, orders=stored)
    assert (row["outcome"], row["proposed_units"], row["order_units"]) == ("not_decided_again", 12.0, 20.0)
    assert row["realised_cost_change"] == pytest.approx(-16.0)
    assert row["expected_cost_change"] is None


@pytest.mark.parametrize(
    ("action", "units", "ordered"), [("reject", None, 0.0), ("reject", 5.0, 0.0), ("approve", None, 12.0), ("approve", 9.0, 9.0)]
)
def test_each_action_has_its_quantity(action: str, units: float | None, ordered: float) -> None:
    told = overrides(override_action=action, override_units=units)
    (row,) = judged([4.0] * 7, told=told, orders=order(order_units=ordered))
    assert (row["order_units"], row["outcome"]) == (ordered, "honoured")
    assert (row["realised_cost_change"] == 0.0) == (ordered == 12.0)


def test_a_decision_is_judged_once_on_the_day_the_next_order_could_arrive() -> None:
    assert judged([4.0] * 7, day=TODAY - timedelta(days=1)) == []
    assert judged([4.0] * 7, day=TODAY + timedelta(days=1)) == []


def test_a_late_decision_is_listed_when_it_became_known_and_judged_never() -> None:
    late = overrides(is_in_time=False, known_on=ORDER_DAY + timedelta(days=2))
    (row,) = judged([4.0] * 7, told=late, day=ORDER_DAY + timedelta(days=2))
    assert (row["outcome"], row["decided_on"], row["order_units"], row["realised_cost_change"]) == ("too_late", DECIDED, None, None)
    assert row["sentence"] == "Too late: edit of a at web was recorded after 2025-06-13, when the order went out."
    assert judged([4.0] * 7, told=late) == []


@pytest.mark.parametrize("changes", [{"unit_cost": None}, {"on_hand": None}])
def test_what_cannot_be_known_is_not_made_up(changes: dict) -> None:
    (row,) = judged([4.0] * 7, orders=order(**changes))
    assert row["realised_cost_change"] is None
    assert "unknown without cost, price and stock" in row["sentence"]
