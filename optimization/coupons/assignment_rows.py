"""Writes one row per customer: the decision, its numbers and its reason.

Reason codes: best (the customer's own best offer); budget, segment, category, cap, return, minimum (a joint limit stood in the way or
asked for another coupon); not_worth_it (no offer earns more than it costs); not_eligible (no offer); hold_out (drawn to go without).
"""

import numpy as np
import polars as pl

from optimization.coupons.choice_program import ChoiceProgram, LimitRow
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.linear_program.arrays import Integers

ASSIGNMENTS_SCHEMA = {
    "customer_key": pl.String,
    "segment": pl.String,
    "coupon_id": pl.String,
    "expected_gain": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "redemption_probability": pl.Float64,
    "best_coupon_id": pl.String,
    "best_value": pl.Float64,
    "next_best_coupon_id": pl.String,
    "regret": pl.Float64,
    "reason_code": pl.String,
    "sentence": pl.String,
    "is_holdout": pl.Boolean,
    "propensity": pl.Float64,
}

CODE_OF_LIMIT = {
    "total_budget": "budget",
    "segment_budget": "segment",
    "category_budget": "category",
    "issuance": "cap",
    "minimum_return": "return",
    "minimum_issuance": "minimum",
    "minimum_segment_share": "minimum",
}


def decisions_of(offers: pl.DataFrame, program: ChoiceProgram, solution: ChoiceSolution) -> pl.DataFrame:
    """Return one row per customer in the program: chosen offer (or nulls), next best by value after prices, and the blocking limit.

    `offers` are the program's columns in order, with index column `offer`.
    """
    starts = program.group_starts
    owner = program.group
    chosen = np.flatnonzero(solution.x > 0.5)
    chosen_of_group = np.full(len(starts), -1, dtype=np.int64)
    chosen_of_group[owner[chosen]] = chosen
    after_prices = program.value - program.matrix() @ solution.prices
    others = after_prices.copy()
    others[chosen] = -np.inf
    next_best = _first_top(others, starts, owner)
    next_best = np.where(others[next_best] > 0, next_best, -1)
    own_best = _first_top(program.value, starts, owner)
    blocking = _blocking_limit(program, solution, own_best, chosen_of_group)
    keys = offers["customer_key"].gather(starts)
    ids, count = offers["coupon_id"], offers.height
    pick = pl.Series(chosen_of_group)
    return pl.DataFrame(
        {
            "customer_key": keys,
            "coupon_id": _gather(ids, chosen_of_group),
            "expected_gain": _gather(offers["expected_gain"], chosen_of_group),
            "expected_cost": _gather(offers["expected_cost"], chosen_of_group),
            "value": _gather(offers["value"], chosen_of_group),
            "redemption_probability": _gather(offers["redemption_probability"], chosen_of_group),
            "next_best_coupon_id": _gather(ids, next_best),
            "is_own_best": (pick == pl.Series(own_best)) if count else pl.Series([], dtype=pl.Boolean),
            "blocking": pl.Series([None if row is None else row.limit_name for row in blocking], dtype=pl.String),
            "nothing_allowed": pl.Series(
                [row is not None and not row.is_minimum and row.allowed == 0 for row in blocking], dtype=pl.Boolean
            ),
        }
    )


def _gather(values: pl.Series, index: Integers) -> pl.Series:
    positions = pl.Series(index).cast(pl.Int64)
    return values.gather(positions.set(positions < 0, None)) if len(index) else values.clear()


def _first_top(values: np.ndarray, starts: Integers, owner: Integers) -> Integers:
    top = np.maximum.reduceat(values, starts)
    is_top = values >= top[owner]
    position = np.where(is_top, np.arange(len(values)), len(values))
    return np.minimum.reduceat(position, starts)


