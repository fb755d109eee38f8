"""A good plan that keeps every limit, made from prices: sizes shed until the rooms hold them, then gaps filled.

Moves change one item's size at a time and keep minimum order values. Shedding takes the moves that lose least, at the prices found, per
share of an overfull room; filling takes what saves most per share of the rooms it needs. Where shedding cannot reach a plan, prices
are raised until everything fits; ordering nothing at all is the last resort.

Public: `first_plan`, `fill`.
"""

import numpy as np

from optimization.replenishment.joint_problem import (
    TOLERANCE,
    Flags,
    Floats,
    Integers,
    JointProblem,
    is_feasible,
    ordered,
    room_slack,
    supplier_values,
    total_cost,
    used_room,
)
from optimization.replenishment.priced_problem import priced
from optimization.replenishment.room_prices import RoomPrices

_RAISES = (1.0003, 1.001, 1.003, 1.01, 1.03, 1.1, 1.3, 2.0, 5.0, 20.0, 1000.0)
_MOST_MOVES = 6_000  # candidate moves tried one by one
_LAST_ANSWERS = 4  # answers met on the way that may fit as they are


def first_plan(problem: JointProblem, found: RoomPrices, wished: Integers) -> Integers:
    """Return one size per item, beginning with `wished`, which keeps minimum order values but perhaps not the rooms."""
    nothing = np.zeros(len(problem.units), dtype=np.int64)
    best, best_cost = nothing, total_cost(problem, nothing) if is_feasible(problem, nothing) else np.inf
    starts = [_shed(problem, wished, found.prices)]
    starts += [answer.picks for answer in found.tried[-_LAST_ANSWERS:]]
    starts = [picks for picks in starts if is_feasible(problem, picks)] or _raised(problem, found)
    for picks in starts:
        filled = fill(problem, picks)
        cost = total_cost(problem, filled)
        if cost < best_cost:
            best, best_cost = filled, cost
    return best


def _raised(problem: JointProblem, found: RoomPrices) -> list[Integers]:
    typical = np.where(found.prices > 0, found.prices, 1e-6)
    for factor in _RAISES:
        picks = priced(problem, found.hulls, np.where(np.isfinite(problem.room), typical * factor, 0.0)).picks
        if is_feasible(problem, picks):
            return [picks]
    return []


def _shed(problem: JointProblem, picks: Integers, prices: Floats) -> Integers:
    """Return the plan with sizes lowered until every room fits, or as far as single moves can."""
    over = used_room(problem, ordered(problem, picks)) - problem.room
    if not (over > 0).any():
        return picks
    unit_price = problem.unit_price(prices)
    weight = np.where(over > 0, 1 / np.maximum(np.where(np.isfinite(over), over, 1), 1e-12), 0.0)  # an overfull room's excess counts 1
    pressing = problem.unit_price(weight)
    less = problem.units - ordered(problem, picks)[:, None]
    rows = np.flatnonzero(pressing > 0)
    down = (less[rows] < 0) & np.isfinite(problem.cost[rows])
    at, size = np.nonzero(down)
    item = rows[at]
    loss = problem.cost[item, size] - problem.cost[item, picks[item]] + unit_price[item] * less[item, size]
    per_relief = np.maximum(loss, 0) / (-less[item, size] * pressing[item])
    order = np.lexsort((size, item, per_relief))
    return _moved(problem, picks, item[order], size[order], until_fits=True)


def fill(problem: JointProblem, picks: Integers) -> Integers:
    """Return the plan with improving sizes taken while they fit: first what frees room, then the best saving per share of the rooms."""
    used = supplier_values(problem, ordered(problem, picks)) > 0
    allowed = (used | ~problem.binding)[problem.supplier]
    saving = problem.cost[np.arange(len(picks)), picks][:, None] - problem.cost
    item, size = np.nonzero((saving > TOLERANCE) & allowed[:, None])
    if not len(item):
        return picks
    more = problem.units[item, size] - problem.units[item, picks[item]]
    room = np.where(np.isfinite(problem.room), np.maximum(problem.room, 1e-9), np.maximum(used_room(problem, ordered(problem, picks)), 1.0))
    share = more * problem.unit_price(1 / room)[item]
    best = np.where(more <= 0, -np.inf, -saving[item, size] / np.maximum(share, 1e-12))
    keep = np.argsort(best, kind="stable")[:_MOST_MOVES]
    order = keep[np.lexsort((size[keep], item[keep], best[keep]))]
    return _moved(problem, picks, item[order], size[order], until_fits=False)


def _moved(problem: JointProblem, picks: Integers, items: Integers, sizes: Integers, *, until_fits: bool) -> Integers:
    """Return the plan after the moves, in this order, that keep minima and rooms; `until_fits` takes moves down until no room is over."""
    picks = picks.copy()
    units = ordered(problem, picks)
    left = problem.room + room_slack(problem) - used_room(problem, units)
    extra = supplier_values(problem, units) - problem.minimum  # of suppliers used
    kinds = [(room, amount) for room, amount in problem.room_use if (room >= 0).any()]
    minimum: Flags = problem.binding
    for i, k in zip(items.tolist(), sizes.tolist(), strict=True):
        if until_fits and (left >= 0).all():
            break
        change = problem.units[i, k] - problem.units[i, picks[i]]
        takes = [(int(room[i]), change * amount[i]) for room, amount in kinds if room[i] >= 0]
        money, supplier = change * problem.unit_cost[i], int(problem.supplier[i])
        if until_fits:
            if change >= 0 or not any(left[room] < 0 for room, _ in takes):
                continue
        elif problem.cost[i, picks[i]] - problem.cost[i, k] <= TOLERANCE or any(amount > max(left[room], 0) for room, amount in takes):
            continue
        if change < 0 and minimum[supplier] and extra[supplier] + money < 0:
            continue
        extra[supplier] += money
        for room, amount in takes:
            left[room] -= amount
        picks[i] = k
    return picks
