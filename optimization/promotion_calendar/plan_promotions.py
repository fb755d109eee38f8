"""Decide which product is on which promotion in which week.

Public: `PromotionPlan`, `plan_promotions`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from optimization.certificate import PlanCertificate, PlanStatus, hash_inputs, relative_gap
from optimization.linear_program import SOLVER, SolverError, solver_version
from optimization.promotion_calendar.calendar_program import calendar_program
from optimization.promotion_calendar.calendar_table import calendar_table
from optimization.promotion_calendar.check_calendar import check_calendar
from optimization.promotion_calendar.choices import judged, valued
from optimization.promotion_calendar.frames import CalendarFrames, read_frames
from optimization.promotion_calendar.limits import PromotionLimits
from optimization.promotion_calendar.limits_table import limits_table
from optimization.promotion_calendar.override_told import overrides_told
from optimization.promotion_calendar.relaxation import smallest_relaxation
from optimization.promotion_calendar.settings import CalendarSettings
from optimization.promotion_calendar.solve_calendar import solve_calendar
from optimization.promotion_calendar.top_up import CalendarState, top_up


@dataclass(frozen=True)
class PromotionPlan:
    """calendar: one row per product and week (`CALENDAR_SCHEMA`). limits: `LIMITS_SCHEMA`. overrides: what became of the merchandiser's
    decisions (`OVERRIDE_SCHEMA`). certificate: value is expected profit less losses of pairs, money; sense max. message: one sentence."""

    calendar: pl.DataFrame
    limits: pl.DataFrame
    overrides: pl.DataFrame
    certificate: PlanCertificate
    message: str


def plan_promotions(
    frames: CalendarFrames, limits: PromotionLimits | None = None, settings: CalendarSettings | None = None
) -> PromotionPlan:
    """Return the best promotion calendar under the limits, with reasons, prices of limits and proof; the order of rows changes nothing.

    Decisions of the merchandiser are kept. Where they and minimums collide with limits, the limits give way as little as possible, are
    named, and the plan's status is "relaxed". Raises ValueError for frames that do not fit together (`read_frames`).
    """
    limits, settings = limits or PromotionLimits(), settings or CalendarSettings()
    started = time.perf_counter()
    read = read_frames(frames)
    choices = judged(read, valued(read), limits)
    useful = choices.filter(pl.col("left_out").is_null()).drop("left_out")
    program = calendar_program(read, useful, limits)
    solution = solve_calendar(program, settings, limits.cool_down_weeks)
    gave: dict[tuple[str, str], float] = {}
    if solution is None:
        minimums = {name for name, count in limits.category_minimums.items() if count > 0}
        gave = smallest_relaxation(calendar_program(read, useful, limits, with_cuts=False), minimums, settings)
        program = calendar_program(read, useful, limits, gave=gave)
        solution = solve_calendar(program, settings, limits.cool_down_weeks)
        if solution is None:
            raise SolverError("No calendar was found under the relaxed limits.")
    state = CalendarState(program, solution.chosen)
    top_up(state)
    calendar = calendar_table(read, choices, state, limits.cool_down_weeks)
    value = float((calendar["profit"] - calendar["loss_together"]).sum())
    violations = check_calendar(frames, limits, calendar, value, gave)
    bound = max(solution.bound, value)
    certificate = PlanCertificate(
        plan="promotion_calendar",
        status=_status(frames, bool(gave), relative_gap(value, bound), settings),
        sense="max",
        value=value,
        bound=bound,
        gap=relative_gap(value, bound),
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=settings.seed,
        input_hash=hash_inputs(**vars(read), limits=_told(limits), settings=settings),
        checked=True,
        violations=tuple(violations),
    )
    told = limits_table(program, state.used, solution.prices, gave)
    return PromotionPlan(calendar, told, overrides_told(read, calendar), certificate, _message(gave, certificate))


def _status(frames: CalendarFrames, given_way: bool, gap: float | None, settings: CalendarSettings) -> PlanStatus:
    if not frames.candidates.height:
        return "empty"
    if given_way:
        return "relaxed"
    return "optimal" if gap is not None and gap <= settings.target_gap + 1e-9 else "feasible"


def _message(gave: Mapping[tuple[str, str], float], certificate: PlanCertificate) -> str:
    if certificate.status == "empty":
        return "There are no candidates, so there is nothing to decide."
    if gave:
        moved = [f"{name} ({scope}) by {by:g}" for (name, scope), by in gave.items()]
        return f"What was decided and the limits cannot hold together; the smallest relaxation moves {'; '.join(moved)}."
    if certificate.status == "optimal":
        return "The calendar is proven best within the gap that was asked for."
    return "The calendar keeps every limit; the gap says how far from the best it may be."


def _told(limits: PromotionLimits) -> dict[str, object]:
    return {name: dict(part) if hasattr(part, "items") else part for name, part in vars(limits).items()}
