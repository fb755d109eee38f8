"""Find the best ad plan and prove how good it is: programs over lines above the curves, refined where the plan lies below them.

Each round's program is nowhere below the true problem, so its best value is a bound on every plan; its plan, valued on the curves
themselves, is a plan. Where the two differ too much, lines are added that touch the curve there, and S-shaped parts are cut, each cut with
a binary. A local search polishes plans; today's plan is a candidate, so no answer is worse than it wherever it keeps the limits.

Source: Horst and Tuy, Global Optimization, 3rd ed., sections VI.1 and X.3 (outer approximation, separable programs).

Public: `AdSolution`, `envelopes_of`, `solve_ads`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.ad_program import ad_program
from optimization.ad_budget.envelopes import Envelope, first_envelopes, refine
from optimization.ad_budget.polish import polished
from optimization.ad_budget.settings import AdSettings
from optimization.linear_program import solve_arrays
from optimization.linear_program.arrays import Floats

_ROUNDING = 1e-9
_SHARE_OF_GAP, _ROUGHEST = 0.1, 0.01


@dataclass(frozen=True)
class AdSolution:
    """spend: channels x periods. value: of the plan on the curves. bound: no plan is worth more. method: how it was found."""

    spend: Floats
    value: float
    bound: float
    method: str
    rounds: int


def solve_ads(
    problem: AdProblem,
    settings: AdSettings,
    target_gap: float,
    starts: tuple[Floats, ...] = (),
    envelopes: list[Envelope] | None = None,
    most_rounds: int | None = None,
) -> AdSolution:
    """Return the best plan found. starts: plans to begin with, used where they keep the limits. envelopes: `envelopes_of` a problem with
    the same curves and wider ranges, refined further here."""
    unit = problem.money_unit
    found = _solve(
        problem.in_units(unit),
        settings,
        target_gap,
        tuple(plan / unit for plan in starts),
        envelopes_of(problem) if envelopes is None else envelopes,
        most_rounds or settings.most_rounds,
    )
    spend = found.spend * unit
    value = problem.value(spend)
    return AdSolution(spend, value, max(found.bound * unit, value), found.method, found.rounds)


def envelopes_of(problem: AdProblem) -> list[Envelope]:
    """Return the over-estimates that a search begins with, in the problem's money unit."""
    return first_envelopes(problem.in_units(problem.money_unit))


def _solve(
    problem: AdProblem,
    settings: AdSettings,
    target_gap: float,
    starts: tuple[Floats, ...],
    envelopes: list[Envelope],
    most_rounds: int,
) -> AdSolution:
    best: Floats | None = None
    value, bound, rounds, integer, is_last_word = -np.inf, np.inf, 0, False, False
    for plan in starts:
        if problem.holds(plan) and problem.value(plan) > value:
            best, value = plan, problem.value(plan)
    polishes = problem.lower.size <= settings.most_polished
    cells, nodes = problem.lower.size, len(envelopes)
    for round_number in range(most_rounds):
        rounds = round_number + 1
        program = ad_program(problem, envelopes)
        integer = integer or program.has_integers
        missing = (bound - value) / max(abs(value), 1.0) if value > -np.inf and bound < np.inf else 1.0
        finest = target_gap / 10
        exactness = finest if is_last_word else min(max(_SHARE_OF_GAP * missing, finest), _ROUGHEST)  # lines err by more in early rounds
        answer = solve_arrays(program, settings.solve_options(exactness))
        if answer.value is None:
            if best is None:
                raise RuntimeError(f"The ad program ended as {answer.status} before any plan was found.")
            break
        if answer.bound is not None:
            bound = min(bound, answer.bound + _ROUNDING * max(abs(answer.bound), 1.0))
        plan = problem.within_budgets(answer.x[:cells].reshape(problem.lower.shape))
        found = problem.value(plan) if problem.holds(plan) else -np.inf
        if polishes and found > -np.inf:
            plan = polished(problem, plan)
            found = problem.value(plan)
        if found > value:
            best, value = plan, found
        if best is not None and bound - value <= target_gap * max(abs(value), 1.0):
            break
        allowed = target_gap * max(abs(value) if best is not None else 0.0, 1.0)
        refined = refine(envelopes, answer.x[cells : cells + nodes], answer.x[cells + nodes : cells + 2 * nodes], allowed)
        if not refined and exactness <= finest:
            break
        is_last_word = not refined  # the lines are exact where the plan lies: what is missing is the search's own proof
    if best is None:
        raise RuntimeError("No ad plan that keeps the limits was found; this is a fault of the program, not of the limits.")
    method = "integer program over cut curves" if integer else "linear program over concave curves"
    return AdSolution(best, value, max(bound, value), method, rounds)
