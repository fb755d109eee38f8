"""The calendar as a table: one row per product and week, what runs or why nothing does.

Public: `CALENDAR_SCHEMA`, `calendar_table`.
"""

import numpy as np
import polars as pl

from optimization.promotion_calendar.choices import SPOT, TOLERANCE
from optimization.promotion_calendar.frames import ReadFrames
from optimization.promotion_calendar.sentences import calendar_sentence
from optimization.promotion_calendar.top_up import CalendarState

CALENDAR_SCHEMA = {
    "product_id": pl.String,
    "week": pl.Int64,
    "category": pl.String,
    "is_promoted": pl.Boolean,
    "promotion_id": pl.String,
    "reason_code": pl.String,
    "sentence": pl.String,
    "base_units": pl.Float64,
    "lift_units": pl.Float64,
    "profit": pl.Float64,
    "loss_together": pl.Float64,
    "budget_use": pl.Float64,
    "best_promotion_id": pl.String,
    "best_profit": pl.Float64,
    "binding_limit": pl.String,
    "next_best_week": pl.Int64,
    "next_best_profit": pl.Float64,
}
_CODES = {
    "cool_down": "cool_down",
    "held_promotion": "cool_down",
    "stock": "stock",
    "conflict": "conflict",
    "slots": "slot",
    "category_slots": "slot",
    "budget": "budget",
    "category_budget": "budget",
}
"""Limits by what a merchandiser calls them; of several that stand in the way the first in this order is told: the product's own first."""
_ORDER = {name: place for place, name in enumerate(_CODES)}


def calendar_table(frames: ReadFrames, choices: pl.DataFrame, state: CalendarState, cool_down_weeks: int) -> pl.DataFrame:
    """Return the calendar (grain: product_id, week; `CALENDAR_SCHEMA`), sorted.

    choices: all candidates as `judged` returns them; state: the calendar over the useful ones. profit, lift_units and budget_use are those
    of the promotion that runs, 0 where none does; loss_together is the product's half of what pairs on promotion together lose; profit less
    loss_together adds up to the plan's value. best_promotion_id and best_profit: the promotion that would earn most in the week, alone.
    next_best_week: where the promotion that runs could move to, by the product's own rules, and what it would earn there.
    """
    useful = state.program.choices.with_row_index("column").select(*SPOT, "promotion_id", "column")
    marked = choices.join(useful, on=[*SPOT, "promotion_id"], how="left", maintain_order="left")
    running = marked.filter(pl.col("column").is_in(np.flatnonzero(state.chosen).tolist()))
    best = _best_of_each_week(marked)
    spots = best.join(
        running.select(*SPOT, run="promotion_id", run_column="column", run_lift="lift_units", run_profit="profit", run_use="budget_use"),
        on=SPOT,
        how="left",
        maintain_order="left",
    )
    weeks_of = dict(running.group_by("product_id").agg(pl.col("week").sort()).iter_rows())
    earnings = _earnings(best)
    rows = [_row(row, state, frames, weeks_of, earnings, cool_down_weeks) for row in spots.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=CALENDAR_SCHEMA)


def _best_of_each_week(choices: pl.DataFrame) -> pl.DataFrame:
    """The choice of each product and week that earns most; one that is out only where all are."""
    rank = pl.col("left_out").replace_strict({"dominated": 1, "forbidden": 2}, default=0, return_dtype=pl.Int64)
    ordered = choices.with_columns(rank=rank).sort([*SPOT, "rank", "profit", "promotion_id"], descending=[False, False, False, True, False])
    return ordered.unique(SPOT, keep="first", maintain_order=True)


def _earnings(best: pl.DataFrame) -> dict[str, dict[int, float]]:
    """Per product what its best promotion earns in each week in which it may run."""
    open_weeks = best.filter(pl.col("left_out").is_null())
    found: dict[str, dict[int, float]] = {}
    for product, week, profit in open_weeks.select(*SPOT, "profit").iter_rows():
        found.setdefault(product, {})[week] = profit
    return found


