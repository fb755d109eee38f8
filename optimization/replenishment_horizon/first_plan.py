"""Plans made from prices: minima that are missed are priced higher or given up, rooms that overflow are priced higher.

Public: `cautious_plan`, `with_minima`, `best_answer`.
"""

import numpy as np

from optimization.replenishment_horizon.course_of_stock import course_of, short_of_minimum, used_room
from optimization.replenishment_horizon.find_prices import FoundPrices
from optimization.replenishment_horizon.horizon_problem import TOLERANCE, Flags, Integers
from optimization.replenishment_horizon.item_program import best_plans, cut_blocks
from optimization.replenishment_horizon.priced_horizon import PricedHorizon
from optimization.replenishment_horizon.prices import Prices

_RAISES = 40  # answers until everything has to fit
_TRIES = 6  # of pricing a missed minimum higher before the order period is given up
_SMALLEST_STEP = 0.002


def cautious_plan(found: FoundPrices) -> Integers:
    """Return a plan that keeps every limit by raising prices; ordering nothing is the last resort, and fits where every room is at
    least what stock alone uses."""
    horizon, problem = found.horizon, found.horizon.problem
    open_, prices = found.answer.open_, found.prices
    room = np.where(horizon.finite, problem.room, np.inf)
    unit = np.maximum(np.where(horizon.finite, np.abs(problem.room), 1.0), 1e-9)
    floor = 1e-4 * max(abs(found.bound), 1.0) / unit / max(problem.periods, 1)  # a first price for a room that had none
    step = np.full(len(room), _SMALLEST_STEP)
    every = np.arange(problem.items)
    for _ in range(_RAISES):
        plan, open_ = with_minima(horizon, prices, open_, best_answer(horizon, prices, open_, every))
        excess = (used_room(problem, course_of(problem, plan)) - room) / unit
        full = excess > TOLERANCE
        if not full.any() and not short_of_minimum(problem, plan).any():
            return plan
        raised = np.maximum(prices.room * (1 + np.maximum(step, np.minimum(excess, 1.0))), floor)
        prices = Prices(np.where(full, raised, prices.room), prices.minimum)
        step = np.where(full, step * 1.6, step)
    return np.zeros_like(problem.demand)


def with_minima(horizon: PricedHorizon, prices: Prices, open_: Flags, plan: Integers) -> tuple[Integers, Flags]:
    """Return the plan with every minimum met, changed only where one is missed, and the periods that are still open."""
    problem, owner = horizon.problem, horizon.problem.supplier
    plan, open_, minimum = plan.copy(), open_.copy(), prices.minimum.copy()
    first = 0.01 * _typical_price(horizon)
    for number in range(_TRIES * (problem.periods + 1)):  # every few tries each supplier that is short loses a period, until none is
        short: Flags = short_of_minimum(problem, plan)
        if not short.any():
            break
        if number % _TRIES == _TRIES - 1:
            open_ &= ~short
            minimum[short] = 0.0
        minimum = np.where(short & open_, np.maximum(minimum * 1.6, first), minimum)
        rows = np.flatnonzero((short.sum(axis=1) > 0)[owner])
        plan[rows] = best_answer(horizon, Prices(prices.room, minimum), open_, rows)
    return plan, open_


def _typical_price(horizon: PricedHorizon) -> float:
    """Return what losing sales worth one unit of money costs, the usual item."""
    problem = horizon.problem
    return float(np.median(problem.lost_cost / np.maximum(problem.unit_cost, 1e-9))) if problem.items else 1.0


def best_answer(horizon: PricedHorizon, prices: Prices, open_: Flags, rows: Integers) -> Integers:
    """Return the best plan of some items with the periods open as given."""
    problem = horizon.problem
    arrivals = problem.at_arrival(open_[problem.supplier].astype(np.float64)) > 0
    seen = horizon.item_prices(prices, late=True)
    return best_plans(problem, cut_blocks(problem, rows), seen, arrivals)[1][rows]
