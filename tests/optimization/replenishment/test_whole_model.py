"""Two hundred and more small problems over every kind of limit: the search by prices equals HiGHS at gap 0 on the whole PuLP model.

Curves come from `plan_replenishment`'s own items (packs, MOQ, shelf life), so that what is compared is what is planned.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from optimization.replenishment import ReplenishmentSettings
from optimization.replenishment.item_needs import item_needs, size_curves
from optimization.replenishment.joint_problem import JointProblem, is_feasible, ordered, supplier_values, total_cost, used_room
from optimization.replenishment.read_items import read_items
from optimization.replenishment.solve_joint import solve_joint
from optimization.replenishment.whole_model import solve_whole

EXACT = ReplenishmentSettings(relative_gap=0.0, most_sizes=14)
KINDS = ("plain", "minimum", "fixed", "budget", "volumes", "categories", "all", "all")
INSTANCES = 216
ITEMS, SUPPLIERS, PLACES, CATEGORIES = 9, 3, 2, 2


@pytest.fixture(scope="module")
def curves(make_items) -> JointProblem:
    """Every instance's items in one problem without limits: nine rows each."""
    luck = np.random.default_rng(11)
    rows = [
        {
            "product": f"p{i:05d}",
            "demand": float(luck.uniform(5, 80)),
            "wait": float(luck.uniform(0, 10)),
            "unit_cost": round(luck.uniform(1, 8), 2),
            "unit_price": round(luck.uniform(5, 20), 2),
            "pack_units": int(luck.choice([1, 4, 6, 12])),
            "moq_units": int(luck.choice([0, 0, 10, 30])),
            "shelf_life_days": [None, 4.0, 12.0][int(luck.integers(3))],
            "on_hand": float(luck.integers(0, 15)),
        }
        for i in range(INSTANCES * ITEMS)
    ]
    read = read_items(make_items(*rows))
    units, cost = size_curves(item_needs(read, EXACT), EXACT.most_sizes)
    count = len(rows)
    return JointProblem(
        units, cost, read["unit_cost"].to_numpy(), luck.uniform(0.1, 2, count).round(2), luck.integers(0, SUPPLIERS, count),
        np.full(count, -1), np.zeros(SUPPLIERS), np.zeros(SUPPLIERS), np.array([np.inf]),
    )  # fmt: skip


def limited(curves: JointProblem, number: int) -> JointProblem:
    """Return one instance with the limits of its kind, tight against what its items want alone."""
    luck = np.random.default_rng(number)
    rows = np.arange(number * ITEMS, (number + 1) * ITEMS)
    kind = KINDS[number % len(KINDS)]
    units, cost, unit_cost, volume = curves.units[rows], curves.cost[rows], curves.unit_cost[rows], curves.unit_volume[rows]
    wish = units[np.arange(ITEMS), cost.argmin(axis=1)]
    place, category = luck.integers(-1, PLACES, ITEMS), luck.integers(-1, CATEGORIES, ITEMS)
    supplier = curves.supplier[rows]
    values = np.bincount(supplier, weights=wish * unit_cost, minlength=SUPPLIERS)
    every = kind == "all"
    minimum = values * luck.uniform(0.5, 1.3, SUPPLIERS) if every or kind == "minimum" else np.zeros(SUPPLIERS)
    fixed = luck.uniform(0, 15, SUPPLIERS) if every or kind == "fixed" else np.zeros(SUPPLIERS)
    budget = wish @ unit_cost * luck.uniform(0.4, 0.95) if every or kind == "budget" else np.inf
    volumes = [(wish * volume)[place == one].sum() * luck.uniform(0.4, 0.95) for one in range(PLACES)]
    budgets = [(wish * unit_cost)[category == one].sum() * luck.uniform(0.4, 0.95) for one in range(CATEGORIES)]
    if not (every or kind == "volumes"):
        volumes = [np.inf] * PLACES
    if not (every or kind == "categories"):
        budgets = [np.inf] * CATEGORIES
    room = np.array([budget, *volumes, *budgets])
    return JointProblem(units, cost, unit_cost, volume, supplier, place, minimum, fixed, room, category, CATEGORIES)


def test_every_kind_of_limit_equals_the_whole_model_at_gap_0(curves: JointProblem) -> None:
    binding: Counter[str] = Counter()
    for number in range(INSTANCES):
        problem = limited(curves, number)
        answer = solve_joint(problem, EXACT)
        whole, picks = solve_whole(problem)
        assert (answer.status, whole.status) == ("optimal", "optimal"), number
        assert is_feasible(problem, answer.picks), number
        assert is_feasible(problem, picks), number
        assert answer.cost == pytest.approx(total_cost(problem, picks), rel=1e-9, abs=1e-6), number
        assert answer.bound <= answer.cost + 1e-9, number
        if number < INSTANCES / 2:
            binding.update(what_binds(problem, answer.cost))
    # the proof is worth something only where limits bite; all three at once included
    assert min(binding[name] for name in ("budget", "volume", "minimum", "category")) >= 10
    assert binding["budget, volume and minimum at once"] >= 3


def what_binds(problem: JointProblem, cost: float) -> list[str]:
    """Return the kinds of limit without which the plan would be cheaper, each alone."""
    places = slice(1, 1 + PLACES)
    freed = {"budget": problem.room.copy(), "volume": problem.room.copy(), "category": problem.room.copy()}
    freed["budget"][0], freed["volume"][places], freed["category"][1 + PLACES :] = np.inf, np.inf, np.inf
    without = {name: replace(problem, room=room) for name, room in freed.items() if not np.array_equal(room, problem.room)}
    if problem.minimum.any():
        without["minimum"] = replace(problem, minimum=np.zeros(SUPPLIERS))
    names = [name for name, easier in without.items() if solve_joint(easier, EXACT).cost < cost - 1e-6]
    return [*names, *(["budget, volume and minimum at once"] if {"budget", "volume", "minimum"} <= set(names) else [])]


def test_the_whole_model_keeps_minima_and_rooms_of_a_hand_checked_problem() -> None:
    # two items of one supplier (minimum 10, fixed 1); a unit of the first saves 3, of the second 1, and each costs 2; budget 10
    units = np.array([[0.0, 2.0, 4.0], [0.0, 1.0, 3.0]])
    cost = np.array([[20.0, 14.0, 8.0], [10.0, 9.0, 7.0]])
    problem = JointProblem(
        units, cost, np.array([2.0, 2.0]), np.ones(2), np.zeros(2, dtype=np.int64), np.array([-1, -1]), np.array([10.0]), np.array([1.0]),
        np.array([10.0]),
    )  # fmt: skip
    whole, picks = solve_whole(problem)
    assert picks.tolist() == [2, 1]  # 4 x 2 + 1 x 2 = 10: exactly the minimum and the budget
    assert whole.value == pytest.approx(8 + 9 + 1)
    assert supplier_values(problem, ordered(problem, picks)).tolist() == [10.0]
    assert used_room(problem, ordered(problem, picks)).tolist() == [10.0]
    answer = solve_joint(problem, EXACT)
    assert answer.picks.tolist() == [2, 1]
