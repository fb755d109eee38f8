"""What less or more budget would bring, if spend might move as far as it likes."""

from dataclasses import replace

import polars as pl

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.collisions import find_collision
from optimization.ad_budget.polish import limit_prices
from optimization.ad_budget.read_channels import build_problem, without_change_limits
from optimization.ad_budget.settings import AdLimits, AdSettings
from optimization.ad_budget.solve_ads import envelopes_of, solve_ads
from optimization.certificate import relative_gap
from optimization.linear_program.arrays import Floats

CURVE_SCHEMA = {
    "budget_multiple": pl.Float64,
    "budget": pl.Float64,
    "spend": pl.Float64,
    "expected_response": pl.Float64,
    "expected_profit": pl.Float64,
    "marginal_return": pl.Float64,
    "gap": pl.Float64,
    "is_feasible": pl.Boolean,
    "is_beyond_history": pl.Boolean,
}


def ad_budget_curve(channels: pl.DataFrame, limits: AdLimits, settings: AdSettings, spent: float) -> pl.DataFrame:
    """Return one row per multiple of the total budget (grain: budget_multiple), money; without one, of what the plan spends (`spent`).

    The limits on change from today's plan are lifted: a channel may take any spend its own minimum, maximum and group allow. A larger
    budget never shows less profit. expected_profit: response less the floor on marginal return times spend. marginal_return: margin that
    one more 1.00 of budget brings; 0 where it is not spent. gap: how far at most the best profit may lie above. is_feasible: False where
    minimums need more than that budget; such a row has no figures. is_beyond_history: some channel gets more than was ever tried.
    """
    base = spent if limits.total_budget is None else limits.total_budget
    if channels.height == 0 or base <= 0:
        return pl.DataFrame(schema=CURVE_SCHEMA)
    free, loose = without_change_limits(channels, limits)
    widest = build_problem(free, replace(loose, total_budget=base * settings.curve_multiples[-1]), settings)
    envelopes = envelopes_of(widest)
    rows: list[dict[str, object]] = []
    best: Floats | None = None
    for multiple in settings.curve_multiples:
        budget = base * multiple
        problem = _with_budget(widest, budget)
        feasible = find_collision(problem, settings.solve_options()) is None
        row: dict[str, object] = {"budget_multiple": multiple, "budget": budget, "is_feasible": feasible}
        if feasible:
            starts = () if best is None else (best,)
            solution = solve_ads(problem, settings, settings.curve_gap, starts, envelopes, settings.curve_rounds)
            best = solution.spend
            prices = limit_prices(problem, best, settings.solve_options())
            price = next(value for value, each in zip(prices.rows.tolist(), problem.rows, strict=True) if each.limit_name == "total_budget")
            row |= {
                "spend": float(best.sum()),
                "expected_response": float(problem.response(best).sum()),
                "expected_profit": solution.value,
                "marginal_return": price + problem.price if price > 0 else 0.0,
                "gap": relative_gap(solution.value, solution.bound),
                "is_beyond_history": _beyond(channels, best),
            }
        rows.append(row)
    return pl.DataFrame(rows, schema=CURVE_SCHEMA)


def _with_budget(problem: AdProblem, budget: float) -> AdProblem:
    rows = tuple(replace(row, allowed=budget) if row.limit_name == "total_budget" else row for row in problem.rows)
    return replace(problem, rows=rows)


def _beyond(channels: pl.DataFrame, spend: Floats) -> bool:
    tried = channels.select(pl.max_horizontal("largest_spend", "spend_today")).to_series().to_list()
    return any(float(most) > limit * (1 + 1e-6) + 1e-9 for most, limit in zip(spend.max(axis=1), tried, strict=True) if limit is not None)
