"""Rows that whole promotions obey because of stock, which bring the linear relaxation nearer to them.

Of promotions that each add more than half the stock, one at most can run; a smaller one excludes those that do not fit beside it; of
promotions that each add more than 1/k of the stock, k - 1 can run (clique and cover inequalities of the knapsack; Wolsey, Integer
Programming, 2nd ed., 9.3).

Public: `stock_cuts`, `most_lift`.
"""

from collections.abc import Iterator

import numpy as np

from optimization.linear_program.arrays import Floats, Integers

_TOLERANCE = 1e-9
_MOST_AT_ONCE = 4


def stock_cuts(lift: Floats, available: float) -> Iterator[tuple[Integers, int]]:
    """Yield members and the most of them that can run together, for promotions of one product that share `available` units."""
    large = np.flatnonzero(lift > available / 2 * (1 + _TOLERANCE))
    if len(large) > 1:
        yield large, 1
    for small in np.flatnonzero(lift <= available / 2 * (1 + _TOLERANCE)):
        beside = np.flatnonzero(lift > (available - lift[small]) * (1 + _TOLERANCE))
        beside = beside[beside != small]
        if len(beside):
            yield np.append(beside, small), 1
    for count in range(3, _MOST_AT_ONCE + 1):
        members = np.flatnonzero(lift > available / count * (1 + _TOLERANCE))
        if len(members) >= count:
            yield members, count - 1


def most_lift(weeks: Integers, lift: Floats, cool_down_weeks: int) -> float:
    """Return the most that promotions of one product can add, one per week and so many weeks apart."""
    best = dict[int, float]()
    for week, units in zip(weeks.tolist(), lift.tolist(), strict=True):
        best[week] = max(best.get(week, 0.0), units)
    total: list[tuple[int, float]] = []  # week, most up to it
    for week in sorted(best):
        before = next((most for earlier, most in reversed(total) if week - earlier > cool_down_weeks), 0.0)
        total.append((week, max(before + best[week], total[-1][1] if total else 0.0)))
    return total[-1][1] if total else 0.0
