"""From a mixture of item plans to one plan per item: an integer program over the choices that are nearly best.

Public: `choose_plans`.
"""

import numpy as np

from optimization.linear_program import SolveOptions, solve_arrays
from optimization.replenishment_horizon.core_program import core_program
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits
from optimization.replenishment_horizon.fixed_periods import FixedPeriods
from optimization.replenishment_horizon.horizon_problem import Integers
from optimization.replenishment_horizon.plan_pool import PlanPool
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings

_NOISY_ITEMS, _MOST_NOISY = 40_000, 16  # answers to noisy prices: as many as this number of items allows
_WIDTHS = (0.02, 0.04, 0.08, 0.16)


def choose_plans(fixed: FixedPeriods, pool: PlanPool, prices: Prices, enough: float, settings: HorizonSettings) -> Integers | None:
    """Return the best plan found that keeps every limit, None where there is none among the choices. enough: the distance from the best,
    in money, at which the search may stop. Nearly best plans are added to the pool before."""
    luck = np.random.default_rng(settings.seed)
    for number in range(min(_MOST_NOISY, _NOISY_ITEMS // max(fixed.problem.items, 1))):
        pool.add(fixed.noisy_plan(prices, _WIDTHS[number % len(_WIDTHS)], luck))
    choices = pool.choices(fixed.item_prices(prices), settings.integer_columns)
    program = core_program(fixed, choices, None, settings.margin)
    options = SolveOptions(
        relative_gap=0.0,
        absolute_gap=enough,
        most_nodes=settings.core_nodes,
        time_limit_seconds=settings.time_limit_seconds,
        seed=settings.seed,
    )
    solved = solve_arrays(program.linear, options)
    if solved.value is None:
        return None
    plan = program.plan_of(solved.x)
    return plan if keeps_limits(fixed.problem, course_of(fixed.problem, plan)) else None
