"""Budgets of categories and periods, and what gives way where limits collide: tier by tier, with the smallest relaxation."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import ReplenishmentLimits, ReplenishmentSettings, check_plan, plan_replenishment


def with_categories(items: pl.DataFrame, *names: str | None) -> pl.DataFrame:
    """Return the items with a category each, in their order."""
    return items.with_columns(category=pl.Series(names, dtype=pl.String))


def limit(plan: object, name: str, scope: str = "all") -> dict:
    """Return one row of the plan's limits."""
    return plan.limits.filter((pl.col("limit_name") == name) & (pl.col("scope") == scope)).row(0, named=True)


def test_a_categorys_budget_cuts_its_items_only(make_items, make_suppliers) -> None:
    items = with_categories(make_items({"product": "p1"}, {"product": "p2"}, {"product": "p3"}), "food", "food", None)
    free = plan_replenishment(items, make_suppliers())
    limits = ReplenishmentLimits(purchase_budget_by_category={"food": 300.0, "toys": 10.0})
    plan = plan_replenishment(items, make_suppliers(), limits)
    assert plan.orders.filter(pl.col("product_id") == "p3").equals(free.orders.filter(pl.col("product_id") == "p3"))
    food = plan.orders.filter(pl.col("product_id") != "p3")
    assert 290 < food["order_value"].sum() <= 300
    assert food["reason_code"].to_list() == ["budget_cut"] * 2
    row = limit(plan, "category_budget", "food")
    assert row["used"] == food["order_value"].sum()
    assert row["sentence"].startswith("One more 1.00 of purchase budget of food saves ")
    assert limit(plan, "category_budget", "toys")["shadow_price"] == 0
    assert plan.certificate.holds
    broken = plan.orders.with_columns(pl.when(pl.col("product_id") == "p1").then(200.0).otherwise("order_units").alias("order_units"))
    assert "category_budget" in [found.rule for found in check_plan(items, make_suppliers(), limits, broken)]


def test_budgets_of_categories_without_categories_raise(make_items, make_suppliers) -> None:
    with pytest.raises(ValueError, match="category"):
        plan_replenishment(make_items({}), make_suppliers(), ReplenishmentLimits(purchase_budget_by_category={"food": 1.0}))


@settings(max_examples=15, deadline=None)
@given(budget=st.floats(50, 900), used=st.floats(0, 600), food=st.floats(50, 600), food_used=st.floats(0, 300))
def test_what_was_ordered_earlier_in_the_period_leaves_as_much_less(
    make_items, make_suppliers, budget: float, used: float, food: float, food_used: float
) -> None:
    items = with_categories(make_items({"product": "p1"}, {"product": "p2", "unit_price": 9.0}), "food", "toys")
    later = ReplenishmentLimits(
        purchase_budget=budget,
        purchase_budget_used=used,
        purchase_budget_by_category={"food": food},
        purchase_budget_used_by_category={"food": food_used},
    )
    plan = plan_replenishment(items, make_suppliers(), later)
    left = ReplenishmentLimits(purchase_budget=max(budget - used, 0), purchase_budget_by_category={"food": max(food - food_used, 0)})
    assert plan.orders["order_units"].to_list() == plan_replenishment(items, make_suppliers(), left).orders["order_units"].to_list()
    total, own = limit(plan, "purchase_budget"), limit(plan, "category_budget", "food")
    assert total["used"] == pytest.approx(used + plan.orders["order_value"].sum())
    assert (total["relaxed_by"], own["relaxed_by"]) == pytest.approx((max(used - budget, 0), max(food_used - food, 0)))
    assert (plan.certificate.status == "relaxed") == (used > budget or food_used > food)


