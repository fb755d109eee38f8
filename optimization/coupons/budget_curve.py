"""What the coupon plan would earn with less or more budget."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from optimization.certificate import relative_gap
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.limits import CouponLimits
from optimization.coupons.settings import CouponSettings
from optimization.coupons.solve_choices import solve_choices

MULTIPLES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)

CURVE_SCHEMA = {
    "budget_multiple": pl.Float64,
    "budget": pl.Float64,
    "expected_profit": pl.Float64,
    "expected_cost": pl.Float64,
    "expected_gain": pl.Float64,
    "gap": pl.Float64,
    "marginal_profit": pl.Float64,
    "is_feasible": pl.Boolean,
}

Builder = Callable[[pl.DataFrame, CouponLimits, Mapping[str, int]], ChoiceProgram]


def budget_curve(
    cells: pl.DataFrame,
    limits: CouponLimits,
    settings: CouponSettings,
    sizes: Mapping[str, int],
    build: Builder,
    free: ChoiceSolution,
) -> pl.DataFrame:
    """Return one row per multiple of the total budget (grain: budget_multiple), money; the other limits stay as they are.

    gap: how far at most the best profit under that budget may lie above, relative. marginal_profit: profit of one more 1.00 of budget
    there. Without a total budget the cost of the plan without joint limits stands in for it. A larger budget never shows less profit: the
    plan of a smaller one is still allowed and kept where the search did no better. is_feasible is False where other limits (minimums) need
    more than that budget; such a row has no figures.
    """
    cost, gain = cells["mean_cost"].to_numpy(), cells["mean_gain"].to_numpy()
    base = float(free.x @ cost) if limits.total_budget is None else limits.total_budget
    if cells.height == 0 or base <= 0:
        return pl.DataFrame(schema=CURVE_SCHEMA)
    rows: list[dict[str, object]] = []
    best_x, best_value = np.zeros(cells.height), -np.inf
    for multiple in MULTIPLES:
        program = build(cells, replace(limits, total_budget=base * multiple), sizes)
        solution = solve_choices(program, settings, np.arange(len(sizes), dtype=np.int64))
        feasible = not bool((solution.relaxation > 0).any())
        row: dict[str, object] = {"budget_multiple": multiple, "budget": base * multiple, "is_feasible": feasible}
        if feasible:
            if solution.value > best_value:
                best_x, best_value = solution.x, solution.value
            row |= {
                "expected_profit": best_value,
                "expected_cost": float(best_x @ cost),
                "expected_gain": float(best_x @ gain),
                "gap": relative_gap(best_value, max(solution.bound, best_value)),
                "marginal_profit": float(solution.prices[[r.limit_name for r in program.rows].index("total_budget")]),
            }
        rows.append(row)
    return pl.DataFrame(rows, schema=CURVE_SCHEMA)
