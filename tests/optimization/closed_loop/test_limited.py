"""Orders of a round under limits: what the simulation says a size costs, worked by hand and tried; what rules and program keep."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.closed_loop import (
    LoopStart,
    LoopTerms,
    Rollout,
    RoundPolicy,
    Seen,
    SupplyLimits,
    limited_orders,
    limited_rule,
    outcome,
    path_orders,
    run_loop,
    weighed_fractile,
)
from optimization.closed_loop.loop import Floats
from optimization.closed_loop.rollout import order_up_to_levels, rollout_cost
from optimization.closed_loop.supply import cut_to_budget, in_packs, top_up_suppliers

ONE = np.ones(1)


def free(items: int, rounds: int = 1, **changes: Floats) -> SupplyLimits:
    """Limits that bind nothing."""
    every = np.ones(items)
    nothing = SupplyLimits(every, every, every, np.zeros(items, dtype=np.int64), np.zeros(1), np.zeros(1), np.full(rounds, np.inf))
    return replace(nothing, **changes)


def test_packs_and_least_orders_by_hand() -> None:
    need = np.array([2.0, 3.0, 10.0, -4.0, 11.0, 13.0])
    pack, least = np.array([6.0, 6.0, 6.0, 6.0, 6.0, 1.0]), np.array([6.0, 6.0, 24.0, 6.0, 24.0, 13.0])
    assert in_packs(need, pack, least).tolist() == [0, 6, 0, 0, 0, 13]
    assert in_packs(np.array([12.0]), np.array([6.0]), np.array([24.0])).tolist() == [24]  # half of the least order is needed


def test_a_supplier_below_its_minimum_is_topped_up_or_skipped() -> None:
    limits = free(3, unit_cost=np.array([1.0, 2.0, 1.0]), supplier=np.array([0, 0, 1]), minimum=np.array([20.0, 9.0]), fixed=np.zeros(2))
    units = top_up_suppliers(np.array([4.0, 4.0, 4.0]), np.array([0.5, 0.2, 0.1]), limits)
    assert units[2] == 0  # 4 is less than half of 9
    assert units[:2].tolist() == [6.0, 7.0]  # the second is more urgent and takes the first unit
    assert limits.keeps(units, 0)


def test_a_budget_goes_to_what_is_most_urgent_and_whole_lines_only() -> None:
    limits = free(3, budget=np.array([10.0]))
    kept = cut_to_budget(np.array([6.0, 5.0, 4.0]), np.array([0.3, 0.1, 0.2]), limits, 0)
    assert kept.tolist() == [0.0, 5.0, 4.0]


def test_the_cost_of_a_size_by_hand() -> None:
    """One path, lead time 1, demand 2, 3, 1, 4: 5 on hand leave 3 - 0 = 3 after the first period. An order of 2 makes 5: 2 left, then the
    level of the next round (3 + 1 = 4) is looked at with 3 on hand and 2 due, so nothing follows; then 1 left."""
    seen = Seen(-1, np.array([5.0]), np.array([[0.0]]))
    paths = np.array([[[2.0, 3.0, 1.0, 4.0]]])
    terms, plan = LoopTerms(1, 1.0, 5.0), Rollout(reach=2, later_rounds=1, goes_on=False)
    cost = rollout_cost(seen, paths, np.array([[0.0, 2.0, 4.0]]), np.array([0.5]), (ONE, ONE), terms, plan)
    assert order_up_to_levels(paths, np.array([0.5]), 1, 2).tolist() == [[5.0, 4.0]]
    # nothing: 0 left, one unit follows for the last period and is sold; two: 2 + 1; four: 4 + 3
    assert cost.tolist() == [[0.0, 3.0, 7.0]]


@given(st.integers(0, 5_000), st.integers(0, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_simulated_size_costs_what_the_loop_says(seed: int, lead: int, lost_sales: bool) -> None:
    """On one known path the simulation is the loop itself with the base-stock rule after the first order."""
    rng = np.random.default_rng(seed)
    reach, pack, least = 3, np.array([3.0]), np.array([6.0])
    demand = rng.poisson(4.0, (1, lead + reach)).astype(np.float64)
    paths = demand[:, None, :]
    start = LoopStart(rng.integers(0, 9, 1).astype(np.float64), rng.integers(0, 5, (1, lead)).astype(np.float64))
    terms, size = LoopTerms(lead, 1.0, 3.0, lost_sales), float(rng.choice([0.0, 6.0, 9.0]))
    levels = order_up_to_levels(paths, np.array([0.7]), lead, reach)

    def decide(seen: Seen) -> Floats:
        number = seen.period + 1
        return np.array([size]) if number == 0 else np.asarray(in_packs(levels[:, number] - seen.position, pack, least), dtype=np.float64)

    loop = run_loop(demand, start, terms, reach, decide)
    scored = np.arange(lead + reach)[None, :] >= lead
    told = outcome(loop, demand, terms, scored)
    seen = Seen(-1, start.on_hand, start.receipts)
    plan = Rollout(reach, reach - 1, goes_on=False)
    cost = rollout_cost(seen, paths, np.array([[size]]), np.array([0.7]), (pack, least), terms, plan)
    assert cost[0, 0] == pytest.approx(told.cost, rel=1e-5)


@given(st.integers(0, 5_000), st.sampled_from([0.3, 0.7, 1.2]), st.integers(0, 1))
@settings(max_examples=25, deadline=None)
def test_program_and_rules_keep_every_limit(seed: int, share: float, lead: int) -> None:
    rng = np.random.default_rng(seed)
    items = 12
    rate = rng.uniform(0.5, 12.0, items)
    paths = rng.poisson(rate[:, None, None], (items, 24, lead + 5)).astype(np.float64)
    cost = rng.uniform(1.0, 9.0, items)
    limits = SupplyLimits(
        pack=rng.choice([1.0, 6.0], items),
        moq=rng.choice([0.0, 1.0, 12.0], items),
        unit_cost=cost,
        supplier=rng.integers(0, 3, items),
        minimum=np.array([0.0, 30.0, 80.0]),
        fixed=np.array([0.0, 2.0, 0.0]),
        budget=np.full(1, float(rate @ cost) * share),
    )
    terms = LoopTerms(lead, 0.1 * cost, 0.5 * cost)
    seen = Seen(-1, rng.integers(0, 10, items).astype(np.float64), rng.integers(0, 4, (items, lead)).astype(np.float64))
    units, gap = limited_orders(seen, paths, terms, limits, 0, RoundPolicy(np.ones(items), Rollout(4, 4)))
    assert limits.keeps(units, 0)
    assert 0 <= gap < 0.01
    level = order_up_to_levels(paths, weighed_fractile(np.ones(items), terms), lead, 1)[:, 0]
    assert limits.keeps(limited_rule(level, seen.position, limits, 0), 0)


def test_more_budget_is_never_dearer_in_expectation() -> None:
    rng = np.random.default_rng(3)
    paths = rng.poisson(5.0, (20, 32, 5)).astype(np.float64)
    terms, seen = LoopTerms(0, 0.2, 1.0), Seen(-1, np.zeros(20), np.zeros((20, 0)))
    policy, spent = RoundPolicy(np.ones(20), Rollout(4, 4)), []
    for budget in (0.0, 20.0, 60.0, 500.0):
        units, _ = limited_orders(seen, paths, terms, free(20, budget=np.array([budget])), 0, policy)
        assert units.sum() <= budget
        spent.append(float(units.sum()))
    assert spent == sorted(spent)
    assert spent[1] == 20.0


def test_without_limits_the_program_is_the_newsvendor() -> None:
    """Where the world ends with the order's own period there is nothing to simulate: the fractile of what is lacking."""
    rng = np.random.default_rng(8)
    paths = rng.poisson(4.0, (30, 40, 2)).astype(np.float64)
    terms = LoopTerms(1, 0.25, 1.0)
    seen = Seen(-1, rng.integers(0, 5, 30).astype(np.float64), np.ones((30, 1)))
    weight = np.ones(30)
    plan = Rollout(1, 0, goes_on=False)
    units, _ = limited_orders(seen, paths, terms, free(30), 0, RoundPolicy(weight, plan))
    newsvendor = path_orders(seen, paths, terms, weighed_fractile(weight, terms))
    both = rollout_cost(seen, paths, np.column_stack([units, newsvendor]), weighed_fractile(weight, terms), (weight, weight), terms, plan)
    assert both[:, 0] == pytest.approx(both[:, 1], rel=1e-6)
    assert np.abs(units - newsvendor).max() <= 1  # only where two sizes cost the same


def test_items_of_several_lead_times_in_one_loop() -> None:
    terms = LoopTerms(np.array([0, 2]), np.array([1.0, 0.5]), 4.0)
    demand = np.array([[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]])
    loop = run_loop(demand, LoopStart(np.zeros(2), np.zeros((2, 0))), terms, 1, lambda _: np.array([3.0, 3.0]))
    assert loop.received.tolist() == [[3, 0, 0], [0, 0, 3]]
    told = outcome(loop, demand, terms, np.ones((2, 3), dtype=bool))
    assert told.item_cost.tolist() == [1 + 4 * 3, 0.5 + 4 * 4]
    assert [(rows.tolist(), own.longest_lead) for rows, own in terms.groups(2)] == [([0], 0), ([1], 2)]
    with pytest.raises(ValueError, match="one lead time"):
        terms.of(np.array([0, 1]))


def test_limits_outside_their_ranges_are_refused() -> None:
    with pytest.raises(ValueError, match="pack"):
        free(2, pack=np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="budget"):
        free(2, budget=np.array([-1.0]))
