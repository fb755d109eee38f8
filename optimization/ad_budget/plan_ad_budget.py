"""Decides how much each ad channel gets in each period: the ad budget.

Response curves have memory: what is spent in one period still works in later ones, also after the plan, and both are planned with. The plan
is proven within a stated gap of the best, never exceeds a budget, and is never worse than today's plan where that one keeps the limits.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.ad_budget.ad_tables import BUDGET_SCHEMA, ad_limits_frame, budget_frame
from optimization.ad_budget.budget_curve import CURVE_SCHEMA, ad_budget_curve
from optimization.ad_budget.check_ad_budget import check_ad_budget
from optimization.ad_budget.collisions import Collision, find_collision
from optimization.ad_budget.intervals import DRAWS_SCHEMA, PlanIntervals, plan_intervals
from optimization.ad_budget.polish import limit_prices
from optimization.ad_budget.read_channels import build_problem, prepare_channels
from optimization.ad_budget.settings import AdLimits, AdSettings
from optimization.ad_budget.solve_ads import AdSolution, solve_ads
from optimization.certificate import PlanCertificate, PlanStatus, hash_inputs, relative_gap
from optimization.limits_schema import LIMITS_SCHEMA
from optimization.linear_program import SOLVER, solver_version


@dataclass(frozen=True)
class AdComparison:
    """What the plan gains over going on as today: margin less the floor times spend, over all periods and until memory has faded.

    today_keeps_limits: whether today's plan would be allowed; only then the plan is sure to gain 0 or more. low, high, chance_better: over
    the bootstrap's curves, None without draws.
    """

    gain: float
    today_keeps_limits: bool
    gain_low: float | None = None
    gain_high: float | None = None
    chance_better: float | None = None


@dataclass(frozen=True)
class AdBudgetPlan:
    """budget: one row per channel and period (BUDGET_SCHEMA). limits, curve: one row per limit and per multiple. comparison: with today."""

    budget: pl.DataFrame
    limits: pl.DataFrame
    curve: pl.DataFrame
    comparison: AdComparison
    certificate: PlanCertificate


def plan_ad_budget(
    channels: pl.DataFrame, limits: AdLimits, settings: AdSettings | None = None, draws: pl.DataFrame | None = None
) -> AdBudgetPlan:
    """Return the best ad budget with limits, budget curve and certificate.

    channels: see `read_channels.py`; draws: see `intervals.py`, for the intervals; without them the interval columns are null. Minimums
    that the budgets cannot hold fall short by as little as possible in all, the plan is then "relaxed". Raises ValueError for bad input.
    """
    settings = settings or AdSettings()
    started = time.perf_counter()
    ordered = prepare_channels(channels)
    fingerprint = hash_inputs(
        channels=ordered, limits=limits, settings=settings, draws=pl.DataFrame(schema=DRAWS_SCHEMA) if draws is None else draws
    )
    if ordered.height == 0:
        return _nothing(fingerprint, settings, started)
    problem = build_problem(ordered, limits, settings)
    collision = find_collision(problem, settings.solve_options())
    if collision is not None:
        problem = replace(problem, shortage=collision.shortage)
    solution = solve_ads(problem, settings, settings.target_gap, (problem.today,))
    spend = solution.spend
    intervals = PlanIntervals({}) if draws is None else plan_intervals(problem, spend, draws, settings)
    prices = limit_prices(problem, spend, settings.solve_options())
    budget = budget_frame(ordered, problem, spend, prices, intervals.cells)
    table = ad_limits_frame(problem, spend, prices, collision)
    certificate = PlanCertificate(
        plan="ad_budget",
        status=_status(solution, collision, settings),
        sense="max",
        value=solution.value,
        bound=solution.bound,
        gap=relative_gap(solution.value, solution.bound),
        solver=f"{SOLVER}, {solution.method}",
        solver_version=solver_version(),
        seed=settings.seed,
        input_hash=fingerprint,
        checked=True,
        violations=tuple(check_ad_budget(ordered, limits, settings, budget, table, solution.value)),
        seconds=time.perf_counter() - started,
    )
    comparison = AdComparison(
        gain=solution.value - problem.value(problem.today),
        today_keeps_limits=collision is None and problem.holds(problem.today),
        gain_low=intervals.gain_low,
        gain_high=intervals.gain_high,
        chance_better=intervals.chance_better,
    )
    return AdBudgetPlan(budget, table, ad_budget_curve(ordered, limits, settings, float(np.sum(spend))), comparison, certificate)


def _status(solution: AdSolution, collision: Collision | None, settings: AdSettings) -> PlanStatus:
    if collision is not None:
        return "relaxed"
    gap = relative_gap(solution.value, solution.bound)
    return "optimal" if gap is not None and gap <= settings.target_gap * (1 + 1e-6) else "feasible"


def _nothing(fingerprint: str, settings: AdSettings, started: float) -> AdBudgetPlan:
    certificate = PlanCertificate(
        plan="ad_budget",
        status="empty",
        sense="max",
        value=0.0,
        bound=0.0,
        gap=0.0,
        solver=SOLVER,
        solver_version=solver_version(),
        seed=settings.seed,
        input_hash=fingerprint,
        checked=True,
        seconds=time.perf_counter() - started,
    )
    return AdBudgetPlan(
        pl.DataFrame(schema=BUDGET_SCHEMA),
        pl.DataFrame(schema=LIMITS_SCHEMA),
        pl.DataFrame(schema=CURVE_SCHEMA),
        AdComparison(gain=0.0, today_keeps_limits=True),
        certificate,
    )
