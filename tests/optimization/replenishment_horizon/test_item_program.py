"""The vectorised item program against a plain recursion, and patterns of order periods against forbidding the others."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment_horizon import HorizonProblem
from optimization.replenishment_horizon.course_of_stock import course_of, item_costs
from optimization.replenishment_horizon.item_program import ItemPrices, best_plans, cut_blocks
from optimization.replenishment_horizon.order_patterns import pattern_costs, pattern_space


def slow_best(problem: HorizonProblem, item: int, prices: ItemPrices) -> float:
    """Return one item's least priced cost by trying every order in every period, on stock itself."""

    @cache
    def best(period: int, left: int) -> float:
        if period == problem.periods:
            return 0.0
        start = left + int(problem.receipts[item, period])
        orders = [0]
        if problem.may_arrive[item, period]:
            pack, most = int(problem.pack[item]), int(problem.most_stock[item, period])
            orders += [packs * pack for packs in range(int(problem.moq_packs[item]), 200) if start + packs * pack <= most]
        costs = []
        for units in orders:
            stock, demand = start + units, int(problem.demand[item, period])
            end, lost = max(stock - demand, 0), max(demand - stock, 0)
            own = problem.holding[item] * end + problem.lost_cost[item] * lost + prices.stock[item, period] * stock
            own += problem.safety_penalty[item] * max(int(problem.safety[item]) - end, 0) + prices.order[item, period] * units
            own += (problem.line_cost[item] + prices.line[item, period]) * (units > 0)
            costs.append(own + best(period + 1, end))
        return min(costs)

    return best(0, int(problem.on_hand[item]))


def some_prices(problem: HorizonProblem, seed: int) -> ItemPrices:
    luck = np.random.default_rng(seed)
    shape = problem.demand.shape
    return ItemPrices(luck.normal(0.3, 0.5, shape), luck.uniform(0, 0.2, shape), luck.uniform(0, 0.5, shape))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 5_000))
def test_every_item_equals_the_plain_recursion(some_shop, arrays, seed: int) -> None:
    problem = arrays(some_shop(seed))
    prices = some_prices(problem, seed)
    value, plan = best_plans(problem, cut_blocks(problem, np.arange(problem.items)), prices, np.ones(problem.demand.shape, dtype=np.bool_))
    assert value == pytest.approx([slow_best(problem, item, prices) for item in range(problem.items)], abs=1e-7)
    course = course_of(problem, plan)
    priced = (prices.order * plan + prices.line * (plan > 0) + prices.stock * course.stock).sum(axis=1)
    assert item_costs(problem, course) + priced == pytest.approx(value, abs=1e-7)  # the plan has the cost it is said to have
    assert ((plan == 0) | (problem.may_arrive & (course.stock <= problem.most_stock))).all()
    assert (plan % problem.pack[:, None] == 0).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 5_000))
def test_every_pattern_costs_what_closing_the_other_periods_costs(some_shop, arrays, seed: int) -> None:
    problem = arrays(some_shop(seed))
    space = pattern_space(problem)
    if not len(space.suppliers):
        return
    prices = some_prices(problem, seed)
    open_cost = np.random.default_rng(seed).uniform(0, 3, problem.may_order.shape)
    costs = pattern_costs(problem, space, prices, open_cost)
    blocks = cut_blocks(problem, np.arange(problem.items))
    for pattern in range(costs.shape[1]):
        open_ = space.open_periods(np.full(len(problem.minimum), pattern))
        arrivals = problem.at_arrival(open_[problem.supplier].astype(np.float64)) > 0
        value, _ = best_plans(problem, blocks, prices, arrivals)
        total = np.bincount(problem.supplier, weights=value, minlength=len(problem.minimum)) + (open_cost * open_).sum(axis=1)
        for row, supplier in enumerate(space.suppliers.tolist()):
            if pattern < 1 << int(space.bits[supplier]):
                assert costs[row, pattern] == pytest.approx(total[supplier], abs=1e-7)
            else:
                assert costs[row, pattern] == np.inf
