"""Policies of the textbook that repeat for ever: economic order quantity, (s, S) and (r, Q) under Poisson demand with backorders.

Unmet demand waits here, unlike in the plans of a shop: these are peers for comparison. Sources: Harris (1913); Zheng and Federgruen (1991)
for the cost of an (s, S) policy and the bounds of the search; Federgruen and Zheng (1992) for (r, Q); Snyder and Shen, Fundamentals of
Supply Chain Theory, sections 3.2, 4.4 and 5.5.

Public: `Policy`, `economic_order_quantity`, `best_order_up_to_policy`, `best_fixed_order_policy`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.replenishment.oracles.newsvendor import poisson_cost, poisson_newsvendor

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Policy:
    """When stock has fallen to `reorder_point`, order up to (s, S) or order (r, Q) `order`; cost is money per period, expected."""

    reorder_point: int
    order: int
    cost: float


def economic_order_quantity(demand_rate: float, fixed_cost: float, holding_cost: float) -> tuple[float, float]:
    """Return sqrt(2 K d / h) units and its cost per period, for constant demand `demand_rate` per period and `holding_cost` per unit and
    period; raises ValueError where a number is not above 0."""
    if not all(one > 0 and math.isfinite(one) for one in (demand_rate, fixed_cost, holding_cost)):
        raise ValueError("Expected demand_rate, fixed_cost and holding_cost above 0.")
    return math.sqrt(2 * fixed_cost * demand_rate / holding_cost), math.sqrt(2 * fixed_cost * demand_rate * holding_cost)


def best_order_up_to_policy(mean: float, fixed_cost: float, holding_cost: float, backorder_cost: float) -> Policy:
    """Return the best (s, S) policy reviewed every period, Poisson demand of `mean` per period, orders arriving at once.

    All (s, S) within proven bounds are weighed: with G(y) the expected cost of a period that starts with y units, and m(j) the expected
    number of periods spent j units below S, the cost is (K + sum of m(j) G(S - j)) / sum of m(j) over j < S - s. A best S lies where G(S)
    is at most the cost of any policy, and below S the sum is carried on no further than G is below that cost.
    """
    lowest, known = _newsvendor_level(mean, fixed_cost, holding_cost, backorder_cost)
    width = 16
    while True:  # widen until both ends lie above the cost of a policy that is known
        levels = np.arange(lowest - width, lowest + width + 1)
        period = poisson_cost(levels.astype(np.float64), mean, holding_cost, backorder_cost)
        if min(period[0], period[-1]) > known:
            break
        width *= 2
    visits = _visits(mean, len(levels))
    best = Policy(0, 0, math.inf)
    for top in np.flatnonzero((levels >= lowest) & (period <= known)).tolist():
        below = period[top::-1]  # G(S), G(S - 1), ...
        cost = (fixed_cost + np.cumsum(visits[: len(below)] * below)) / np.cumsum(visits[: len(below)])
        depth = int(cost.argmin())
        if cost[depth] < best.cost:
            best = Policy(int(levels[top]) - depth - 1, int(levels[top]), float(cost[depth]))
    return best


def best_fixed_order_policy(mean: float, lead_time: float, fixed_cost: float, holding_cost: float, backorder_cost: float) -> Policy:
    """Return the best (r, Q) policy under continuous review, Poisson demand of `mean` per unit of time, arrival after `lead_time`.

    The cost is (K mean + sum of G(y) over y = r + 1 .. r + Q) / Q with G the newsvendor's cost of demand during the lead time. G is convex,
    so the best r for a Q takes the Q levels with the lowest G: sorted and summed up they give every Q at once.
    """
    due = mean * lead_time
    lowest, _ = _newsvendor_level(due, fixed_cost, holding_cost, backorder_cost)
    width = 16
    while True:
        levels = np.arange(lowest - width, lowest + width + 1)
        cost_rate = poisson_cost(levels.astype(np.float64), due, holding_cost, backorder_cost)
        order = np.argsort(cost_rate, kind="stable")
        cost = (fixed_cost * mean + np.cumsum(cost_rate[order])) / np.arange(1, len(levels) + 1)
        units = int(cost.argmin()) + 1
        taken = levels[order[:units]]
        if taken.min() > levels[0] and taken.max() < levels[-1] and min(cost_rate[0], cost_rate[-1]) > cost[units - 1]:
            return Policy(int(taken.min()) - 1, units, float(cost[units - 1]))
        width *= 2


def _newsvendor_level(mean: float, fixed_cost: float, holding_cost: float, backorder_cost: float) -> tuple[int, float]:
    """Return the level with the lowest cost of a period, and the cost per period of ordering up to it in every period with demand."""
    if not (mean > 0 and fixed_cost > 0 and holding_cost > 0 and backorder_cost > 0):
        raise ValueError("Expected mean, fixed_cost, holding_cost and backorder_cost above 0.")
    alone = poisson_newsvendor(mean, holding_cost, backorder_cost)
    return int(alone.units[0]), float(alone.cost[0]) + fixed_cost * (1 - math.exp(-mean))


def _visits(mean: float, count: int) -> Floats:
    """Return m(0 .. count-1): the expected number of periods that start with stock j below the order-up-to level."""
    from scipy.stats import poisson

    chance = poisson.pmf(np.arange(count), mean)
    visits = np.zeros(count)
    stays = -math.expm1(-mean)  # 1 - chance of no demand
    visits[0] = 1 / stays
    for below in range(1, count):
        visits[below] = float(chance[1 : below + 1] @ visits[below - 1 :: -1]) / stays
    return visits
