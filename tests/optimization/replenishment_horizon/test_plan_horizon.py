"""`plan_horizon` on shops that can be worked out by hand, its checker, its table of limits, and what it refuses."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment_horizon import HorizonSettings, check_horizon, plan_horizon

EXACT = HorizonSettings(relative_gap=0.0)


def ordered(plan: pl.DataFrame, product: str = "p1") -> list[int]:
    return plan.filter(pl.col("product_id") == product).sort("period")["order_units"].to_list()


def test_without_fixed_costs_each_period_orders_what_it_needs(shops, item) -> None:
    plan = plan_horizon(*shops([item()], {"p1": [3, 5, 2]}).frames(), settings=EXACT)
    assert ordered(plan.plan) == [3, 5, 2]
    assert plan.certificate.value == 0
    assert plan.orders.select("order_units", "arrival_period").row(0) == (3, 0)


def test_a_suppliers_fixed_cost_is_paid_once_where_holding_is_cheaper(shops, item) -> None:
    # one order of 10: holding 7 + 2 = 9; two orders (3, then 7): 2 x 8 + 2 = 18
    plan = plan_horizon(*shops([item()], {"p1": [3, 5, 2]}, {"s1": (0.0, 8.0)}).frames(), settings=EXACT)
    assert ordered(plan.plan) == [10, 0, 0]
    assert plan.certificate.value == pytest.approx(8 + 7 + 2)


def test_lead_time_and_receipts_move_the_order(shops, item) -> None:
    # nothing can arrive before period 1, where 4 come anyhow and 5 are wanted
    shop = shops([item(lead_time_periods=1, on_hand=3.0)], {"p1": [3, 5, 2]}, receipts={"p1": [0, 4, 0]})
    plan = plan_horizon(*shop.frames(), settings=EXACT)
    assert ordered(plan.plan) == [1, 2, 0]
    assert plan.plan["arriving_units"].to_list() == [0, 1, 2]


def test_packs_and_moq_are_kept_and_held(shops, item) -> None:
    plan = plan_horizon(*shops([item(pack_units=4, moq_units=6)], {"p1": [8, 0, 0]}).frames(), settings=EXACT)
    assert ordered(plan.plan) == [8, 0, 0]  # the MOQ of 6 is two packs of 4
    assert plan.plan["order_packs"].to_list() == [2, 0, 0]


def test_the_calendar_forbids_and_a_budget_cuts(shops, item) -> None:
    # periods 0 and 2 only: demand of period 1 is bought ahead (1 a unit, a lost sale costs 5); the budget of 60 buys 6 of 8
    shop = shops([item()], {"p1": [3, 5, 2]}, limits=[("purchase_budget", "all", 0, 60.0)], order_periods=[("s1", 0), ("s1", 2)])
    plan = plan_horizon(*shop.frames(), settings=EXACT)
    assert ordered(plan.plan) == [6, 0, 2]
    assert plan.certificate.value == pytest.approx(3 + 2 * 5)
    row = plan.limits.row(0, named=True)
    assert (row["used"], row["allowed"]) == (60.0, 60.0)
    assert 0 < row["shadow_price"] <= 0.5  # ten more buy one unit more, which is held for 1 and saves 5


def test_a_supplier_minimum_is_met_or_nothing_is_ordered(shops, item) -> None:
    cheap = plan_horizon(*shops([item()], {"p1": [3, 2, 0]}, {"s1": (50.0, 0.0)}).frames(), settings=EXACT)
    assert ordered(cheap.plan) == [5, 0, 0]
    dear = plan_horizon(*shops([item()], {"p1": [3, 2, 0]}, {"s1": (60.0, 0.0)}).frames(), settings=EXACT)
    assert ordered(dear.plan) == [0, 0, 0]  # no more than the demand of 5 may lie there
    assert dear.certificate.value == pytest.approx(25)


def test_shelf_life_limits_the_cover(shops, item) -> None:
    shop = shops([item(shelf_life_periods=2)], {"p1": [3, 5, 2]}, {"s1": (0.0, 8.0)})
    plan = plan_horizon(*shop.frames(), settings=EXACT)
    assert ordered(plan.plan) == [3, 7, 0]  # without it all ten at once
    assert plan.certificate.holds


def test_a_safety_stock_is_held_where_missing_it_costs_more(shops, item) -> None:
    held = plan_horizon(*shops([item(safety_stock_units=2, safety_stock_penalty=1.5)], {"p1": [3, 3]}).frames(), settings=EXACT)
    assert held.plan["end_stock_units"].to_list() == [2, 2]
    left = plan_horizon(*shops([item(safety_stock_units=2, safety_stock_penalty=0.5)], {"p1": [3, 3]}).frames(), settings=EXACT)
    assert left.plan["end_stock_units"].to_list() == [0, 0]


def test_an_overfull_warehouse_is_widened_by_the_least_and_still_planned(shops, item) -> None:
    shop = shops([item(on_hand=9.0)], {"p1": [3, 3, 3, 3]}, limits=[("warehouse_volume", "north", period, 6.0) for period in range(4)])
    plan = plan_horizon(*shop.frames(), settings=EXACT)
    assert plan.certificate.status == "relaxed"
    assert plan.limits["relaxed_by"].to_list() == [3.0, 0.0, 0.0, 0.0]
    assert ordered(plan.plan) == [0, 0, 0, 3]
    assert [violation for violation in plan.certificate.violations if "warehouse_volume" not in violation] == []


def test_fractions_of_demand_are_planned_in_whole_units_that_add_up(shops, item) -> None:
    plan = plan_horizon(*shops([item()], {"p1": [0.4] * 10}).frames(), settings=EXACT)
    assert plan.plan["demand_units"].sum() == 4
    assert plan.certificate.holds


@pytest.mark.parametrize("seed", range(20))
def test_random_plans_pass_the_checker(some_shop, seed: int) -> None:
    plan = plan_horizon(*some_shop(seed).frames(), settings=EXACT)
    if plan.certificate.status == "relaxed":
        assert (plan.limits["relaxed_by"] > 0).any()
        assert all("warehouse_volume" in message for message in plan.certificate.violations)
    else:
        assert plan.certificate.holds
    assert plan.certificate.gap is not None
    assert plan.certificate.gap <= 1e-6


BREAKS = {
    "pack": {"order_units": pl.col("order_units") + 1},
    "stock": {"stock_units": pl.col("stock_units") + 1},
    "lost": {"lost_units": pl.col("lost_units") + 1},
    "end_stock": {"end_stock_units": pl.col("end_stock_units") + 1},
    "arrival": {"arriving_units": pl.col("arriving_units") + 2},
    "value": {"order_value": pl.col("order_value") + 1.0},
    "demand": {"demand_units": pl.col("demand_units") + 1},
    "units": {"order_units": -pl.col("order_units") - 2},
}


@pytest.mark.parametrize("rule", sorted(BREAKS))
def test_the_checker_names_the_rule_that_a_change_breaks(shops, item, rule: str) -> None:
    shop = shops([item(pack_units=2)], {"p1": [4, 6, 2]})
    plan = plan_horizon(*shop.frames(), settings=EXACT)
    broken = plan.plan.with_columns(**BREAKS[rule])
    assert rule in {violation.rule for violation in check_horizon(*shop.frames(), broken, plan.certificate.value)}


def test_the_checker_sees_limits_calendars_minima_and_costs(shops, item) -> None:
    free = shops([item(), item("p2", shelf_life_periods=1)], {"p1": [4, 6, 2], "p2": [1, 1, 1]})
    plan = plan_horizon(*free.frames(), settings=EXACT)
    limits = [("purchase_budget", "all", 1, 10.0), ("warehouse_volume", "north", 0, 1.0)]
    tight = shops(
        [item(moq_units=3), item("p2", shelf_life_periods=1)],
        {"p1": [4, 6, 2], "p2": [1, 1, 1]},
        {"s1": (1000.0, 0.0)},
        limits,
        order_periods=[("s1", 0)],
    )
    found = {violation.rule for violation in check_horizon(*tight.frames(), plan.plan, 123.0)}
    assert found == {"purchase_budget", "warehouse_volume", "supplier_minimum", "calendar", "moq", "cost"}
    stale = plan.plan.with_columns(demand_units=pl.when(pl.col("product_id") == "p2").then(0).otherwise("demand_units"))
    assert "shelf_life" in {violation.rule for violation in check_horizon(*free.frames(), stale, 0.0)}


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2_000), shuffle=st.integers(0, 9))
def test_permuted_rows_change_nothing(some_shop, seed: int, shuffle: int) -> None:
    shop = some_shop(seed, most_items=3, most_periods=4)
    frames = shop.frames()
    mixed = [None if frame is None else frame.sample(fraction=1, shuffle=True, seed=shuffle) for frame in frames]
    first, second = plan_horizon(*frames, settings=EXACT), plan_horizon(*mixed, settings=EXACT)
    assert first.plan.equals(second.plan)
    assert first.limits.equals(second.limits)
    assert first.certificate == second.certificate


def test_what_does_not_fit_raises(shops, item) -> None:
    shop = shops([item()], {"p1": [3, 5, 2]})
    items, periods, suppliers, _, limits = shop.frames()
    with pytest.raises(ValueError, match="lack the columns"):
        plan_horizon(items.drop("on_hand"), periods, suppliers)
    with pytest.raises(ValueError, match="one row per item and period"):
        plan_horizon(items, periods.head(2).vstack(periods.tail(1).with_columns(period=pl.lit(7, pl.Int64))), suppliers)
    with pytest.raises(ValueError, match="repeat a key"):
        plan_horizon(pl.concat([items, items]), periods, suppliers)
    with pytest.raises(ValueError, match="Suppliers lack"):
        plan_horizon(items, periods, suppliers.head(0))
    with pytest.raises(ValueError, match="no finite number"):
        plan_horizon(items.with_columns(unit_cost=pl.lit(np.inf)), periods, suppliers)
    with pytest.raises(ValueError, match="limit_name"):
        plan_horizon(items, periods, suppliers, None, pl.DataFrame([("rent", "all", 0, 1.0)], schema=limits.schema, orient="row"))
