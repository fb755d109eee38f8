"""Find the prices of the budget and the warehouses: the highest lower bound that prices can prove (Kelley's cutting planes).

Each answer of the priced problem gives a plane above the bound's curve; a tiny PuLP program over a handful of prices finds where the
planes allow most, and the next answer is taken part of the way there, which keeps the search from jumping. A room that is not full at
price 0 keeps price 0.

Public: `RoomPrices`, `find_room_prices`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program import LinearArrays, SolveOptions, solve_arrays
from optimization.replenishment.joint_problem import Floats, JointProblem
from optimization.replenishment.priced_problem import Priced, priced

_BOLDNESS = 0.7  # how far towards the planes' best point the next prices go


@dataclass(frozen=True)
class RoomPrices:
    """The prices of the best bound (money per unit of room), the answer to them, and every answer met on the way."""

    prices: Floats
    answer: Priced
    tried: tuple[tuple[Floats, Priced], ...]


def find_room_prices(problem: JointProblem, rounds: int, relative_gap: float) -> RoomPrices:
    """Return the best prices found within `rounds` answers, or earlier where no better bound is left by more than `relative_gap`."""
    free = np.zeros(len(problem.room))
    start = priced(problem, free)
    active = np.isfinite(problem.room) & (start.excess > 0)
    tried = [(free, start)]
    if not active.any():
        return RoomPrices(free, start, tuple(tried))
    highest = _highest_prices(problem)
    best_prices, best = free, start
    while len(tried) < rounds:
        ceiling, target = _planes_best(tried, active, highest)
        if ceiling - best.bound <= relative_gap * max(abs(best.bound), 1.0):
            break
        here = best_prices + _BOLDNESS * (target - best_prices) if len(tried) % 4 else target
        answer = priced(problem, here)
        tried.append((here, answer))
        if answer.bound > best.bound:
            best_prices, best = here, answer
        others = np.isfinite(problem.room) & (answer.excess > 0) & ~active
        active |= others  # a room that fills up only because another one is priced
    return RoomPrices(best_prices, best, tuple(tried))


def _highest_prices(problem: JointProblem) -> Floats:
    """Return prices above which nothing is bought: the best saving per unit of each room."""
    saving = np.where(np.isfinite(problem.cost), problem.cost[:, :1] - problem.cost, 0)
    units = np.where(problem.units > 0, problem.units, np.inf)
    per_unit = (saving / units).max(axis=1).clip(min=0)
    highest = np.zeros(len(problem.room))
    highest[0] = (per_unit / problem.unit_cost).max(initial=0)
    for place in range(1, len(problem.room)):
        here = (problem.place == place - 1) & (problem.unit_volume > 0)
        highest[place] = (per_unit[here] / problem.unit_volume[here]).max(initial=0)
    return highest * 1.01 + 1e-9


def _planes_best(tried: list[tuple[Floats, Priced]], active: np.ndarray, highest: Floats) -> tuple[float, Floats]:
    """Return the highest point below all planes, as (height, prices)."""
    rooms = np.flatnonzero(active)
    slopes = np.array([answer.excess[rooms] for _, answer in tried])
    heights = np.array([answer.bound - float(answer.excess @ prices) for prices, answer in tried])
    cuts, count = len(tried), len(rooms)
    base = float(np.min(heights))  # heights are measured from the lowest plane, so that the program's numbers stay small
    scale = highest[rooms]
    row, column = np.divmod(np.arange(cuts * (count + 1)), count + 1)
    body = np.concatenate([np.ones((cuts, 1)), -slopes * scale], axis=1)
    program = LinearArrays(
        objective=np.concatenate([[1.0], np.zeros(count)]),
        lower=np.concatenate([[-np.inf], np.zeros(count)]),
        upper=np.concatenate([[np.inf], np.ones(count)]),
        is_integer=np.zeros(count + 1, dtype=np.bool_),
        row_sense=np.full(cuts, -1, dtype=np.int64),
        rhs=heights - base,
        entry_row=row,
        entry_column=column,
        entry_value=body.ravel(),
        sense="max",
    )
    answer = solve_arrays(program, SolveOptions())
    if answer.value is None:
        raise RuntimeError(f"The price program has status {answer.status}.")
    target = np.zeros(len(highest))
    target[rooms] = answer.x[1:] * scale
    return answer.value + base, target
