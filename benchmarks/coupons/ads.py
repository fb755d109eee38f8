"""Ad budgets against a local solver from twenty starts and against rules of thumb, on the same problems.

Problems are drawn: 3 to 6 channels over 4 weeks, every second with S-shaped curves, memory up to 0.85 a day, a budget of 0.5 to 1.3 times
today's spend, every third without a limit on change and every second with a floor on marginal return of 1. The peer is SLSQP of SciPy with
exact gradients from twenty drawn starts, its best plan kept. All plans are valued by the same curves and must keep the same limits.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from benchmarks.apart import ONE_THREAD, answer, run_apart
from optimization.ad_budget import CHANNEL_SCHEMA, AdLimits, AdSettings
from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.collisions import find_collision
from optimization.ad_budget.read_channels import build_problem, prepare_channels
from optimization.ad_budget.solve_ads import solve_ads
from optimization.linear_program.arrays import Floats

STARTS = 20
ROUNDING = 1e-9  # of the plan's value: nearer than this, two plans are worth the same


def measure(small: bool) -> dict[str, Any]:
    """One row per problem, and in all: whether ours was ever worse, by how much, CPU seconds of both, what rules of thumb lose, targets."""
    told = run_apart(__name__, {"problems": 8 if small else 50}, ONE_THREAD)  # linear algebra on idle threads would count as CPU seconds
    if "failed" in told:
        raise RuntimeError(f"The ad problems failed: {told['failed']}")
    frame = pl.DataFrame(told["rows"], infer_schema_length=None)
    concave = frame.filter(~pl.col("s_shaped"))
    return {
        "problems": frame.height,
        "s_shaped": int(frame["s_shaped"].sum()),
        "never_worse": bool((frame["slsqp_better_by"] <= ROUNDING).all()),
        "slsqp_better_by_at_most": frame["slsqp_better_by"].max(),
        "ours_better_in": int((frame["slsqp_better_by"] < -1e-6).sum()),
        "ours_better_by_at_most": -float(frame["slsqp_better_by"].min()),  # pyright: ignore[reportArgumentType]
        "one_start_of_slsqp_loses_at_most": frame["loss_of_slsqp_one_start"].max(),
        "largest_gap": frame["gap"].max(),
        "cpu_s": frame["cpu_s"].sum(),
        "cpu_s_concave": concave["cpu_s"].sum(),
        "slsqp_cpu_s": frame["slsqp_cpu_s"].sum(),
        "mean_loss": {name: frame[f"loss_of_{name}"].mean() for name in RULES},
        "mean_loss_concave": {name: concave[f"loss_of_{name}"].mean() for name in RULES},
        "worst_loss": {name: frame[f"loss_of_{name}"].max() for name in RULES},
        "rows": frame.to_dicts(),
        "targets": [
            {"name": "ads: problems in which SLSQP is better", "value": int((frame["slsqp_better_by"] > ROUNDING).sum()), "target": 0},
            {"name": "ads: largest proven gap", "value": frame["gap"].max(), "target": 1e-4},
        ],
    }


def problem_of(seed: int) -> AdProblem:
    """The drawn problem; its limits can always hold together."""
    chance = np.random.default_rng(seed)
    count, s_shaped = int(chance.integers(3, 7)), seed % 2 == 1
    today, memory = chance.lognormal(6, 0.8, count), chance.uniform(0, 0.85, count)
    level = today / 7 / (1 - memory)
    channels = pl.DataFrame(
        {
            "channel": [f"channel-{index}" for index in range(count)],
            "channel_group": [None] * count,
            "most": today / 7 * chance.uniform(1, 6, count),
            "half_saturation": level * chance.uniform(0.4, 3, count),
            "shape": chance.uniform(1.2, 3.5, count) if s_shaped else np.ones(count),
            "memory": memory,
            "opening_adstock": level * chance.uniform(0, 1.2, count),
            "spend_today": today,
            "largest_spend": [None] * count,
            "is_held": [False] * count,
        },
        schema=CHANNEL_SCHEMA,
    )
    change = (None, 1.0, 0.5)[seed % 3]
    share = float(chance.uniform(max(0.5, 1 - (change or 1.0)) + 0.01, 1.3))
    settings = AdSettings()
    limits = AdLimits(
        total_budget=float(today.sum()) * settings.periods * share, largest_change=change, minimum_marginal_return=float(seed // 2 % 2)
    )
    problem = build_problem(prepare_channels(channels), limits, settings)
    assert find_collision(problem, settings.solve_options()) is None
    return problem


def _one(seed: int) -> dict[str, Any]:
    problem, settings = problem_of(seed), AdSettings()
    started = time.process_time()
    ours = solve_ads(problem, settings, settings.target_gap, (problem.today,))
    cpu = time.process_time() - started
    started = time.process_time()
    best, first = slsqp(problem, seed)
    slsqp_cpu = time.process_time() - started
    scale = max(abs(ours.value), 1.0)
    rules = {f"loss_of_{name}": (ours.value - problem.value(rule(problem))) / scale for name, rule in RULES.items()}
    return {
        "seed": seed,
        "s_shaped": seed % 2 == 1,
        "channels": problem.shape[0],
        "value": ours.value,
        "gap": (ours.bound - ours.value) / scale,
        "rounds": ours.rounds,
        "cpu_s": cpu,
        "slsqp_cpu_s": slsqp_cpu,
        "slsqp_better_by": (best - ours.value) / scale,
        "loss_of_slsqp_one_start": (ours.value - first) / scale,
        **rules,
    }


def slsqp(problem: AdProblem, seed: int) -> tuple[float, float]:
    """The best value over all starts, and that of the first start, which is today's plan cut to the budget."""
    from scipy.optimize import minimize

    chance = np.random.default_rng(1000 + seed)
    shape, scale = problem.lower.shape, float(problem.today.max())
    budget = problem.rows[0].allowed / scale
    widest = np.minimum(problem.upper, 3 * problem.today.max())
    found: list[float] = []
    for start in range(STARTS):
        drawn = problem.lower + chance.uniform(0, 1, shape) * (widest - problem.lower)
        begin = problem.within_budgets(problem.today if start == 0 else drawn)
        answer = minimize(
            lambda x: -problem.value(x.reshape(shape) * scale) / scale,
            (begin / scale).ravel(),
            jac=lambda x: -(problem.marginal_return(x.reshape(shape) * scale) - problem.price).ravel(),
            bounds=list(zip((problem.lower / scale).ravel(), (problem.upper / scale).ravel(), strict=True)),
            constraints=[{"type": "ineq", "fun": lambda x: budget - x.sum(), "jac": lambda x: -np.ones(len(x))}],
            method="SLSQP",
            options={"maxiter": 500, "ftol": 1e-12},
        )
        plan = problem.within_budgets(np.nan_to_num(answer.x).reshape(shape) * scale)
        found.append(problem.value(plan) if problem.holds(plan) else -np.inf)
    return max(found), found[0]


def _equal(problem: AdProblem) -> Floats:
    return problem.within_budgets(np.full(problem.lower.shape, problem.rows[0].allowed / problem.lower.size))


def _proportional(problem: AdProblem) -> Floats:
    return problem.within_budgets(problem.today * (problem.rows[0].allowed / float(problem.today.sum())))


def _today(problem: AdProblem) -> Floats:
    return problem.within_budgets(problem.today)


RULES: dict[str, Callable[[AdProblem], Floats]] = {"equal_split": _equal, "proportional": _proportional, "todays_plan": _today}


if __name__ == "__main__":
    answer(lambda order: {"rows": [_one(seed) for seed in range(order["problems"])]})
