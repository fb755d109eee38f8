"""Solve one horizon problem: prices for the bound, a first plan from the prices, then the contested items in PuLP.

Public: `HorizonAnswer`, `solve_horizon`.
"""

from dataclasses import dataclass

from optimization.certificate import PlanStatus
from optimization.replenishment_horizon.core_program import choose_plans
from optimization.replenishment_horizon.course_of_stock import course_of, total_cost
from optimization.replenishment_horizon.find_prices import find_prices
from optimization.replenishment_horizon.first_plan import cautious_plan, near_plans
from optimization.replenishment_horizon.horizon_problem import HorizonProblem, Integers
from optimization.replenishment_horizon.priced_horizon import Prices
from optimization.replenishment_horizon.settings import HorizonSettings


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
    found = find_prices(problem, settings.price_rounds, settings.price_answers, settings.relative_gap / 4)
    plans = near_plans(found, settings.seed)
    wanted = settings.relative_gap * max(abs(found.bound), 1.0)
    arriving = choose_plans(found, plans[0], plans[1:], wanted / 4, settings)
    if arriving is None:
        arriving = cautious_plan(found)
        better = choose_plans(found, arriving, plans, wanted / 4, settings)
        arriving = arriving if better is None else better
    cost = total_cost(problem, course_of(problem, arriving))
    status: PlanStatus = "optimal" if cost - found.bound <= wanted * 1.001 + 1e-9 else "feasible"
    return HorizonAnswer(arriving, cost, min(found.bound, cost), status, found.prices)
