"""Solve one horizon problem: prices for the bound, then the contested items in PuLP; small problems whole.

Public: `HorizonAnswer`, `solve_horizon`.
"""

from dataclasses import dataclass

from optimization.certificate import PlanStatus
from optimization.linear_program import SolveOptions
from optimization.replenishment_horizon.core_program import choose_plans
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits, total_cost
from optimization.replenishment_horizon.find_prices import FoundPrices, find_prices
from optimization.replenishment_horizon.first_plan import cautious_plan, near_plans
from optimization.replenishment_horizon.horizon_problem import HorizonProblem, Integers
from optimization.replenishment_horizon.priced_horizon import Prices
from optimization.replenishment_horizon.settings import HorizonSettings
from optimization.replenishment_horizon.whole_model import arriving_of, solve_whole


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
        arriving = _decomposed(found, wanted / 4, settings)
    cost = total_cost(problem, course_of(problem, arriving))
    status: PlanStatus = "optimal" if cost - bound <= wanted * 1.001 + 1e-6 else "feasible"
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


def _decomposed(found: FoundPrices, wanted: float, settings: HorizonSettings) -> Integers:
    """Return the best plan made of plans near the prices; raised prices stand in where none of those keeps every limit."""
    plans = near_plans(found, settings.seed)
    arriving = choose_plans(found, plans[0], plans[1:], wanted, settings)
    if arriving is not None:
        return arriving
    cautious = cautious_plan(found)
    better = choose_plans(found, cautious, plans, wanted, settings)
    return cautious if better is None else better
