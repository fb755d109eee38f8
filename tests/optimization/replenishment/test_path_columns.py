"""Orders weighed over sample paths: the pairs decide, the table says so, and nothing else changes."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import ReplenishmentLimits, ReplenishmentSettings, check_plan, plan_replenishment
from optimization.replenishment.demand_scenarios import demand_scenarios
from optimization.replenishment.path_columns import PATH_COLUMNS, SCENARIOS
from optimization.replenishment.read_items import read_items
from optimization.transfers import plan_transfers

HALF = SCENARIOS // 2
NEAR, FAR = [0.0] * HALF + [10.0] * HALF, [30.0] * HALF + [10.0] * HALF
EXACT = ReplenishmentSettings(relative_gap=0.0)
PAIRS = st.lists(st.tuples(st.floats(0, 20), st.floats(0, 60)), min_size=SCENARIOS, max_size=SCENARIOS)


def with_paths(items: pl.DataFrame, near: list, far: list) -> pl.DataFrame:
    return items.with_columns(
        pl.Series(name, lists, dtype=PATH_COLUMNS[name]) for name, lists in zip(PATH_COLUMNS, (near, far), strict=True)
    )


def test_by_hand_an_empty_shelf_orders_for_what_is_asked_after_the_arrival(make_items, make_suppliers) -> None:
    """Nothing lies there, so what is asked for before arrival is lost. Paired 0 with 30 and 10 with 10, up to 30 can be sold afterwards;
    paired by size, 0 with 10 and 10 with 30, no more than 20. A unit kept costs little, so the order is the most that can be sold."""
    items, suppliers = make_items({"wait": 20.0}), make_suppliers()
    paired = plan_replenishment(with_paths(items, [NEAR], [FAR]), suppliers).orders.row(0, named=True)
    by_size = plan_replenishment(with_paths(items, [NEAR], [sorted(FAR)]), suppliers).orders.row(0, named=True)
    assert (paired["order_units"], by_size["order_units"]) == (30.0, 20.0)
    # with 30 ordered half of the paths sell all of it, the others have nothing to sell and lost 10 before
    assert (paired["expected_lost_units"], paired["expected_left_units"]) == (5.0, 15.0)
    assert (by_size["expected_lost_units"], by_size["expected_left_units"]) == (5.0, 5.0)


def test_orders_say_what_they_were_weighed_over(make_items, make_suppliers) -> None:
    items = make_items({"wait": 20.0}, {"product": "p2"}, {"product": "p3", "unit_cost": None}, {"product": "p4", "cover_q50": None})
    plan = plan_replenishment(with_paths(items, [NEAR, None, NEAR, NEAR], [FAR, None, FAR, FAR]), make_suppliers())
    assert plan.orders["demand_scenarios"].to_list() == ["sample paths", "quantiles", None, None]
    assert plan_replenishment(items, make_suppliers()).orders["demand_scenarios"].to_list() == ["quantiles", "quantiles", None, None]


def test_paths_that_are_the_quantiles_give_the_same_plan(make_items, make_suppliers) -> None:
    items = make_items(
        *({"product": f"p{i}", "demand": 9.0 * i, "wait": 4.0 * i, "on_hand": float(i), "pack_units": 1 + i} for i in range(6))
    )
    suppliers, limits = make_suppliers(s1=(50.0, 2.0)), ReplenishmentLimits(purchase_budget=300.0)
    plan = plan_replenishment(items, suppliers, limits)
    demand = demand_scenarios(read_items(items))
    same = with_paths(items, demand.until_arrival.tolist(), (demand.until_arrival + demand.after_arrival).tolist())
    told = plan_replenishment(same, suppliers, limits)
    assert plan.orders["order_units"].sum() > 0
    assert told.orders["order_units"].equals(plan.orders["order_units"])
    assert told.certificate.value == pytest.approx(plan.certificate.value)
    assert told.certificate.input_hash != plan.certificate.input_hash


@settings(max_examples=15, deadline=None)
@given(pairs=st.lists(PAIRS, min_size=1, max_size=4), budget=st.floats(0, 500), seed=st.integers(0, 99))
def test_every_plan_over_paths_passes_its_checker_and_no_order_of_rows_matters(
    make_items, make_suppliers, pairs: list, budget: float, seed: int
) -> None:
    near = [[min(pair) for pair in item] for item in pairs]
    far = [[max(pair) for pair in item] for item in pairs]
    rows = [{"product": f"p{i}", "wait": 20.0, "on_hand": 5.0 * i, "pack_units": 1 + 3 * i} for i in range(len(pairs))]
    items = with_paths(make_items(*rows), near, far)
    suppliers, limits = make_suppliers(s1=(40.0, 3.0)), ReplenishmentLimits(purchase_budget=budget, warehouse_volume_m3={"north": 9.0})
    plan = plan_replenishment(items, suppliers, limits, EXACT)
    if plan.certificate.status == "relaxed":
        limits = ReplenishmentLimits(purchase_budget=budget)
    assert check_plan(items, suppliers, limits, plan.orders) == []
    shuffled = plan_replenishment(items.sample(fraction=1, shuffle=True, seed=seed), suppliers, limits, EXACT)
    assert shuffled.orders.equals(plan.orders)
    assert shuffled.certificate == plan.certificate
    # the order in which an item's paths are told plays no part in what is ordered
    mixed = np.random.default_rng(seed).permutation(SCENARIOS)
    other = with_paths(items, [[row[k] for k in mixed] for row in near], [[row[k] for k in mixed] for row in far])
    assert plan_replenishment(other, suppliers, limits, EXACT).certificate.value == pytest.approx(plan.certificate.value)


def test_a_buyers_decision_is_honoured_over_paths_too(make_items, make_suppliers) -> None:
    items = with_paths(make_items({"wait": 20.0}, {"product": "p2", "wait": 20.0}), [NEAR, NEAR], [FAR, FAR])
    decided = items.with_columns(override_action=pl.Series(["edit", None]), override_units=pl.Series([7.0, None]))
    plan = plan_replenishment(decided, make_suppliers())
    assert plan.orders["order_units"].to_list() == [7.0, 30.0]
    assert plan.orders["proposed_units"].to_list() == [30.0, 30.0]
    assert plan.certificate.violations == ()


def test_transfers_are_weighed_over_the_same_paths(make_items) -> None:
    """North has 40 too many; south sells 20 on every path, but its quantiles say nothing is asked for there."""
    items = make_items({"demand": 0.0, "on_hand": 40.0}, {"demand": 0.0, "location_id": "south"})
    paths = with_paths(items, [[0.0] * SCENARIOS] * 2, [[0.0] * SCENARIOS, [20.0] * SCENARIOS])
    assert plan_transfers(items).transfers.is_empty()
    plan = plan_transfers(paths)
    assert plan.transfers["transfer_units"].to_list() == [20.0]
    assert plan.certificate.violations == ()
    assert plan.certificate.input_hash != plan_transfers(items).certificate.input_hash


@pytest.mark.parametrize(
    ("near", "far", "message"),
    [
        (NEAR, None, "together"),
        (None, FAR, "together"),
        (NEAR[1:], FAR[1:], "32 numbers"),
        (NEAR[1:], FAR, "32 numbers"),
        ([-1.0, *NEAR[1:]], FAR, "0 or more"),
        (NEAR, [float("nan"), *FAR[1:]], "0 or more"),
        ([None, *NEAR[1:]], FAR, "0 or more"),
        (NEAR, [float("inf"), *FAR[1:]], "0 or more"),
        (FAR, NEAR, "no more demand until arrival"),
    ],
)
def test_impossible_paths_are_the_callers_error(make_items, near: list | None, far: list | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_items(with_paths(make_items({"wait": 20.0}), [near], [far]))
