"""Why a customer gets a coupon or none, as a code and one sentence.

Reason codes: best (the customer's own best offer); budget, segment, category, cap, return, minimum, fixed (a joint limit stood in the way
or asked for another coupon); not_worth_it (no offer earns more than it costs); not_eligible (no offer); hold_out (drawn to go without);
override (a merchandiser gave it).
"""

from collections.abc import Sequence

import polars as pl

from optimization.coupons.choice_program import LimitRow

CODE_OF_LIMIT = {
    "total_budget": "budget",
    "segment_budget": "segment",
    "category_budget": "category",
    "issuance": "cap",
    "minimum_return": "return",
    "minimum_issuance": "minimum",
    "minimum_segment_share": "minimum",
    "fixed_count": "fixed",
    "fixed_count_at_least": "fixed",
}


def money(column: str) -> pl.Expr:
    """An amount as sentences show it: two digits, 0 where unknown, never -0.0."""
    return pl.col(column).fill_null(0.0).round(2) + 0.0


def explain(rows: pl.DataFrame, limit_rows: Sequence[LimitRow]) -> pl.DataFrame:
    """Add reason_code, sentence and regret.

    `rows`: one per customer with segment, is_holdout, is_given, offer_count, coupon_id, value, best_coupon_id, best_value and blocking (the
    position in `limit_rows` of the limit that stood in the way, -1 for none).
    """
    names = {-1: "budget", **{number: CODE_OF_LIMIT[row.limit_name] for number, row in enumerate(limit_rows)}}
    words = {-1: "limits", **{number: _words(row) for number, row in enumerate(limit_rows)}}
    blocked = pl.col("blocking").replace_strict(names, return_dtype=pl.String)
    zero = [number for number, row in enumerate(limit_rows) if not row.is_minimum and row.allowed == 0]
    given = pl.col("coupon_id").is_not_null()
    code = (
        pl.when("is_given")
        .then(pl.lit("override"))
        .when(pl.col("offer_count") == 0)
        .then(pl.lit("not_eligible"))
        .when("is_holdout")
        .then(pl.lit("hold_out"))
        .when(given & (pl.col("value") <= 0))
        .then(pl.when(blocked == "fixed").then(pl.lit("fixed")).otherwise(pl.lit("minimum")))
        .when(given & (pl.col("value") >= pl.col("best_value") - 1e-9))
        .then(pl.lit("best"))
        .when(~given & (pl.col("best_value") <= 0))
        .then(pl.lit("not_worth_it"))
        .otherwise(blocked)
    )
    regret = (pl.max_horizontal("best_value", pl.lit(0.0)).fill_null(0.0) - pl.col("value")).clip(lower_bound=0.0)
    rows = rows.with_columns(reason_code=code, regret=regret).with_row_index("row")
    needed = rows.select("row", "reason_code", "coupon_id", "value", "best_coupon_id", "best_value", "offer_count", "blocking")
    spoken = [needed.lazy().filter(where).select("row", sentence=sentence).collect() for where, sentence in _sentences(words, zero)]
    return rows.with_columns(pl.concat(spoken).sort("row")["sentence"])


def _words(row: LimitRow) -> str:
    """The limit as a reason names it; a fixed count is told by its cell."""
    if row.limit_name.startswith("fixed_count"):
        return f"fixed count of {row.scope}"
    return row.limit_name.replace("_", " ")


def _sentences(words: dict[int, str], zero: list[int]) -> list[tuple[pl.Expr, pl.Expr]]:
    """Return which rows (each in one of them) are told how; each sentence is written only for the rows that need it."""
    reason, given = pl.col("reason_code"), pl.col("coupon_id").is_not_null()
    best, earns, limit = (
        pl.col("best_coupon_id").fill_null("none"),
        money("best_value"),
        pl.col("blocking").replace_strict(words, return_dtype=pl.String),
    )
    own, value = pl.col("coupon_id"), money("value")
    nothing_allowed = pl.col("blocking").is_in(zero)
    plain = ("override", "not_eligible", "hold_out", "best", "not_worth_it")
    asked_for = ~reason.is_in(plain) & given & (pl.col("value") <= 0) | (reason == "minimum") & given
    other = ~reason.is_in(plain) & ~asked_for
    instead = pl.format("Coupon {} worth {} instead of {} worth {}: the {} is better spent elsewhere.", own, value, best, earns, limit)
    return [
        (reason == "override", pl.format("Coupon {} is given by a merchandiser; it is worth {}.", own, value)),
        (reason == "not_eligible", pl.lit("No coupon on offer may go to this customer.")),
        (
            reason == "hold_out",
            pl.format("Drawn by lot to go without, so that the effect can be measured; coupon {} would be worth {}.", best, earns),
        ),
        (reason == "best", pl.format("Coupon {} is worth {} after its cost, the most of {} offers.", own, value, "offer_count")),
        (reason == "not_worth_it", pl.format("No offer earns more than it costs; the best, coupon {}, is worth {}.", best, earns)),
        (
            asked_for & (reason == "minimum"),
            pl.format("Coupon {} is given to reach a required minimum; it is worth {}.", own, value),
        ),
        (asked_for & (reason != "minimum"), pl.format("Coupon {} is given to reach the {}; it is worth {}.", own, limit, value)),
        (other & given, instead),
        (other & ~given & nothing_allowed, pl.format("Coupon {} would be worth {}, but the {} is 0.", best, earns, limit)),
        (
            other & ~given & ~nothing_allowed,
            pl.format("Coupon {} would be worth {}, but the {} is better spent elsewhere.", best, earns, limit),
        ),
    ]
