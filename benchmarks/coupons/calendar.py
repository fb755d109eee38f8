"""Promotion calendars beside one whole PuLP model with HiGHS and with CBC on the same instances: CPU seconds, memory, value, bound, gap.

The peers get the plainly written whole model (`optimization.promotion_calendar.whole_model`): every candidate a column, every pair of weeks
and products a row, stopped after `TIME_LIMIT_S`. Ours runs through `plan_promotions`, frames in, checked tables with reasons out. Every
run has a process of its own, whose CPU seconds count from the frames on, imports of the solver included.

Public: `measure`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.apart import answer, measured, run_apart
from benchmarks.cbc import NOT_INSTALLED, UNTOLD, cbc_answer, cbc_is_installed
from benchmarks.coupons.calendar_instances import CalendarInstance, calendar_instance
from benchmarks.told import told_by, told_of
from optimization.promotion_calendar import CalendarSettings, plan_promotions

SIZES = (50, 200, 500, 1_000, 2_000)  # products, over twelve weeks in three kinds
PEERS = {"PuLP with HiGHS": 500, "PuLP with CBC": 500}  # and the most products each is tried at
SEEDS = (7, 8, 9)
BUDGETS = (60.0, 200.0, 600.0)  # money per slot: the budget binds, budget and slots bind, slots bind
TARGET_GAP = 1e-3
TIME_LIMIT_S = 60
PROOF_INSTANCES, SMALL_PROOF_INSTANCES = 200, 20
OURS = "Countinghouse"


def measure(small: bool) -> dict[str, Any]:
    """Return runs (one dict per method, size, seed and budget), proof (counts) and targets; `small` stops at 200 products."""
    runs: list[dict[str, Any]] = []
    for products in SIZES[: 2 if small else 5]:
        full = products == 500
        for seed, budget in [(seed, budget) for seed in SEEDS for budget in BUDGETS] if full else [(7, 200.0)]:
            order = {"products": products, "seed": seed, "budget_per_slot": budget}
            peers = [name for name, most in PEERS.items() if products <= most and seed == 7 and budget == 200.0]
            runs += [run_apart(__name__, {"method": method, **order}) for method in (OURS, *peers)]
        if full:
            runs.append(run_apart(__name__, {"method": OURS, "products": products, "seed": 7, "budget_per_slot": 200.0, "decided": 60}))
    proof = run_apart(__name__, {"method": "proof", "products": SMALL_PROOF_INSTANCES if small else PROOF_INSTANCES})
    judged = [run for run in runs if run["method"] == OURS and run["products"] == (200 if small else 500)]
    slowest, widest = (max(judged, key=lambda run: run.get(name, np.inf)) for name in ("cpu_s", "gap"))
    size = f"{slowest['products']} products x 12 weeks, worst of {len(judged)}"
    targets = [
        {"name": f"CPU seconds, {size}", "value": slowest.get("cpu_s"), "target": 5.0},
        {"name": f"gap, {size}", "value": widest.get("gap"), "target": TARGET_GAP},
        {"name": "equal to HiGHS at gap 0", "value": proof.get("equal_to_highs_at_gap_0"), "target": proof.get("instances")},
    ]
    return {"runs": runs, "proof": proof, "targets": targets, "time_limit_s": TIME_LIMIT_S}


def _ours(instance: CalendarInstance) -> dict[str, Any]:
    plan = plan_promotions(instance.frames, instance.limits, CalendarSettings(target_gap=TARGET_GAP))
    return {**told_of(plan.certificate), "promotions": int(plan.calendar["is_promoted"].sum())}


def _with_highs(instance: CalendarInstance) -> dict[str, Any]:
    """Solve the whole model; above 50,000 variables this is the peer's doing and not ours."""
    from optimization.linear_program import SolveOptions, solve_arrays
    from optimization.promotion_calendar.whole_model import whole_model

    program, _ = whole_model(instance.frames, instance.limits)
    options = SolveOptions(relative_gap=TARGET_GAP, absolute_gap=1e-9, time_limit_seconds=TIME_LIMIT_S, most_variables=10**7)
    solved = solve_arrays(program, options)
    return {"variables": len(program.objective), **told_by(solved.value, solved.bound, solved.status)}


def _with_cbc(instance: CalendarInstance) -> dict[str, Any]:
    """Solve the whole model with CBC; a calendar that breaks a row is worth nothing."""
    from optimization.promotion_calendar.whole_model import whole_model

    if not cbc_is_installed():
        return told_by(None, None, NOT_INSTALLED)
    program, _ = whole_model(instance.frames, instance.limits)
    told = np.nan_to_num(cbc_answer(program, TIME_LIMIT_S, TARGET_GAP))
    told[program.is_integer] = np.rint(told[program.is_integer])
    kept = bool((program.excess(told) <= 1e-6 * np.maximum(np.abs(program.rhs), 1.0)).all())
    value = float(program.objective @ told) if kept else None
    return {"variables": len(told), **told_by(value, None, UNTOLD)}


def _proof(count: int) -> dict[str, Any]:
    """Count small calendars whose plan by core equals HiGHS at gap 0 on the whole model, collides where it does, and passes the checker."""
    from optimization.linear_program import SolveOptions, solve_arrays
    from optimization.promotion_calendar.whole_model import whole_model

    settings = CalendarSettings(target_gap=0.0, whole_model_columns=0, core_columns=20)
    equal = checked = collide = 0
    for seed in range(count):
        drawn = calendar_instance(5 + seed % 12, weeks=2 + seed % 5, seed=seed, minimums=seed % 2 == 0, decided=seed % 3)
        limits = replace(drawn.limits, cool_down_weeks=seed % 3, slots_per_week=1 + seed % 4)
        plan = plan_promotions(drawn.frames, limits, settings).certificate
        program, _ = whole_model(drawn.frames, limits)
        best = solve_arrays(program, SolveOptions(relative_gap=0.0, absolute_gap=1e-9))
        same = plan.status == "relaxed" if best.value is None else abs(best.value - (plan.value or 0.0)) <= 1e-6
        collide += best.value is None
        equal += same
        checked += not plan.violations
    return {"instances": count, "equal_to_highs_at_gap_0": equal, "of_them_infeasible_for_both": collide, "checker_passes": checked}


def _work(order: dict[str, Any]) -> dict[str, Any]:
    if order["method"] == "proof":
        return _proof(order["products"])
    instance = calendar_instance(
        order["products"], seed=order["seed"], budget_per_slot=order["budget_per_slot"], decided=order.get("decided", 0)
    )
    methods: dict[str, Callable[[CalendarInstance], dict[str, Any]]] = {
        OURS: _ours,
        "PuLP with HiGHS": _with_highs,
        "PuLP with CBC": _with_cbc,
    }
    return measured(lambda: methods[order["method"]](instance))


if __name__ == "__main__":
    answer(_work)
