"""Solve one horizon problem: prices for the bound, then the contested items in PuLP; small problems whole.

Public: `HorizonAnswer`, `solve_horizon`.
"""

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from optimization.certificate import PlanStatus
from optimization.linear_program import SolveOptions
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits, total_cost
from optimization.replenishment_horizon.find_prices import FoundPrices, find_prices, improved
from optimization.replenishment_horizon.first_plan import cautious_plan
from optimization.replenishment_horizon.horizon_problem import TOLERANCE, HorizonProblem, Integers
from optimization.replenishment_horizon.order_periods import start_of
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings
from optimization.replenishment_horizon.whole_model import arriving_of, solve_whole
from optimization.replenishment_horizon.whole_plans import choose_plans


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
    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and change the last digits
        return _solve(without_impossible_periods(problem), settings)


def _solve(problem: HorizonProblem, settings: HorizonSettings) -> HorizonAnswer:
    small = problem.items * problem.periods <= settings.whole_model_cells
    found = find_prices(problem, settings)
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


def without_impossible_periods(problem: HorizonProblem) -> HorizonProblem:
    """Return the problem without order periods in which a supplier's minimum is more than the whole budget: they are never used."""
    budget = np.where(np.isfinite(problem.budget), problem.budget, np.inf)
    slack = TOLERANCE * np.maximum(np.where(np.isfinite(budget), np.abs(budget), 1.0), 1.0)
    return replace(problem, may_order=problem.may_order & (problem.minimum[:, None] <= budget + slack))


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
    """Return the best plan found and the best prices met; raised prices stand in where no choice of plans keeps every limit."""
    start = start_of(found, wanted / 2, settings)
    mixture = start.mixture
    found = improved(found, mixture.prices)
    apart = max(mixture.cost - found.bound, 0.0)
    enough = max((wanted - apart) * 0.9, wanted / 3, apart / 10)  # far from the bound, the last hair of a plan is not worth its time
    chosen = choose_plans(start.fixed, start.pool, mixture, enough, settings) if mixture.fits else None
    return (cautious_plan(found) if chosen is None else chosen), found
