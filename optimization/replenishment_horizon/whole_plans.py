"""From a mixture of item plans to one plan per item: an integer program over the choices that are nearly best.

Public: `choose_plans`.
"""

import numpy as np

from optimization.linear_program import SolveOptions, solve_arrays
from optimization.replenishment_horizon.core_program import core_program
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits
from optimization.replenishment_horizon.fixed_periods import FixedPeriods, fix_periods
from optimization.replenishment_horizon.horizon_problem import Integers
from optimization.replenishment_horizon.mixtures import Mixture, mix_plans, usual_prices
from optimization.replenishment_horizon.plan_pool import PlanPool
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings

_NOISY_ITEMS, _MOST_NOISY = 40_000, 16  # answers to noisy prices: as many as this number of items allows
_REPAIRS, _DEARER, _PENALTY = 10, 0.2, 1_000.0
_PATIENCE = 2  # repairs until an order period whose minimum is missed is closed
_WIDTHS = (0.02, 0.04, 0.08, 0.16)


def choose_plans(fixed: FixedPeriods, pool: PlanPool, mixture: Mixture, enough: float, settings: HorizonSettings) -> Integers | None:
    """Return the best plan found that keeps every limit, None where there is none among the choices. enough: the distance from the best,
    in money, at which the search may stop. Nearly best plans are added to the pool before."""
    luck = np.random.default_rng(settings.seed)
    for number in range(min(_MOST_NOISY, _NOISY_ITEMS // max(fixed.problem.items, 1))):
        pool.add(fixed.noisy_plan(mixture.prices, _WIDTHS[number % len(_WIDTHS)], luck), whole=False)
    options = SolveOptions(
        relative_gap=0.0,
        absolute_gap=enough,
        most_nodes=settings.core_nodes,
        time_limit_seconds=settings.time_limit_seconds,
        seed=settings.seed,
    )
    prices, base = mixture.prices, mixture.base
    usual, width = usual_prices(fixed, prices), _DEARER
    for number in range(_REPAIRS):
        choices = pool.choices(fixed.item_prices(prices), settings.integer_columns, base)
        most = Prices(_PENALTY * (usual.room + prices.room), _PENALTY * (usual.minimum + prices.minimum))
        program = core_program(fixed, choices, settings.margin, most)
        solved = solve_arrays(program.linear, options)
        if solved.value is None:
            return None
        plan = program.plan_of(solved.x)
        if keeps_limits(fixed.problem, course_of(fixed.problem, plan)):
            return plan
        over, short = fixed.missed(plan)
        if number >= _PATIENCE and (short > 0).any():
            fixed = fix_periods(fixed.problem, fixed.open_ & (short == 0))
            pool = pool.masked(fixed.arrivals)
            mixture = mix_plans(fixed, pool, mixture.prices, enough, settings)
            if not len(mixture.base):
                return None
            prices, base, width = mixture.prices, mixture.base, _DEARER
            continue
        # what still does not fit is dearer from now on: choices that need less of it come to the front
        prices = Prices(prices.room + width * usual.room * (over > 0), prices.minimum + width * usual.minimum * (short > 0))
        width *= 2
        pool.add(plan)
        pool.add(fixed.answer(prices).plan, whole=False)
        base = pool.columns(plan)
    return None
