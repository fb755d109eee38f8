"""`solve_horizon` against the whole model, against trying every plan, and its bounds, prices and limits."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.linear_program import SolveOptions
from optimization.replenishment_horizon import HorizonProblem, HorizonSettings, solve_horizon
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits, total_cost
from optimization.replenishment_horizon.whole_model import arriving_of, solve_whole

EXACT = HorizonSettings(relative_gap=0.0)
PRICED = HorizonSettings(relative_gap=0.0, whole_model_cells=0, price_rounds=2, price_answers=15)
GAP_0 = SolveOptions(relative_gap=0.0, absolute_gap=0.0)


def cheapest_of_all(problem: HorizonProblem) -> float:
    """Return the cost of the best plan, found by trying every one."""
    options = []
    for item in range(problem.items):
        most = max(int(problem.most_stock[item].max()), 0) // int(problem.pack[item])
        sizes = [0, *range(int(problem.moq_packs[item]), most + 1)]
        options += [sizes if problem.may_arrive[item, period] else [0] for period in range(problem.periods)]
    best = np.inf
    for picks in itertools.product(*options):
        arriving = np.array(picks, dtype=np.int64).reshape(problem.demand.shape) * problem.pack[:, None]
        course = course_of(problem, arriving)
        if ((arriving > 0) & (course.stock > problem.most_stock)).any() or not keeps_limits(problem, course):
            continue
        best = min(best, total_cost(problem, course))
    return best


@pytest.mark.parametrize("seed", range(60))
def test_small_problems_equal_the_whole_model_at_gap_0(some_shop, arrays, seed: int) -> None:
    problem = arrays(some_shop(seed))
    whole = solve_whole(problem, GAP_0)
    answer = solve_horizon(problem, EXACT)
    course = course_of(problem, answer.arriving)
    assert whole.status == "optimal"
    assert whole.value == pytest.approx(total_cost(problem, course_of(problem, arriving_of(problem, whole.x))), abs=1e-6)
    assert answer.status == "optimal"
    assert answer.cost == pytest.approx(whole.value, abs=1e-6)
    assert answer.cost == pytest.approx(total_cost(problem, course), abs=1e-9)
    assert keeps_limits(problem, course)


@pytest.mark.parametrize("seed", range(100, 112))
def test_bound_and_plan_of_the_decomposition_enclose_the_best_plan(some_shop, arrays, seed: int) -> None:
    problem = arrays(some_shop(seed))
    whole = solve_whole(problem, GAP_0)
    answer = solve_horizon(problem, PRICED)
    assert whole.value is not None
    assert answer.bound <= whole.value + 1e-6
    assert answer.cost >= whole.value - 1e-6
    assert keeps_limits(problem, course_of(problem, answer.arriving))


@pytest.mark.parametrize("seed", range(200, 208))
def test_tiny_problems_equal_trying_every_plan(some_shop, arrays, seed: int) -> None:
    problem = arrays(some_shop(seed, most_items=2, most_periods=3))
    small = replace(problem, pack=np.maximum(problem.pack, 3), most_stock=np.minimum(problem.most_stock, 12))
    assert solve_horizon(small, EXACT).cost == pytest.approx(cheapest_of_all(small), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 5_000), more=st.floats(1.0, 2.0))
def test_more_room_never_costs_more(some_shop, arrays, seed: int, more: float) -> None:
    problem = arrays(some_shop(seed, most_items=3, most_periods=4))
    wider = problem.with_room(problem.room * more)
    assert solve_horizon(wider, EXACT).cost <= solve_horizon(problem, EXACT).cost + 1e-6


@pytest.fixture(scope="module")
def middling(some_shop, arrays) -> HorizonProblem:
    """Return 60 items copied from small shops: budget, two warehouses and both suppliers' terms bind."""
    parts = [arrays(some_shop(seed)) for seed in range(300, 400)]
    parts = [part for part in parts if part.periods == 5]
    first = parts[0]
    names = [
        name for name in first.__dataclass_fields__ if name not in ("may_order", "minimum", "fixed", "budget", "category_budget", "volume")
    ]
    joined = {name: np.concatenate([getattr(part, name) for part in parts])[:60] for name in names}
    joined["category"] = np.full(60, -1)
    joined["place"] = np.arange(60) % 2
    joined["supplier"] = np.arange(60) % 2
    free = replace(
        first,
        **joined,
        may_order=np.ones((2, 5), dtype=np.bool_),
        minimum=np.zeros(2),
        fixed=np.zeros(2),
        budget=np.full(5, np.inf),
        category_budget=np.zeros((0, 5)),
        volume=np.full((2, 5), np.inf),
    )
    loose = course_of(free, solve_horizon(free, HorizonSettings()).arriving)
    money = (free.at_order(loose.arriving * free.unit_cost[:, None])).sum(axis=0)
    stock = loose.stock * free.unit_volume[:, None]
    bare = course_of(free, np.zeros_like(free.demand)).stock * free.unit_volume[:, None]
    volume = np.stack([np.maximum(stock[p::2].sum(axis=0) * 0.9, bare[p::2].sum(axis=0) * 1.01) for p in range(2)])
    return replace(
        free, budget=np.full(5, money.sum() / 5 * 0.85), volume=volume, minimum=np.array([60.0, 90.0]), fixed=np.array([4.0, 9.0])
    )


def test_budget_volume_and_minimum_binding_at_once_leave_a_small_gap(middling: HorizonProblem) -> None:
    answer = solve_horizon(middling, replace(PRICED, price_rounds=4, time_limit_seconds=5.0, relative_gap=1e-3))
    course = course_of(middling, answer.arriving)
    assert keeps_limits(middling, course)
    assert (answer.prices.room[:5] > 0).any()
    assert (answer.prices.room[5:] > 0).any()
    assert answer.bound <= answer.cost <= answer.bound * 1.04


def test_the_same_problem_gives_the_same_plan(middling: HorizonProblem) -> None:
    quick = replace(PRICED, price_rounds=1, relative_gap=0.02)
    first, second = solve_horizon(middling, quick), solve_horizon(middling, quick)
    assert (first.arriving == second.arriving).all()
    assert (first.cost, first.bound) == (second.cost, second.bound)