def _blocking_limit(program: ChoiceProgram, solution: ChoiceSolution, own_best: Integers, chosen: Integers) -> list[LimitRow | None]:
    """Name, per group, the limit that charges the own best offer most above the given one; without a charge, the one with no room."""
    found: list[LimitRow | None] = [None] * len(own_best)
    if not program.rows:
        return found
    needs = program.matrix()[own_best].toarray()
    holds = np.where((chosen >= 0)[:, None], program.matrix()[np.maximum(chosen, 0)].toarray(), 0.0)
    charge = (needs - holds) * solution.prices
    room = program.rhs + solution.relaxation - program.activity(solution.x)
    lacking = np.where(needs > holds, (needs - holds - room) / np.maximum(program.largest_entry(), 1e-12), -np.inf)
    by_charge, by_room = charge.argmax(axis=1), lacking.argmax(axis=1)
    worst = np.where(charge.max(axis=1) > 1e-9, by_charge, by_room)
    for group in np.flatnonzero(chosen != own_best).tolist():
        found[group] = program.rows[int(worst[group])]
    return found


def money(column: str) -> pl.Expr:
    """An amount as sentences show it: two digits, 0 where unknown, never -0.0."""
    return pl.col(column).fill_null(0.0).round(2) + 0.0


def explain(rows: pl.DataFrame) -> pl.DataFrame:
    """Add reason_code, sentence and regret.

    `rows`: one per customer with segment, is_holdout, offer_count, best_coupon_id, best_value and the columns of `decisions_of`
    (null for customers outside the program).
    """
    given = pl.col("coupon_id").is_not_null()
    blocked = pl.col("blocking").replace_strict(CODE_OF_LIMIT, default="budget", return_dtype=pl.String)
    code = (
        pl.when(pl.col("offer_count") == 0)
        .then(pl.lit("not_eligible"))
        .when("is_holdout")
        .then(pl.lit("hold_out"))
        .when(given & (pl.col("value") <= 0))
        .then(pl.lit("minimum"))
        .when(given & (pl.col("value") >= pl.col("best_value") - 1e-9))
        .then(pl.lit("best"))
        .when(~given & (pl.col("best_value") <= 0))
        .then(pl.lit("not_worth_it"))
        .otherwise(blocked)
    )
    limit = pl.col("blocking").fill_null("limits").str.replace_all("_", " ")
    best, earns = pl.col("best_coupon_id").fill_null("none"), money("best_value")
    own, value = pl.col("coupon_id").fill_null("none"), money("value")
    sentence = (
        pl.when(pl.col("reason_code") == "not_eligible")
        .then(pl.lit("No coupon on offer may go to this customer."))
        .when(pl.col("reason_code") == "hold_out")
        .then(pl.format("Drawn by lot to go without, so that the effect can be measured; coupon {} would be worth {}.", best, earns))
        .when(pl.col("reason_code") == "best")
        .then(pl.format("Coupon {} is worth {} after its cost, the most of {} offers.", own, value, "offer_count"))
        .when(pl.col("reason_code") == "not_worth_it")
        .then(pl.format("No offer earns more than it costs; the best, coupon {}, is worth {}.", best, earns))
        .when((pl.col("reason_code") == "minimum") & given)
        .then(pl.format("Coupon {} is given to reach a required minimum; it is worth {}.", own, value))
        .when(given)
        .then(pl.format("Coupon {} worth {} instead of {} worth {}: the {} is better spent elsewhere.", own, value, best, earns, limit))
        .when(pl.col("nothing_allowed").fill_null(False))
        .then(pl.format("Coupon {} would be worth {}, but the {} is 0.", best, earns, limit))
        .otherwise(pl.format("Coupon {} would be worth {}, but the {} is better spent elsewhere.", best, earns, limit))
    )
    regret = (pl.max_horizontal("best_value", pl.lit(0.0)).fill_null(0.0) - pl.col("value")).clip(lower_bound=0.0)
    return rows.with_columns(reason_code=code, regret=regret).with_columns(sentence=sentence)
