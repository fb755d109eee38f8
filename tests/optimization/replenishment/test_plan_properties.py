"""What holds for every replenishment plan, on random shops."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import ReplenishmentLimits, ReplenishmentSettings, check_plan, plan_replenishment

EXACT = ReplenishmentSettings(relative_gap=0.0)
ROW = st.fixed_dictionaries(
    {
        "demand": st.floats(0, 60),
        "wait": st.floats(0, 10),
        "unit_cost": st.floats(0.5, 9),
        "unit_price": st.floats(1, 20),
        "pack_units": st.sampled_from([1, 4, 6, 12]),
        "moq_units": st.sampled_from([0, 1, 10, 30]),
        "on_hand": st.floats(-3, 40),
        "in_transit_units": st.sampled_from([0.0, 8.0]),
        "shelf_life_days": st.sampled_from([None, 3.0, 10.0]),
        "volume_m3": st.sampled_from([None, 0.05, 0.5]),
        "location_id": st.sampled_from(["north", "south"]),
        "supplier_id": st.sampled_from(["s1", "s2"]),
        "is_order_day": st.sampled_from([True, True, True, False]),
    }
)
SHOP = st.lists(ROW, min_size=1, max_size=8).map(lambda rows: [row | {"product": f"p{i}"} for i, row in enumerate(rows)])
TERMS = {"s1": (80.0, 3.0), "s2": (0.0, 0.0)}


@settings(max_examples=25, deadline=None)
@given(shop=SHOP, budget=st.floats(0, 400), volume=st.floats(0, 20))
def test_every_plan_passes_its_checker_and_keeps_its_limits(make_items, make_suppliers, shop: list, budget: float, volume: float) -> None:
    items, suppliers = make_items(*shop), make_suppliers(**TERMS)
    limits = ReplenishmentLimits(purchase_budget=budget, warehouse_volume_m3={"north": volume})
    plan = plan_replenishment(items, suppliers, limits, EXACT)
    if plan.certificate.status == "relaxed":  # only a warehouse that was overfull before can be broken, and nothing bulky is added
        limits = ReplenishmentLimits(purchase_budget=budget)
    assert check_plan(items, suppliers, limits, plan.orders) == []
    assert plan.orders["order_value"].sum() <= budget + 1e-6
    assert plan.orders.height == items.height


@settings(max_examples=15, deadline=None)
@given(shop=SHOP, budget=st.floats(0, 300), more=st.floats(0, 200))
def test_more_budget_is_never_worth_less(make_items, make_suppliers, shop: list, budget: float, more: float) -> None:
    items, suppliers = make_items(*shop), make_suppliers(**TERMS)
    tight = plan_replenishment(items, suppliers, ReplenishmentLimits(purchase_budget=budget), EXACT)
    wide = plan_replenishment(items, suppliers, ReplenishmentLimits(purchase_budget=budget + more), EXACT)
    assert wide.certificate.value <= tight.certificate.value + 1e-6


@settings(max_examples=12, deadline=None)
@given(shop=SHOP, seed=st.integers(0, 99))
def test_permuted_rows_change_nothing(make_items, make_suppliers, shop: list, seed: int) -> None:
    items, suppliers = make_items(*shop), make_suppliers(**TERMS)
    limits = ReplenishmentLimits(purchase_budget=150.0, warehouse_volume_m3={"south": 9.0})
    plan = plan_replenishment(items, suppliers, limits)
    shuffled = plan_replenishment(
        items.sample(fraction=1, shuffle=True, seed=seed), suppliers.sample(fraction=1, shuffle=True, seed=seed), limits
    )
    assert shuffled.orders.equals(plan.orders)
    assert shuffled.limits.equals(plan.limits)
    assert shuffled.supplier_orders.equals(plan.supplier_orders)
    assert shuffled.certificate == plan.certificate


@settings(max_examples=12, deadline=None)
@given(shop=SHOP)
def test_an_order_never_costs_more_than_it_saves_without_suppliers_terms(make_items, make_suppliers, shop: list) -> None:
    orders = plan_replenishment(make_items(*shop), make_suppliers()).orders
    assert orders.filter((pl.col("order_units") > 0) & (pl.col("expected_saving") < -1e-9)).is_empty()
    chances = orders.filter(pl.col("stockout_chance_with") > pl.col("stockout_chance_without") + 1e-9)
    assert chances.is_empty()


def test_the_plan_says_it_is_optimal_where_it_is(make_items, make_suppliers) -> None:
    plan = plan_replenishment(make_items({"product": "p1"}, {"product": "p2"}), make_suppliers(**TERMS), settings=EXACT)
    assert plan.certificate.status == "optimal"
    assert plan.certificate.gap == pytest.approx(0, abs=1e-9)
