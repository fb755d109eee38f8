"""Solve one horizon problem: prices for the bound, then the contested items in PuLP; small problems whole.

Public: `HorizonAnswer`, `solve_horizon`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.certificate import PlanStatus
from optimization.linear_program import SolveOptions
from optimization.replenishment_horizon.core_program import choose_plans, mix_plans
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits, total_cost
from optimization.replenishment_horizon.find_prices import FoundPrices, find_prices, improved
from optimization.replenishment_horizon.first_plan import cautious_plan, near_plans, with_minima
from optimization.replenishment_horizon.horizon_problem import HorizonProblem, Integers
from optimization.replenishment_horizon.priced_horizon import Prices
from optimization.replenishment_horizon.settings import HorizonSettings
from optimization.replenishment_horizon.whole_model import arriving_of, solve_whole

_RAISE = 1.01


@dataclass(frozen=True)
class HorizonAnswer:
    """arriving: items x arrival periods, units. cost: of the plan. bound: no plan costs less. prices: of rooms and minima."""

    arriving: Integers
    cost: float
    bound: float
    status: PlanStatus
    prices: Prices


def solve_horizon(problem: HorizonProblem, settings: HorizonSettings) -> HorizonAnswer:
    """Return the best plan found and what is proven about it; every room must hold what lies there without orders (relax it before)."""
    small = problem.items * problem.periods <= settings.whole_model_cells
    rounds, answers = (1, min(settings.price_answers, 10)) if small else (settings.price_rounds, settings.price_answers)
    found = find_prices(problem, rounds, answers, settings.relative_gap / 4)
    bound = found.bound
    arriving, whole_bound = _whole(problem, settings) if small else (None, None)
    if whole_bound is not None:
        bound = max(bound, whole_bound)
    wanted = settings.relative_gap * max(abs(bound), 1.0)
    if arriving is None:
        arriving, found = _decomposed(found, wanted, settings)
        bound = max(bound, found.bound)
    cost = total_cost(problem, course_of(problem, arriving))
    status: PlanStatus = "optimal" if cost - bound <= wanted * 1.001 + 1e-6 * max(abs(cost), 1.0) else "feasible"
    return HorizonAnswer(arriving, cost, min(bound, cost), status, found.prices)


def _whole(problem: HorizonProblem, settings: HorizonSettings) -> tuple[Integers | None, float | None]:
    options = SolveOptions(
        relative_gap=settings.relative_gap, absolute_gap=0.0, time_limit_seconds=settings.time_limit_seconds, seed=settings.seed
    )
    solved = solve_whole(problem, options)
    if solved.value is None:
        return None, solved.bound
    arriving = arriving_of(problem, solved.x)
    return (arriving if keeps_limits(problem, course_of(problem, arriving)) else None), solved.bound


def _decomposed(found: FoundPrices, wanted: float, settings: HorizonSettings) -> tuple[Integers, FoundPrices]:
    """Return the best plan made of plans near the prices, and the best prices met; raised prices stand in where no such plan keeps every
    limit.

    The relaxation over the plans in hand prices the rooms anew, and the best plans at those prices are new choices (Dantzig and Wolfe).
    """
    plans = near_plans(found, settings.seed)
    base = plans[0]
    apart = np.inf
    for _ in range(settings.core_rounds):
        mixture = mix_plans(found, base, plans, settings)
        if mixture is None or (mixture.fits and mixture.cost - found.bound <= wanted / 4):
            break
        if mixture.fits and apart - (mixture.cost - found.bound) < wanted / 20:
            break  # neither the mixture nor the bound moves any more
        apart = mixture.cost - found.bound if mixture.fits else np.inf
        # where the mixture does not fit its prices are those of giving way: only their direction is worth following
        most = np.inf if mixture.fits else found.prices.room * _RAISE
        between = Prices((np.minimum(mixture.room_prices, most) + found.prices.room) / 2, found.prices.minimum)
        found, answer = improved(found, between)
        mended = with_minima(found.horizon, between, answer.open_, answer.course.arriving)[0]
        plans = [mended, answer.course.arriving, *plans]
    chosen = choose_plans(found, base, plans, wanted / 3, settings)
    if chosen is not None:
        return chosen, found
    cautious = cautious_plan(found)
    better = choose_plans(found, cautious, plans, wanted / 3, settings)
    return (cautious if better is None else better), found
