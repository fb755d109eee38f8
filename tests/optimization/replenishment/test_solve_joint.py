"""`solve_joint` against trying every plan, and its bounds and prices against solving again."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment import ReplenishmentSettings
from optimization.replenishment.joint_problem import JointProblem, is_feasible, total_cost
from optimization.replenishment.solve_joint import solve_joint

EXACT = ReplenishmentSettings(relative_gap=0.0)


def random_problem(seed: int, items: int, sizes: int, suppliers: int, places: int, tight: float) -> JointProblem:
    """Return a problem with convex cost curves, some binding suppliers, and rooms of `tight` times what items want alone."""
    luck = np.random.default_rng(seed)
    units = np.cumsum(np.concatenate([np.zeros((items, 1)), luck.integers(1, 4, (items, sizes - 1))], axis=1), axis=1).astype(np.float64)
    steps = np.sort(luck.normal(-2, 4, (items, sizes - 1)), axis=1) * np.diff(units, axis=1)
    cost = 50 + np.cumsum(np.concatenate([np.zeros((items, 1)), steps], axis=1), axis=1)
    unit_cost, unit_volume = luck.uniform(1, 5, items).round(2), luck.uniform(0, 2, items).round(2)
    place = luck.integers(-1, places, items)
    wish = units[np.arange(items), cost.argmin(axis=1)]
    room = [wish @ unit_cost * tight, *((wish * unit_volume)[place == one].sum() * tight * 1.1 for one in range(places))]
    minimum = np.where(luck.random(suppliers) < 0.6, luck.uniform(5, 30, suppliers), 0.0)
    fixed = np.where(luck.random(suppliers) < 0.6, luck.uniform(0, 8, suppliers), 0.0)
    supplier = luck.integers(0, suppliers, items)
    return JointProblem(units, cost, unit_cost, unit_volume, supplier, place, minimum, fixed, np.array(room))


def cheapest_of_all(problem: JointProblem) -> float:
    """Return the cost of the best plan, found by trying every one."""
    plans = (np.array(picks) for picks in itertools.product(range(problem.units.shape[1]), repeat=len(problem.units)))
    return min(total_cost(problem, picks) for picks in plans if is_feasible(problem, picks))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), tight=st.sampled_from([0.0, 0.3, 0.6, 0.9, 2.0]), places=st.integers(0, 2))
def test_small_problems_equal_trying_every_plan(seed: int, tight: float, places: int) -> None:
    problem = random_problem(seed, items=5, sizes=4, suppliers=2, places=places, tight=tight)
    answer = solve_joint(problem, EXACT)
    assert is_feasible(problem, answer.picks)
    assert answer.cost == pytest.approx(cheapest_of_all(problem), abs=1e-6)
    assert answer.bound <= answer.cost + 1e-9
    assert answer.status == "optimal"


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), tight=st.floats(0.1, 1.2))
def test_more_room_never_costs_more_and_the_price_is_a_bound_on_what_it_saves(seed: int, tight: float) -> None:
    problem = random_problem(seed, items=12, sizes=6, suppliers=3, places=1, tight=tight)
    wider = replace(problem, room=problem.room * np.array([1.2, 1.0]))
    answer, better = solve_joint(problem, EXACT), solve_joint(wider, EXACT)
    assert better.cost <= answer.cost + 1e-6
    # a price found at one room proves a bound at every other one
    proven = answer.bound - answer.prices @ (wider.room - problem.room) - (answer.cost - answer.bound)
    assert better.cost >= min(proven, better.bound) - 1e-6


@pytest.mark.parametrize("tight", [0.4, 0.7])
def test_the_budgets_price_is_what_one_percent_more_or_less_is_worth(tight: float) -> None:
    problem = random_problem(3, items=150, sizes=10, suppliers=8, places=0, tight=tight)
    problem = replace(problem, minimum=np.zeros(8), fixed=np.zeros(8))
    close = replace(EXACT, relative_gap=1e-6)
    one_percent = problem.room[0] * 0.01
    costs = [solve_joint(replace(problem, room=problem.room * share), close).cost for share in (0.99, 1.0, 1.01)]
    price = solve_joint(problem, close).prices[0]
    assert (costs[1] - costs[2]) / one_percent <= price * 1.02
    assert (costs[0] - costs[1]) / one_percent >= price * 0.98
    assert (costs[0] - costs[2]) / (2 * one_percent) == pytest.approx(price, rel=0.05)


def test_a_core_larger_than_allowed_still_gives_a_plan_with_a_true_bound() -> None:
    problem = random_problem(5, items=60, sizes=8, suppliers=6, places=2, tight=0.5)
    exact = solve_joint(problem, EXACT)
    hurried = solve_joint(problem, replace(EXACT, core_variables=20))
    assert is_feasible(problem, hurried.picks)
    assert hurried.bound <= exact.cost + 1e-9 <= hurried.cost + 2e-9
    assert hurried.cost <= exact.cost * 1.02
