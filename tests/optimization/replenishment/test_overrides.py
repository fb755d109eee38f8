"""What a buyer decides is ordered as it is, comes first, and is told; the rest is planned around it."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import (
    OVERRIDE_COLUMNS,
    PARTS_ADDED,
    PARTS_CUT,
    ReplenishmentLimits,
    ReplenishmentSettings,
    check_plan,
    plan_replenishment,
)

EXACT = ReplenishmentSettings(relative_gap=0.0)
NEWSBOY = ReplenishmentSettings(holding_cost_per_year=0.0, relative_gap=0.0)


def decided(items: pl.DataFrame, **decisions: tuple[str, float | None]) -> pl.DataFrame:
    """The items with a decision (action, units) for some products."""
    action = {product: each[0] for product, each in decisions.items()}
    units = {product: each[1] for product, each in decisions.items()}
    product = pl.col("product_id")
    return items.with_columns(
        override_action=product.replace_strict(action, default=None, return_dtype=pl.String),
        override_units=product.replace_strict(units, default=None, return_dtype=pl.Float64),
    )


def one(orders: pl.DataFrame, product: str = "p1") -> dict:
    return orders.filter(pl.col("product_id") == product).row(0, named=True)


def total_of_parts(row: dict) -> float:
    return sum(row[name] for name in PARTS_ADDED) - sum(row[name] for name in PARTS_CUT)


def test_an_edit_is_ordered_and_told_beside_what_was_proposed(make_items, make_suppliers) -> None:
    """The newsvendor of the first test orders 40 in packs of 10; the buyer wants 25, which is no whole number of packs."""
    items = decided(make_items({"shelf_life_days": 7.0, "pack_units": 10, "moq_units": 30}), p1=("edit", 25.0))
    plan = plan_replenishment(items, make_suppliers(), settings=NEWSBOY)
    row = one(plan.orders)
    assert (row["order_units"], row["proposed_units"], row["override_change_units"]) == (25.0, 40.0, -15.0)
    assert (row["override_action"], row["override_units"], row["reason_code"]) == ("edit", 25.0, "override")
    assert row["order_packs"] is None
    assert row["order_value"] == 150.0
    assert row["flags"] == "override_no_whole_packs;override_below_moq"
    assert total_of_parts(row) == pytest.approx(25.0)
    assert row["sentence"] == (
        "Order 25 as edited by the buyer: 40 were proposed; 0 on hand, 50 expected before the delivery after next; without it 100% chance "
        "to run out, with it 75%; that is no whole number of packs of 10; the minimum order quantity is 30."
    )
    assert plan.certificate.holds


def test_what_each_quantity_is_expected_to_lead_to_by_hand(make_items, make_suppliers) -> None:
    """Demand uniform on 0..100, stock q: lost (100 - q)^2 / 200, left q^2 / 200; each lost sale costs 4, each unit left spoils at 6."""
    items = decided(make_items({"shelf_life_days": 7.0, "pack_units": 10}), p1=("edit", 80.0))
    row = plan_replenishment(items, make_suppliers(), settings=NEWSBOY).overrides.row(0, named=True)
    lost, left = {40: 18.0, 80: 2.0}, {40: 8.0, 80: 32.0}
    assert row["proposed_units"] == 40.0
    assert (row["expected_lost_units_proposed"], row["expected_lost_units"]) == pytest.approx((lost[40], lost[80]), abs=0.1)
    assert (row["expected_left_units_proposed"], row["expected_left_units"]) == pytest.approx((left[40], left[80]), abs=0.1)
    assert row["expected_cost_change"] == pytest.approx(4 * (lost[80] - lost[40]) + 6 * (left[80] - left[40]), abs=0.5)
    assert row["override_change_value"] == 240.0


def test_approving_without_units_keeps_the_proposal_and_rejecting_orders_nothing(make_items, make_suppliers) -> None:
    items = make_items({"product": "p1"}, {"product": "p2"}, {"product": "p3"})
    free = plan_replenishment(items, make_suppliers(), settings=EXACT)
    plan = plan_replenishment(
        decided(items, p1=("approve", None), p2=("reject", None), p3=("approve", 7.0)), make_suppliers(), settings=EXACT
    )
    assert one(plan.orders)["order_units"] == one(free.orders)["order_units"] > 0
    assert one(plan.orders, "p2")["order_units"] == 0.0
    assert one(plan.orders, "p2")["sentence"].startswith("Order nothing, as the buyer rejected the order: ")
    assert one(plan.orders, "p3")["order_units"] == 7.0
    assert plan.overrides.height == 3


def test_without_overrides_nothing_changes(make_items, make_suppliers) -> None:
    items = make_items({"product": "p1"}, {"product": "p2"})
    free = plan_replenishment(items, make_suppliers(), settings=EXACT)
    silent = plan_replenishment(decided(items), make_suppliers(), settings=EXACT)
    assert silent.orders.equals(free.orders)
    assert silent.overrides.is_empty()
    assert free.orders["proposed_units"].equals(free.orders["order_units"].alias("proposed_units"))


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"is_order_day": False}, "override_on_closed_day"),
        ({"discontinued": True}, "override_of_blocked_item"),
        ({"cover_q50": None}, "override_without_forecast"),
        ({"unit_cost": None}, "override_without_cost"),
    ],
)
def test_an_edit_of_an_item_that_cannot_be_planned_is_honoured_and_flagged(make_items, make_suppliers, changes: dict, flag: str) -> None:
    items = decided(make_items(changes), p1=("edit", 12.0))
    plan = plan_replenishment(items, make_suppliers(), settings=EXACT)
    row = one(plan.orders)
    assert (row["order_units"], row["proposed_units"], row["reason_code"]) == (12.0, 0.0, "override")
    assert flag in row["flags"].split(";")
    assert row["order_value"] == (None if changes.get("unit_cost", 1) is None else 72.0)
    assert total_of_parts(row) == pytest.approx(12.0)
    assert plan.certificate.violations == ()


def test_an_edit_comes_first_and_the_rest_shares_what_is_left_of_the_budget(make_items, make_suppliers) -> None:
    items = make_items({"product": "p1"}, {"product": "p2", "pack_units": 5})
    limits = ReplenishmentLimits(purchase_budget=600.0)  # 100 pieces
    plan = plan_replenishment(decided(items, p1=("edit", 90.0)), make_suppliers(), limits, EXACT)
    assert (one(plan.orders)["order_units"], one(plan.orders, "p2")["order_units"]) == (90.0, 10.0)
    assert one(plan.orders, "p2")["reason_code"] == "budget_cut"
    assert plan.limits.row(0, named=True)["used"] == pytest.approx(600.0)
    assert plan.certificate.status == "optimal"


def test_overrides_above_the_budget_relax_it_by_just_what_they_need(make_items, make_suppliers) -> None:
    items = decided(make_items({"product": "p1"}, {"product": "p2"}), p1=("edit", 100.0))
    limits = ReplenishmentLimits(purchase_budget=400.0)
    plan = plan_replenishment(items, make_suppliers(), limits, EXACT)
    row = plan.limits.row(0, named=True)
    assert (plan.certificate.status, row["relaxed_by"], row["used"], row["slack"]) == ("relaxed", 200.0, 600.0, -200.0)
    assert row["sentence"] == "The buyer's quantities are worth 600, the purchase budget is 400: 200 too much."
    assert one(plan.orders, "p2")["order_units"] == 0.0
    assert check_plan(items, make_suppliers(), ReplenishmentLimits(purchase_budget=600.0), plan.orders) == []
    assert [each.rule for each in check_plan(items, make_suppliers(), limits, plan.orders)] == ["purchase_budget"]


def test_overrides_that_overfill_a_warehouse_relax_it_by_just_what_they_need(make_items, make_suppliers) -> None:
    items = decided(make_items({"product": "p1", "volume_m3": 0.5}), p1=("edit", 30.0))
    plan = plan_replenishment(items, make_suppliers(), ReplenishmentLimits(warehouse_volume_m3={"north": 10.0}), EXACT)
    row = plan.limits.row(0, named=True)
    assert (plan.certificate.status, row["relaxed_by"]) == ("relaxed", pytest.approx(5.0))
    assert row["sentence"] == "The volume at north is 5 m3 too small; the buyer's quantities take 15 m3."


def test_an_override_fills_the_suppliers_minimum(make_items, make_suppliers) -> None:
    """Alone the two items do not want 900 of goods; with 100 pieces of the first decided, what is missing is ordered of the second."""
    items = make_items({"product": "p1", "demand": 40.0}, {"product": "p2", "demand": 40.0, "pack_units": 10})
    terms = make_suppliers(s1=(900.0, 20.0))
    assert plan_replenishment(items, make_suppliers(s1=(9_000.0, 20.0)), settings=EXACT).orders["order_units"].sum() == 0.0
    plan = plan_replenishment(decided(items, p1=("edit", 100.0)), terms, settings=EXACT)
    assert plan.orders["order_value"].sum() >= 900.0
    assert one(plan.orders, "p2")["order_units"] == 50.0
    assert (plan.certificate.status, plan.certificate.violations) == ("optimal", ())
    assert plan.limits.row(0, named=True)["used"] == pytest.approx(900.0)


def test_a_minimum_that_stays_out_of_reach_is_named_with_what_is_missing(make_items, make_suppliers) -> None:
    items = decided(make_items({"product": "p1"}, {"product": "p2", "demand": 1.0}), p1=("edit", 10.0))
    plan = plan_replenishment(items, make_suppliers(s1=(5_000.0, 0.0)), settings=EXACT)
    row = plan.limits.row(0, named=True)
    assert (plan.certificate.status, one(plan.orders)["order_units"]) == ("relaxed", 10.0)
    assert row["relaxed_by"] == pytest.approx(5_000.0 - plan.orders["order_value"].sum())
    assert "missing of its minimum of 5,000" in row["sentence"]


@pytest.mark.parametrize(
    ("decision", "message"), [(("hold", 1.0), "to be one of"), (("edit", None), "with every edit"), (("edit", -1.0), "0 or more")]
)
def test_impossible_overrides_are_refused(make_items, make_suppliers, decision: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan_replenishment(decided(make_items({}), p1=decision), make_suppliers())


def test_the_checker_finds_a_plan_that_does_not_honour_an_override(make_items, make_suppliers) -> None:
    items = make_items({})
    plan = plan_replenishment(items, make_suppliers(), settings=EXACT)
    found = check_plan(decided(items, p1=("edit", 7.0)), make_suppliers(), ReplenishmentLimits(), plan.orders)
    assert {each.rule for each in found} == {"override"}


ITEM = st.fixed_dictionaries(
    {
        "demand": st.floats(0, 60),
        "unit_cost": st.floats(0.5, 9),
        "unit_price": st.floats(1, 20),
        "pack_units": st.sampled_from([1, 6]),
        "moq_units": st.sampled_from([0, 10]),
        "on_hand": st.floats(0, 40),
        "volume_m3": st.sampled_from([0.05, 0.5]),
        "supplier_id": st.sampled_from(["s1", "s2"]),
        "is_order_day": st.sampled_from([True, True, False]),
    }
)
DECISION = st.one_of(
    st.none(),
    st.just(("reject", None)),
    st.just(("approve", None)),
    st.tuples(st.just("edit"), st.floats(0, 80).map(lambda x: round(x, 1))),
)
SHOP = st.lists(st.tuples(ITEM, DECISION), min_size=1, max_size=7)
TERMS = {"s1": (120.0, 3.0), "s2": (40.0, 0.0)}


@settings(max_examples=40, deadline=None)
@given(shop=SHOP, budget=st.floats(0, 500), volume=st.floats(0, 25))
def test_every_plan_honours_its_overrides_and_keeps_the_limits_as_relaxed(make_items, make_suppliers, shop, budget, volume) -> None:
    items = make_items(*({**row, "product": f"p{i}"} for i, (row, _) in enumerate(shop)))
    items = decided(items, **{f"p{i}": decision for i, (_, decision) in enumerate(shop) if decision})
    plan = plan_replenishment(items, make_suppliers(**TERMS), ReplenishmentLimits(budget, {"north": volume}), EXACT)
    given_way = {(row["limit_name"], row["scope"]): row["relaxed_by"] for row in plan.limits.iter_rows(named=True)}
    relaxed = ReplenishmentLimits(budget + given_way["purchase_budget", "all"], {"north": volume + given_way["warehouse_volume", "north"]})
    minimums = {name: (least - given_way.get(("supplier_minimum", name), 0.0), cost) for name, (least, cost) in TERMS.items()}
    assert check_plan(items, make_suppliers(**minimums), relaxed, plan.orders) == []
    assert (plan.certificate.status == "relaxed") == any(value > 0 for value in given_way.values())
    for row in plan.orders.iter_rows(named=True):
        assert total_of_parts(row) == pytest.approx(row["order_units"], abs=1e-6)
    assert plan.certificate.bound <= plan.certificate.value + 1e-6
    assert set(OVERRIDE_COLUMNS) <= set(plan.orders.columns)


@settings(max_examples=15, deadline=None)
@given(shop=st.lists(ITEM, min_size=2, max_size=6), budget=st.floats(50, 500))
def test_approving_what_was_proposed_changes_no_order(make_items, make_suppliers, shop, budget) -> None:
    """Every item approved: the plan is the proposal, and its value is the proposal's."""
    items = make_items(*({**row, "product": f"p{i}"} for i, row in enumerate(shop)))
    limits, terms = ReplenishmentLimits(budget), make_suppliers(**TERMS)
    free = plan_replenishment(items, terms, limits, EXACT)
    every = decided(items, **{f"p{i}": ("approve", None) for i in range(len(shop))})
    approved = plan_replenishment(every, terms, limits, EXACT)
    assert approved.orders["order_units"].to_list() == free.orders["order_units"].to_list()
    assert approved.certificate.status != "relaxed"
    assert approved.supplier_orders.equals(free.supplier_orders)