def _row(
    row: dict[str, object],
    state: CalendarState,
    frames: ReadFrames,
    weeks_of: dict[str, list[int]],
    earnings: dict[str, dict[int, float]],
    cool_down_weeks: int,
) -> dict[str, object]:
    product, week = str(row["product_id"]), int(str(row["week"]))
    runs = row["run"] is not None
    told: dict[str, object] = {
        "product_id": product,
        "week": week,
        "category": row["category"],
        "is_promoted": runs,
        "promotion_id": row["run"],
        "base_units": row["base_units"],
        "lift_units": row["run_lift"] if runs else 0.0,
        "profit": row["run_profit"] if runs else 0.0,
        "loss_together": state.loss(int(str(row["run_column"]))) / 2 if runs else 0.0,
        "budget_use": row["run_use"] if runs else 0.0,
        "best_promotion_id": row["promotion_id"],
        "best_profit": row["profit"],
        "binding_limit": None,
        "next_best_week": None,
        "next_best_profit": None,
    }
    if runs:
        told["reason_code"] = _why_it_runs(row, state)
        other = _next_best(week, weeks_of[product], earnings.get(product, {}), cool_down_weeks)
        if other is not None:
            told["next_best_week"], told["next_best_profit"] = other
    else:
        told["reason_code"], told["binding_limit"] = _why_not(row, state, frames)
    return {**told, "sentence": calendar_sentence(told)}


def _why_it_runs(row: dict[str, object], state: CalendarState) -> str:
    if row["must_run"]:
        return "forced"
    earns = float(str(row["run_profit"])) - state.loss(int(str(row["run_column"])))
    return "chosen" if earns > TOLERANCE else "minimum"


def _why_not(row: dict[str, object], state: CalendarState, frames: ReadFrames) -> tuple[str, str | None]:
    """Return the code, and what stands in the way."""
    if row["left_out"] in ("announced", "forbidden", "conflict"):
        return str(row["left_out"]), None
    if float(str(row["profit"])) <= TOLERANCE:
        return "not_worth_it", None
    if row["left_out"] is not None:
        return str(row["left_out"]), str(row["product_id"]) if row["left_out"] in ("stock", "cool_down") else "all"
    column = int(str(row["column"]))
    obstacles = sorted(state.obstacles(column), key=lambda limit: _ORDER[limit.limit_name])
    first = obstacles[0] if obstacles else None
    own = first is not None and first.limit_name in ("cool_down", "held_promotion", "stock")
    apart = first is not None and first.limit_name == "conflict"
    if first is not None and apart and _in_conflict(row, state, frames):
        return "conflict", first.scope
    if first is None or apart or (not own and float(str(row["profit"])) <= state.loss(column) + TOLERANCE):
        return "cannibalisation", None
    return _CODES[first.limit_name], first.scope


def _in_conflict(row: dict[str, object], state: CalendarState, frames: ReadFrames) -> bool:
    """True where a product that must not be on promotion with this one runs in the week, false where both would only lose too much."""
    product = row["product_id"]
    running = state.program.choices.filter(state.chosen).filter(pl.col("week") == row["week"])["product_id"]
    pairs = frames.conflicts.filter((pl.col("product_a") == product) | (pl.col("product_b") == product))
    others = set(pairs["product_a"].to_list()) | set(pairs["product_b"].to_list())
    return bool((others - {product}) & set(running.to_list()))


def _next_best(week: int, held: list[int], earnings: dict[int, float], rest: int) -> tuple[int, float] | None:
    others = [one for one in held if one != week]
    free = [
        (-profit, one)
        for one, profit in earnings.items()
        if one != week and profit > TOLERANCE and all(abs(one - other) > rest for other in others)
    ]
    return (min(free)[1], -min(free)[0]) if free else None
