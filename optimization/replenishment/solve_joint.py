"""Solve one joint problem: prices for the bound, whole sizes per supplier, a first plan, then the contested core in PuLP.

Public: `JointAnswer`, `solve_joint`.
"""

from dataclasses import dataclass, replace

from optimization.certificate import PlanStatus
from optimization.replenishment.core_program import solve_core
from optimization.replenishment.first_plan import fill, first_plan
from optimization.replenishment.joint_problem import Floats, Integers, JointProblem, is_feasible, total_cost
from optimization.replenishment.room_prices import find_room_prices, room_slopes
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.replenishment.supplier_programs import priced_bounds, solve_suppliers

_SLOPE_GAP = 1e-7  # of the cost: the difference of two bounds has to be exact where it is one of thousandths


@dataclass(frozen=True)
class JointAnswer:
    """picks: one size per item. cost: of the plan. bound: no plan costs less. prices: per room. minimum_prices: per supplier. slopes: per
    room, what the bound loses per unit of a room smaller by the problem's `price_step` and gains with one larger; None = not asked for."""

    picks: Integers
    cost: float
    bound: float
    status: PlanStatus
    prices: Floats
    minimum_prices: Floats
    slopes: tuple[Floats, Floats] | None = None


def solve_joint(problem: JointProblem, settings: ReplenishmentSettings) -> JointAnswer:
    """Return the best plan found and what is proven about it; every room must be at least 0 (relax it before)."""
    found = find_room_prices(problem, settings.price_rounds, settings.relative_gap / 4)
    apart = priced_bounds(problem, found.answer)
    picks = first_plan(problem, found, apart.picks)
    cost, bound = total_cost(problem, picks), apart.bound
    wanted = settings.relative_gap * max(abs(cost), 1.0)
    if cost - bound > wanted:
        apart = solve_suppliers(problem, found.answer, apart, settings)
        picks = min(picks, first_plan(problem, found, apart.picks), key=lambda one: total_cost(problem, one))
        cost, bound = total_cost(problem, picks), max(bound, apart.bound)
    bound = min(bound, cost)
    for core_variables in _growing_cores(settings.core_variables):
        if cost - bound <= wanted:
            break
        core = solve_core(problem, found.answer, apart, picks, replace(settings, core_variables=core_variables))
        if core.picks is not None and is_feasible(problem, core.picks):
            better = fill(problem, core.picks)
            if total_cost(problem, better) < cost:
                picks, cost = better, total_cost(problem, better)
        if core.bound is not None:  # the core held everything that could be better
            bound = min(max(bound, core.bound), cost)
            break
    status: PlanStatus = "optimal" if cost - bound <= wanted * 1.001 + 1e-9 else "feasible"
    on = found.answer.on & problem.binding
    slopes = None if problem.price_step is None else room_slopes(problem, found, problem.price_step, _SLOPE_GAP)
    return JointAnswer(picks, cost, bound, status, found.prices, found.answer.minimum_price * on, slopes)


def _growing_cores(largest: int) -> list[int]:
    """Return core sizes to try: a small core finds a better plan quickly, and a better plan lets the next core drop more by proof."""
    return [*(size for size in (250, 1_000) if size < largest), largest]