def test_the_smallest_relaxation_of_each_tier_keeps_the_checker_quiet(make_items, make_suppliers) -> None:
    # an overfull warehouse (40 m3 in 10), a budget overspent by 20, a category overspent by 5: given way by just that, all holds
    rows = ({"product": "bulky", "volume_m3": 1.0, "on_hand": 40.0}, {"product": "other", "location_id": "south"})
    items = with_categories(make_items(*rows), "food", "food")
    limits = ReplenishmentLimits(
        purchase_budget=100.0,
        purchase_budget_used=120.0,
        warehouse_volume_m3={"north": 10.0},
        purchase_budget_by_category={"food": 90.0},
        purchase_budget_used_by_category={"food": 95.0},
    )
    plan = plan_replenishment(items, make_suppliers(), limits)
    assert plan.certificate.status == "relaxed"
    given_way = {row["limit_name"]: row["relaxed_by"] for row in plan.limits.to_dicts()}
    assert given_way == pytest.approx({"warehouse_volume": 30.0, "purchase_budget": 20.0, "category_budget": 5.0})
    relaxed = replace(
        limits,
        purchase_budget=100.0 + given_way["purchase_budget"],
        warehouse_volume_m3={"north": 10.0 + given_way["warehouse_volume"]},
        purchase_budget_by_category={"food": 90.0 + given_way["category_budget"]},
    )
    assert check_plan(items, make_suppliers(), relaxed, plan.orders) == []
    assert len(check_plan(items, make_suppliers(), limits, plan.orders)) == 3


def test_an_overfull_warehouse_still_lets_others_order_the_best(make_items, make_suppliers) -> None:
    items = make_items({"product": "bulky", "volume_m3": 1.0, "on_hand": 40.0}, {"product": "other", "location_id": "south"})
    plan = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(warehouse_volume_m3={"north": 10.0}))
    free = plan_replenishment(items, make_suppliers())
    assert plan.certificate.status == "relaxed"
    assert plan.orders["order_units"].to_list() == [0.0, free.orders["order_units"].to_list()[1]]


@pytest.mark.parametrize(("unit_price", "ordered"), [(12.0, 60.0), (6.5, 0.0)])
def test_an_moq_above_what_sells_in_time_is_ordered_only_where_waste_costs_less(
    make_items, make_suppliers, unit_price: float, ordered: float
) -> None:
    # 50 are expected to sell in the week they last; the supplier sends 60 or none
    items = make_items({"shelf_life_days": 7.0, "moq_units": 60, "unit_price": unit_price})
    plan = plan_replenishment(items, make_suppliers(), settings=ReplenishmentSettings(holding_cost_per_year=0.0))
    row = plan.orders.row(0, named=True)
    assert row["order_units"] == ordered
    if not ordered:
        assert row["reason_code"] == "not_worth_it"
        assert plan.limits.is_empty()
        return
    assert row["expected_waste_units"] > 0
    told = limit(plan, "moq_above_shelf_life", "p1 at north")
    assert (told["allowed"], told["used"], told["relaxed_by"]) == pytest.approx((50.0, 60.0, 10.0), abs=0.1)
    assert told["shadow_price"] is None
    assert told["sentence"].startswith("The smallest order of p1 at north is 60.0, and 50.0 are expected to sell within its shelf life")
    assert plan.certificate.status == "optimal"  # ordering nothing was possible: a choice, not a collision


def test_an_moq_above_the_longest_cover_is_named(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"demand": 10.0, "moq_units": 60, "unit_price": 60.0}), make_suppliers())
    told = limit(plan, "moq_above_max_cover", "p1 at north")
    assert told["relaxed_by"] == pytest.approx(60 - told["allowed"])
    assert plan.orders["order_units"].item() == 60


def test_a_suppliers_minimum_above_the_budget_names_the_budget_it_would_take(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"pack_units": 10}), make_suppliers(s1=(300.0, 0.0)), ReplenishmentLimits(purchase_budget=100.0))
    assert plan.orders["order_units"].item() == 0
    assert "unless the budget is 200 more" in limit(plan, "supplier_minimum", "s1")["sentence"]
    enough = plan_replenishment(make_items({"pack_units": 10}), make_suppliers(s1=(300.0, 0.0)), ReplenishmentLimits(purchase_budget=300.0))
    assert enough.orders["order_value"].item() == 300
