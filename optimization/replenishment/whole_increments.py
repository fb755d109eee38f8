"""From the joint newsvendor's fractions to whole increments.

Public: `whole_increments`.
"""

import heapq

import numpy as np

from optimization.linear_program import SolveOptions
from optimization.replenishment.increment_program import Floats, IncrementAnswer, Increments, solve_whole_increments

_WHOLE = 1 - 1e-9


def whole_increments(increments: Increments, answer: IncrementAnswer, options: SolveOptions, integer_variables: int) -> IncrementAnswer:
    """Return the best purchase of whole increments found, with the better bound of both programs.

    Up to `integer_variables` increments PuLP decides; where it finds nothing better in time, and above that size, the fractions are rounded
    down (at most one per binding limit is cut) and the room that is left is filled with what gains most at the program's prices.
    """
    taken = _filled_up(increments, np.floor(answer.taken + 1 - _WHOLE), answer.prices)
    rounded = IncrementAnswer(taken, answer.prices, float(taken @ increments.gain), answer.bound)
    if not 0 < len(taken) <= integer_variables or rounded.value >= answer.bound * (1 - 1e-12):
        return rounded
    exact = solve_whole_increments(increments, options)
    if exact is None:
        return rounded
    best = exact if exact.value > rounded.value else rounded
    return IncrementAnswer(best.taken, answer.prices, best.value, max(min(answer.bound, exact.bound), best.value))


def _filled_up(increments: Increments, taken: Floats, prices: Floats) -> Floats:
    """Return `taken` and, one after the other, the next increments that the rooms still hold, best gain at the prices first."""
    taken = taken.copy()
    room = increments.room - increments.use(taken)
    last = len(taken) - 1
    is_next = (taken == 0) & ((np.diff(increments.item, prepend=-1) != 0) | (np.concatenate([[0.0], taken[:-1]]) == 1))
    reduced = increments.reduced_gain(prices)
    waiting = [(-gain, row) for gain, row in zip(reduced[is_next].tolist(), np.flatnonzero(is_next).tolist(), strict=True)]
    heapq.heapify(waiting)
    while waiting:
        _, row = heapq.heappop(waiting)
        place = int(increments.place[row]) + 1
        if increments.value[row] > room[0] or (place > 0 and increments.volume[row] > room[place]):
            continue
        taken[row] = 1.0
        room[0] -= increments.value[row]
        if place > 0:
            room[place] -= increments.volume[row]
        if row < last and increments.item[row + 1] == increments.item[row]:
            heapq.heappush(waiting, (-float(reduced[row + 1]), row + 1))
    return taken
