"""Solves a choice program by the method that fits its size, relaxes colliding limits, and tidies ties."""

from dataclasses import replace

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.core_program import solve_by_core
from optimization.coupons.merge_customers import merge_customers
from optimization.coupons.relaxation import smallest_relaxation
from optimization.coupons.settings import CouponSettings
from optimization.coupons.top_up import top_up
from optimization.coupons.whole_model import solve_whole
from optimization.linear_program.arrays import Floats, Integers


def solve_choices(program: ChoiceProgram, settings: CouponSettings, sample_order: Integers) -> ChoiceSolution:
    """Return the best plan found with its bound and prices; colliding limits are relaxed as little as possible and said so."""
    if len(program.value) == 0:
        nothing = np.zeros(len(program.rhs))
        return ChoiceSolution(np.zeros(0), 0.0, 0.0, nothing, np.maximum(-program.rhs, 0.0), "nothing to choose")
    solution = _solve(program, settings, sample_order)
    relaxation = np.zeros(len(program.rhs))
    if solution is None:
        relaxation = smallest_relaxation(program, settings, sample_order)
        program = program.relaxed_by(relaxation)
        solution = _solve(program, settings, sample_order)
    if solution is None:
        raise RuntimeError("No coupon plan was found even under relaxed limits; this is a fault of the program, not of the limits.")
    if _one_each(program):
        x = top_up(program, solution.x)
        value = float(program.value @ x)
        solution = replace(solution, x=x, value=value, bound=max(solution.bound, value))
    prices = np.where(_is_slack(program, solution.x), 0.0, np.where(solution.prices > 1e-7, solution.prices, 0.0))
    return replace(solution, prices=prices, relaxation=relaxation)


def _solve(program: ChoiceProgram, settings: CouponSettings, sample_order: Integers) -> ChoiceSolution | None:
    merged = merge_customers(program) if _one_each(program) else None
    if merged is not None and len(merged.program.value) <= settings.whole_model_columns:
        answer = solve_whole(merged.program, settings)
        return None if answer is None else replace(answer, x=merged.expand(answer.x), method=f"{answer.method}, like customers merged")
    if len(program.value) <= settings.whole_model_columns or not _one_each(program):
        return solve_whole(program, settings)
    return solve_by_core(program, settings, sample_order)


def _one_each(program: ChoiceProgram) -> bool:
    return bool((program.capacity == 1).all() and (program.upper == 1).all())


def _is_slack(program: ChoiceProgram, x: Floats) -> np.ndarray:
    """Rows with room for any one more offer: the limit stops nothing, so its price is exactly 0."""
    return program.rhs - program.activity(x) >= program.largest_entry * (1 + 1e-9)
