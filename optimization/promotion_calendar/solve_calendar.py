"""Find the calendar: all at once where it is small, else by prices of the joint limits and a core of the choices that they leave open.

1. The linear relaxation gives prices d of slots, budgets, minimums, conflicts and losses.
2. With these limits priced, every product's best plan alone (`product_plans`) gives L = d'b + sum of the products' best values, which no
   calendar passes (Lagrangian bound; Fisher 1981, Management Science 27), and the regret of each choice: how far L falls with it.
3. The choices of least regret are decided as an integer program. A calendar of value V that is not good enough yet: a better one uses no
   choice of regret above L - V, so the program of all others is solved next, and its own bound holds for the whole.

Public: `CalendarSolution`, `solve_calendar`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program import SolvedArrays, solve_arrays
from optimization.linear_program.arrays import Flags, Floats
from optimization.promotion_calendar.calendar_program import CalendarProgram
from optimization.promotion_calendar.core_program import restricted
from optimization.promotion_calendar.product_plans import product_plans
from optimization.promotion_calendar.settings import CalendarSettings

_ROUNDING = 1e-9


@dataclass(frozen=True)
class CalendarSolution:
    """chosen: flags of the program's choices. bound: no calendar is worth more. prices: per row, of the linear relaxation."""

    chosen: Flags
    bound: float
    prices: Floats


def solve_calendar(program: CalendarProgram, settings: CalendarSettings, cool_down_weeks: int) -> CalendarSolution | None:
    """Return the calendar; None where there is none. Raises RuntimeError where the solver ends without one for another reason."""
    prices = solve_arrays(program.arrays, settings.solve_options(), relax=True)
    if prices.status == "infeasible":
        return None
    if prices.duals is None or prices.bound is None:
        raise RuntimeError(f"The prices of the calendar's limits were not found: the solver ended as {prices.status}.")
    everything = np.ones(program.choices.height, dtype=np.bool_)
    if program.choices.height <= settings.whole_model_columns:
        answer, chosen = _solve_part(program, everything, settings, None)
        if answer.status == "infeasible":
            return None
        return CalendarSolution(chosen, min(prices.bound, _bound(answer)), prices.duals)
    bound, regret = _priced(program, prices.duals, cool_down_weeks)
    return _by_core(program, settings, min(bound, prices.bound), regret, prices.duals)


def _by_core(program: CalendarProgram, settings: CalendarSettings, bound: float, regret: Floats, prices: Floats) -> CalendarSolution | None:
    must = program.choices["must_run"].to_numpy().astype(np.bool_)
    kept = _least(regret, settings.core_columns) | must
    best: tuple[float, Flags] | None = None
    while True:
        answer, chosen = _solve_part(program, kept, settings, settings.target_gap * abs(bound) / 2)
        whole = bool(kept.all())
        if answer.value is not None and (best is None or answer.value > best[0]):
            best = (answer.value, chosen)
        if best is None:
            if whole:
                return None
            kept = _least(regret, 2 * int(kept.sum())) | must
            continue
        may_be_better = regret <= bound - best[0] + _ROUNDING * abs(bound)
        proven = bound
        if whole or not (may_be_better & ~kept).any():
            proven = min(bound, max(best[0], _bound(answer)))
        elif bound - best[0] > settings.target_gap * max(abs(best[0]), 1.0) and answer.value is not None:
            kept = may_be_better | must
            continue
        return CalendarSolution(best[1], max(proven, best[0]), prices)


def _solve_part(
    program: CalendarProgram, kept: Flags, settings: CalendarSettings, absolute_gap: float | None
) -> tuple[SolvedArrays, Flags]:
    arrays, columns, _ = restricted(program, kept)
    answer = solve_arrays(arrays, settings.solve_options(absolute_gap))
    chosen = np.zeros(len(kept), dtype=np.bool_)
    if answer.value is not None:
        picked = columns[answer.x > 0.5]
        chosen[picked[picked < len(kept)]] = True
    elif answer.status != "infeasible" and bool(kept.all()):
        raise RuntimeError(f"No calendar was found: the solver ended as {answer.status}.")
    return answer, chosen


def _priced(program: CalendarProgram, duals: Floats, cool_down_weeks: int) -> tuple[float, Floats]:
    """Return what no calendar passes at these prices of the joint limits, and the regret of each choice."""
    arrays, count = program.arrays, program.choices.height
    plans = product_plans(program, cool_down_weeks)
    right = np.where(arrays.row_sense == -1, np.maximum(duals, 0.0), np.where(arrays.row_sense == 1, np.minimum(duals, 0.0), duals))
    joint = np.where(plans.is_own, 0.0, right)
    used = np.bincount(arrays.entry_column, weights=arrays.entry_value * joint[arrays.entry_row], minlength=len(arrays.objective))
    reduced = arrays.objective - used
    value, regret = plans.regrets(reduced[:count])
    return value + float(joint @ arrays.rhs) + float(np.maximum(reduced[count:], 0.0).sum()), regret


def _least(regret: Floats, count: int) -> Flags:
    kept = np.zeros(len(regret), dtype=np.bool_)
    kept[np.argsort(regret, kind="stable")[:count]] = True
    return kept


def _bound(answer: SolvedArrays) -> float:
    return np.inf if answer.bound is None else answer.bound
