"""Find the prices of budgets and warehouses: the highest lower bound that prices can prove (Kelley's cutting planes, boxed).

Each answer of the priced problem gives a plane above the bound's curve; a tiny PuLP program over a handful of prices finds where the
planes allow most within a box around the best prices so far (box step: Marsten, Hogan and Blankenship 1975). The box grows where a step
at its edge pays, and shrinks where the planes promised too much. Once the best point of the planes lies inside the box, no prices can
prove more than the planes allow there. A room that is not full at price 0 keeps price 0 until another room's price fills it.

Public: `RoomPrices`, `find_room_prices`, `room_slopes`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program import LinearArrays, SolveOptions, solve_arrays
from optimization.replenishment.joint_problem import Flags, Floats, JointProblem
from optimization.replenishment.priced_problem import Priced, priced
from optimization.replenishment.size_hulls import SizeHulls, size_hulls

_FIRST_BOX = 1 / 64  # of the highest useful price
_GROWTH, _SHRINK = 4.0, 0.5
_SLOPE_ROUNDS = 30


@dataclass(frozen=True)
class RoomPrices:
    """The prices of the best bound (money per unit of room), the answer to them, every answer met on the way, and the room they were
    met for."""

    hulls: SizeHulls
    prices: Floats
    answer: Priced
    room: Floats
    tried: tuple[Priced, ...]


def find_room_prices(problem: JointProblem, rounds: int, relative_gap: float, earlier: RoomPrices | None = None) -> RoomPrices:
    """Return the best prices found within `rounds` answers, or earlier where no better bound is left by more than `relative_gap`.

    `earlier` is what was found for the same problem with finite rooms of another size: its answers hold here too, their bounds moved.
    """
    hulls = size_hulls(problem) if earlier is None else earlier.hulls
    tried = [priced(problem, hulls, np.zeros(len(problem.room)))] if earlier is None else _moved(problem, earlier)
    best = max(tried, key=lambda answer: answer.bound)
    active = np.isfinite(problem.room) & (np.max([answer.excess for answer in tried], axis=0) > 0)
    if not active.any():
        return RoomPrices(hulls, best.prices, best, problem.room, tuple(tried))
    highest = _highest_prices(problem, hulls)
    box = highest * _FIRST_BOX if earlier is None else np.maximum(best.prices / 4, highest * _FIRST_BOX / 256)
    last = len(tried) + rounds - 1
    while len(tried) < last:
        low, high = np.maximum(best.prices - box, 0), np.minimum(best.prices + box, highest)
        ceiling, here = _planes_best(tried, active, low, high)
        at_edge = active & (((here >= high * (1 - 1e-9)) & (high < highest)) | ((here <= low * (1 + 1e-9)) & (low > 0)))
        promised = ceiling - best.bound
        if promised <= relative_gap * max(abs(best.bound), 1.0):
            if not at_edge.any():
                break
            box = np.where(at_edge, box * _GROWTH, box)
            if promised <= 0:
                continue
        answer = priced(problem, hulls, here)
        tried.append(answer)
        if answer.bound > best.bound:
            if answer.bound - best.bound > promised / 2:
                box = np.where(at_edge, box * _GROWTH, box)
            best = answer
        else:
            box = np.where(active, box * _SHRINK, box)
        active |= np.isfinite(problem.room) & (answer.excess > 0)  # a room that fills up only because another one is priced
    return RoomPrices(hulls, best.prices, best, problem.room, tuple(tried))


def room_slopes(problem: JointProblem, found: RoomPrices, steps: Floats, relative_gap: float) -> tuple[Floats, Floats]:
    """Return what the bound loses per unit when each room is smaller by its step, and what it gains when it is larger, in money.

    Only rooms with a price are moved, one at a time; all others have the slopes 0.
    """
    less, more = np.zeros(len(steps)), np.zeros(len(steps))
    for room in np.flatnonzero(found.prices > 0).tolist():
        step = min(float(steps[room]), float(problem.room[room]))
        if step <= 0:
            continue
        shift = np.where(np.arange(len(steps)) == room, step, 0.0)
        low, high = (
            find_room_prices(replace(problem, room=problem.room + sign * shift), _SLOPE_ROUNDS, relative_gap, found).answer.bound
            for sign in (-1, 1)
        )
        less[room], more[room] = max(low - found.answer.bound, 0.0) / step, max(found.answer.bound - high, 0.0) / step
    return less, more


def _moved(problem: JointProblem, earlier: RoomPrices) -> list[Priced]:
    finite = np.isfinite(problem.room)
    shift = np.zeros(len(finite))
    shift[finite] = problem.room[finite] - earlier.room[finite]
    return [replace(one, bound=one.bound - float(one.prices @ shift), excess=one.excess - shift) for one in earlier.tried]


def _highest_prices(problem: JointProblem, hulls: SizeHulls) -> Floats:
    """Return prices above which nothing is bought: the best saving per unit of each room."""
    saving = np.zeros(len(problem.unit_cost))
    np.maximum.at(saving, hulls.item, -hulls.slope)
    highest = np.zeros(len(problem.room))
    for room, amount in problem.room_use:
        inside = (room >= 0) & (amount > 0)
        np.maximum.at(highest, room[inside], saving[inside] / amount[inside])
    return highest * 1.01 + 1e-9


def _planes_best(tried: list[Priced], active: Flags, low: Floats, high: Floats) -> tuple[float, Floats]:
    """Return the highest point below all planes with prices in low..high, as (height, prices)."""
    rooms = np.flatnonzero(active)
    slopes = np.array([answer.excess[rooms] for answer in tried])
    heights = np.array([answer.bound - float(answer.excess @ answer.prices) for answer in tried])
    cuts, count = len(tried), len(rooms)
    base = float(np.min(heights))  # heights are measured from the lowest plane, so that the program's numbers stay small
    scale = np.maximum(high[rooms], 1e-12)
    row, column = np.divmod(np.arange(cuts * (count + 1)), count + 1)
    body = np.concatenate([np.ones((cuts, 1)), -slopes * scale], axis=1)
    program = LinearArrays(
        objective=np.concatenate([[1.0], np.zeros(count)]),
        lower=np.concatenate([[-np.inf], np.minimum(low[rooms] / scale, 1.0)]),
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
    target = np.zeros(len(active))
    target[rooms] = answer.x[1:] * scale
    return answer.value + base, target
