"""Small choice programs: the whole problem as one PuLP integer program, prices from its linear relaxation."""

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.settings import CouponSettings
from optimization.linear_program.solve_arrays import solve_arrays

_HAIR = 1e-6


def solve_whole(program: ChoiceProgram, settings: CouponSettings) -> ChoiceSolution | None:
    """Return the best plan, or None where the limits collide. Raises RuntimeError where the solver found no plan in its time."""
    arrays = program.whole()
    # a price is what one MORE unit earns: a hair of extra room picks that side where the value has a kink
    roomier = program.relaxed_by(_HAIR * np.maximum(np.abs(program.rhs), 1.0)).whole()
    relaxed = solve_arrays(roomier, settings.solve_options(), relax=True)
    if relaxed.status == "infeasible":
        return None
    if relaxed.duals is None or relaxed.value is None:
        raise RuntimeError(f"The linear relaxation of the coupon plan ended as {relaxed.status}.")
    solved = solve_arrays(arrays, settings.solve_options())
    if solved.status == "infeasible":
        return None
    if solved.value is None:
        raise RuntimeError("The solver found no coupon plan within its time limit; raise time_limit_seconds.")
    # the program was solved with values lowered by the tie-break, at most this much in total
    tie_break = program.tie_break_of(np.arange(len(program.value), dtype=np.int64))
    bound = min(relaxed.value, relaxed.value if solved.bound is None else solved.bound) + tie_break
    value = float(program.value @ solved.x)
    prices = np.maximum(relaxed.duals[: len(program.rhs)], 0.0)
    return ChoiceSolution(
        solved.x, value, max(bound, value), prices, np.zeros(len(program.rhs)), "one integer program", solved.status == "optimal"
    )
