"""The best mixture of item plans with the order periods given, by column generation.

The linear program over the plans in hand prices rooms and minima; the best plans at those prices are new columns (Dantzig and Wolfe
1960). A price may not leave the best known one by more than a width that grows while something gives way, which keeps prices from
swinging (boxstep: Marsten, Hogan and Blankenship 1975). Where it converges mixture and bound are equal.

Public: `Mixture`, `mix_plans`, `usual_prices`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program import SolveOptions, solve_arrays
from optimization.replenishment_horizon.core_program import CoreProgram, core_program
from optimization.replenishment_horizon.fixed_periods import FixedPeriods
from optimization.replenishment_horizon.horizon_problem import Floats, Integers
from optimization.replenishment_horizon.plan_pool import PlanPool
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings

_WIDTH, _WIDER, _WIDEST = 0.1, 2.0, 100.0
_HOPELESS = 1.0  # a bound that rises by this share of itself: with these order periods nothing fits
_DEAREST = 1e4  # times the usual price: beyond, programs lose their digits
_FIRST_COLUMNS = 2_500  # doubled every round: blocks do while prices are far off
_NOTHING = 1e-9  # a share of a room


@dataclass(frozen=True)
class Mixture:
    """cost: of the best mixture. bound: below every plan with these order periods. prices: of the bound. fits: nothing gives way.
    base: one column of the pool per item, the mixture rounded."""

    cost: float
    bound: float
    prices: Prices
    fits: bool
    base: Integers


def mix_plans(fixed: FixedPeriods, pool: PlanPool, start: Prices, near: float, settings: HorizonSettings) -> Mixture:
    """Return the best mixture found in at most `core_rounds` rounds; stops where it fits and is within `near` (money) of its bound.

    Plans that were met are added to the pool.
    """
    answer = fixed.answer(start)
    pool.add(answer.plan)
    first = answer.value
    best = Mixture(np.inf, answer.value, start, False, np.zeros(0, dtype=np.int64))
    usual, width = usual_prices(fixed, start), _WIDTH
    for number in range(settings.core_rounds):
        columns = min(settings.core_columns, _FIRST_COLUMNS << number)
        choices = pool.choices(fixed.item_prices(best.prices), columns)
        most = Prices(_dearer(best.prices.room, usual.room, width), _dearer(best.prices.minimum, usual.minimum, width))
        program = core_program(fixed, choices, settings.margin, most, pool.blocks(choices.contested))
        options = SolveOptions(time_limit_seconds=None, seed=settings.seed)
        solved = solve_arrays(program.linear, options, relax=True)
        if solved.value is None or solved.duals is None:
            break
        fits = bool((program.gives(solved.x) <= _NOTHING).all())
        cost = solved.value + program.base_cost
        reached = program.prices_of(solved.duals)
        base = _rounded(pool, program, solved.x)  # before the pool grows
        bound, prices = best.bound, best.prices
        for tried in (reached, reached.between(best.prices)):
            answer = fixed.answer(tried)
            pool.add(answer.plan)
            if answer.value > bound:
                bound, prices = answer.value, tried
            if answer.value > best.bound:
                break
        best = Mixture(cost, bound, prices, fits, base)
        if (fits and cost - bound <= near) or bound > first + _HOPELESS * max(abs(first), 1.0):
            break
        width = width if fits else min(width * _WIDER, _WIDEST)
    return best


def _dearer(known: Floats, usual: Floats, width: float) -> Floats:
    return np.minimum(known + width * np.maximum(known, usual), _DEAREST * usual)


def _rounded(pool: PlanPool, program: CoreProgram, x: Floats) -> Integers:
    choices, count = program.choices, len(program.choices.item)
    best = np.lexsort((-x[:count], choices.item))
    own = choices.column[best[np.concatenate([[True], np.diff(choices.item[best]) > 0])]] if count else choices.column
    return pool.rounded(choices.contested, own, x[count : program.first_give])


def usual_prices(fixed: FixedPeriods, prices: Prices) -> Prices:
    """Return a price for rooms and minima that have none, in the measure of their kind: money or volume."""
    problem = fixed.problem
    money = np.arange(len(problem.room)) < problem.periods * (1 + len(problem.category_budget))
    lost = float(np.median(problem.lost_cost / np.maximum(problem.unit_cost, 1e-9))) if problem.items else 1.0
    size = float(np.median(problem.unit_cost / np.maximum(problem.unit_volume, 1e-9))) if problem.items else 1.0
    floor: Floats = np.where(money, 0.1 * lost, 0.1 * lost * size)
    known = np.where(money, prices.room[money].max(initial=0.0), prices.room[~money].max(initial=0.0))
    return Prices(np.where(known > 0, known, floor), np.full(fixed.required.shape, 0.1 * lost))
