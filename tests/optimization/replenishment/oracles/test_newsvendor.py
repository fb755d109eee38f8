"""The newsvendor and the policies that repeat: the textbook's numbers, slow recomputations, stockpyl where it is installed.

Numbers of the textbook: Snyder and Shen, Fundamentals of Supply Chain Theory, as stockpyl 1.0.2 answers its examples.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from optimization.replenishment.oracles import (
    best_fixed_order_policy,
    best_order_up_to_policy,
    critical_fractile,
    discrete_newsvendor,
    economic_order_quantity,
    poisson_newsvendor,
)


def test_the_textbooks_newsvendors() -> None:
    # stockpyl: newsvendor_poisson(0.18, 0.70, 50); newsvendor_poisson(1, 4, 6), Example 4.7
    found = poisson_newsvendor([50, 6], [0.18, 1], [0.70, 4])
    assert found.units.tolist() == [56, 8]
    assert found.cost == pytest.approx([1.797235211809178, 3.5701069457709416], abs=1e-9)
    # stockpyl: newsvendor_discrete(1, 4, demand_pmf={1: .25, 2: .25, 3: .4, 4: .1})
    found = discrete_newsvendor(np.array([1.0, 2, 3, 4]), np.array([0.25, 0.25, 0.4, 0.1]), 1, 4)
    assert (found.units.item(), found.cost.item()) == (3, pytest.approx(1.15))


def test_the_textbooks_policies() -> None:
    # stockpyl: s_s_discrete_exact(1, 4, 5, True, 6), Example 4.7; r_q_poisson_exact(20, 150, 100, 1.5, 2), Example 5.8;
    # economic_order_quantity(8, 0.225, 1300), Example 3.1
    policy = best_order_up_to_policy(6, 5, 1, 4)
    assert (policy.reorder_point, policy.order, policy.cost) == (4, 10, pytest.approx(8.034111561471642, abs=1e-9))
    policy = best_fixed_order_policy(1.5, 2, 100, 20, 150)
    assert (policy.reorder_point, policy.order, policy.cost) == (3, 5, pytest.approx(107.92358063314975, abs=1e-9))
    assert economic_order_quantity(1300, 8, 0.225) == pytest.approx((304.0467800264368, 68.41052550594829))


@settings(max_examples=40, deadline=None)
@given(mean=st.floats(0, 30), overage=st.floats(0.1, 5), shortage=st.floats(0, 20))
def test_no_other_quantity_is_cheaper_against_poisson_demand(mean: float, overage: float, shortage: float) -> None:
    demand = np.arange(150)
    chance = poisson.pmf(demand, mean)
    cost = [float(chance @ (overage * np.maximum(units - demand, 0) + shortage * np.maximum(demand - units, 0))) for units in range(100)]
    found = poisson_newsvendor([mean], [overage], [shortage])
    assert found.cost[0] == pytest.approx(cost[int(found.units[0])], abs=1e-8)
    assert found.cost[0] == pytest.approx(min(cost), abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), items=st.integers(1, 4))
def test_no_other_value_is_cheaper_against_discrete_demand(seed: int, items: int) -> None:
    luck = np.random.default_rng(seed)
    demand, chance = np.sort(luck.integers(0, 30, (items, 5)), axis=1).astype(np.float64), luck.dirichlet(np.ones(5), items)
    over, short = luck.uniform(0.1, 5, items), luck.uniform(0.1, 5, items)
    found = discrete_newsvendor(demand, chance, over, short)
    for row in range(items):
        gap = np.arange(31)[:, None] - demand[row]
        cost = (over[row] * np.maximum(gap, 0) + short[row] * np.maximum(-gap, 0)) @ chance[row]
        assert found.cost[row] == pytest.approx(cost.min(), abs=1e-9)
        assert found.cost[row] == pytest.approx(cost[int(found.units[row])], abs=1e-9)


@pytest.mark.parametrize(("mean", "fixed", "holding", "backorder"), [(6.0, 5.0, 1.0, 4.0), (0.6, 12.0, 0.5, 9.0), (15.0, 40.0, 2.0, 3.0)])
def test_the_cost_of_an_order_up_to_policy_is_that_of_its_markov_chain(mean, fixed, holding, backorder) -> None:
    policy = best_order_up_to_policy(mean, fixed, holding, backorder)
    assert policy.cost == pytest.approx(chain_cost(policy.reorder_point, policy.order, mean, fixed, holding, backorder), abs=1e-6)
    for low, top in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1)):  # no neighbour is cheaper
        if policy.reorder_point + low < policy.order + top:
            near = chain_cost(policy.reorder_point + low, policy.order + top, mean, fixed, holding, backorder)
            assert policy.cost <= near + 1e-9


def chain_cost(reorder: int, top: int, mean: float, fixed: float, holding: float, backorder: float) -> float:
    """Return the mean cost per period from the long-run shares of the levels after ordering."""
    levels, demand = np.arange(reorder + 1, top + 1), np.arange(200)
    chance = poisson.pmf(demand, mean)
    move, order = np.zeros((len(levels), len(levels))), np.zeros(len(levels))
    for row, level in enumerate(levels):
        for wanted in demand[chance > 0]:
            left = level - wanted
            ordered = left <= reorder
            move[row, (top if ordered else left) - reorder - 1] += chance[wanted]
            order[row] += chance[wanted] * ordered
    shares = np.linalg.lstsq(
        np.vstack([move.T - np.eye(len(levels)), np.ones(len(levels))]), np.append(np.zeros(len(levels)), 1.0), rcond=None
    )[0]
    period = [float(chance @ (holding * np.maximum(y - demand, 0) + backorder * np.maximum(demand - y, 0))) for y in levels]
    return float(shares @ (np.array(period) + fixed * order))


@pytest.mark.parametrize(("mean", "lead", "fixed"), [(1.5, 2.0, 100.0), (8.0, 0.5, 3.0), (0.3, 4.0, 20.0)])
def test_no_fixed_order_of_a_grid_is_cheaper(mean: float, lead: float, fixed: float) -> None:
    demand = np.arange(200)
    chance = poisson.pmf(demand, mean * lead)
    rate = np.array([float(chance @ (2.0 * np.maximum(y - demand, 0) + 9.0 * np.maximum(demand - y, 0))) for y in range(-20, 80)])
    grid = min((fixed * mean + rate[low : low + units].sum()) / units for low in range(60) for units in range(1, 40))
    assert best_fixed_order_policy(mean, lead, fixed, 2.0, 9.0).cost == pytest.approx(grid, abs=1e-8)


def test_costs_that_leave_no_fractile_raise() -> None:
    with pytest.raises(ValueError, match="not both 0"):
        critical_fractile(0.0, 0.0)
    with pytest.raises(ValueError, match="overage above 0"):
        poisson_newsvendor([3.0], 0.0, 1.0)
    with pytest.raises(ValueError, match="add up to 1"):
        discrete_newsvendor(np.array([1.0, 2.0]), np.array([0.5, 0.4]), 1.0, 1.0)
    with pytest.raises(ValueError, match="ascending"):
        discrete_newsvendor(np.array([2.0, 1.0]), np.array([0.5, 0.5]), 1.0, 1.0)
    with pytest.raises(ValueError, match="above 0"):
        economic_order_quantity(0.0, 1.0, 1.0)


def test_stockpyl_agrees_on_random_cases() -> None:
    newsvendor, review = pytest.importorskip("stockpyl.newsvendor"), pytest.importorskip("stockpyl.ss")
    luck = np.random.default_rng(3)
    for _ in range(20):
        mean, holding, shortage, fixed = luck.uniform(1, 20), luck.uniform(0.1, 2), luck.uniform(1, 9), luck.uniform(1, 40)
        units, cost = newsvendor.newsvendor_poisson(holding, shortage, mean)
        found = poisson_newsvendor([mean], holding, shortage)
        assert (found.units[0], found.cost[0]) == (units, pytest.approx(cost, abs=1e-6))
        policy = best_order_up_to_policy(mean, fixed, holding, shortage)
        assert policy.cost == pytest.approx(review.s_s_discrete_exact(holding, shortage, fixed, True, mean)[2], abs=1e-6)
