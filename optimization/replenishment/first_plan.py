"""A good plan that keeps every limit, made from prices: the answers met on the way, prices raised until everything fits, then gaps filled.

Public: `first_plan`.
"""

import numpy as np

from optimization.replenishment.joint_problem import (
    TOLERANCE,
    Floats,
    Integers,
    JointProblem,
    is_feasible,
    ordered,
    supplier_values,
    total_cost,
    used_room,
)
from optimization.replenishment.priced_problem import priced
from optimization.replenishment.room_prices import RoomPrices

_RAISES = (1.0, 1.0003, 1.001, 1.003, 1.01, 1.03, 1.1, 1.3, 2.0, 5.0, 20.0, 1000.0)
_MOST_FILLS = 4_000  # candidate improvements tried one by one


def first_plan(problem: JointProblem, found: RoomPrices) -> Integers:
    """Return one size per item; ordering nothing at all is the last resort and always possible where every room is at least 0."""
    best = np.zeros(len(problem.units), dtype=np.int64)
    best_cost = total_cost(problem, best)
    candidates = [answer.picks for _, answer in found.tried[-12:] if is_feasible(problem, answer.picks)]
    candidates += [found.answer.picks] if is_feasible(problem, found.answer.picks) else _raised(problem, found.prices)
    for picks in candidates:
        filled = _filled(problem, picks)
        cost = total_cost(problem, filled)
        if cost < best_cost:
            best, best_cost = filled, cost
    return best


def _raised(problem: JointProblem, prices: Floats) -> list[Integers]:
    typical = np.where(prices > 0, prices, 1e-6)
    for factor in _RAISES:
        picks = priced(problem, np.where(np.isfinite(problem.room), typical * factor, 0.0)).picks
        if is_feasible(problem, picks):
            return [picks]
    return []


def _filled(problem: JointProblem, picks: Integers) -> Integers:
    """Return the plan with improving sizes taken, best saving per unit of scarcest room first, while they fit."""
    picks = picks.copy()
    rows = np.arange(len(picks))
    used = supplier_values(problem, ordered(problem, picks)) > 0
    allowed = (used | ~problem.binding)[problem.supplier]
    saving = problem.cost[rows, picks][:, None] - problem.cost
    more = problem.units - ordered(problem, picks)[:, None]
    wanted = np.isfinite(problem.cost) & (saving > TOLERANCE) & (more > 0) & allowed[:, None]
    item, size = np.nonzero(wanted)
    if not len(item):
        return picks
    share = _room_share(problem, item, more[item, size])
    order = np.lexsort((size, item, -saving[item, size] / np.maximum(share, 1e-12)))[:_MOST_FILLS]
    left = problem.room - used_room(problem, ordered(problem, picks))
    for one in order.tolist():
        i, k = int(item[one]), int(size[one])
        extra = problem.units[i, k] - problem.units[i, picks[i]]
        gain = problem.cost[i, picks[i]] - problem.cost[i, k]
        if extra <= 0 or gain <= TOLERANCE:
            continue
        place = int(problem.place[i])
        money, volume = extra * problem.unit_cost[i], extra * problem.unit_volume[i]
        if money > left[0] or (place >= 0 and volume > left[place + 1]):
            continue
        left[0] -= money
        if place >= 0:
            left[place + 1] -= volume
        picks[i] = k
    return picks


def _room_share(problem: JointProblem, item: Integers, more: Floats) -> Floats:
    """Return which share of the rooms each improvement takes; rooms without limit count by their money alone."""
    budget = problem.room[0] if np.isfinite(problem.room[0]) else max(float(problem.value.sum()), 1.0)
    money = more * problem.unit_cost[item] / max(budget, 1e-9)
    place = problem.place[item]
    room = np.where(place >= 0, problem.room[np.maximum(place, 0) + 1] if len(problem.room) > 1 else np.inf, np.inf)
    return money + more * problem.unit_volume[item] / np.maximum(room, 1e-9)
