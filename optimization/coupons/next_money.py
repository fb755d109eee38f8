"""Where the next money would go: which segment and coupon more budget would be spent on, and what it would earn.

The budget by segment is solved with and without the extra money, fractions of coupons allowed, so that the answer is no rounding: it is
what shadow prices say, over a whole amount. A cell may also lose coupons, where the money turns them into dearer ones.

Public: `next_money`, `NEXT_MONEY_SCHEMA`.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.limits import CouponLimits
from optimization.coupons.settings import CouponSettings
from optimization.linear_program.arrays import Floats
from optimization.linear_program.solve_arrays import solve_arrays

NEXT_MONEY_SCHEMA = {
    "segment": pl.String,
    "coupon_id": pl.String,
    "extra_budget": pl.Float64,
    "more_issued": pl.Float64,
    "more_cost": pl.Float64,
    "more_profit": pl.Float64,
    "profit_per_money": pl.Float64,
    "sentence": pl.String,
}


def next_money(
    cells: pl.DataFrame, limits: CouponLimits, settings: CouponSettings, build: Callable[[CouponLimits], ChoiceProgram]
) -> pl.DataFrame:
    """Return one row per cell that changes (NEXT_MONEY_SCHEMA), the most profit first.

    extra_budget: `settings.next_amount`, money. more_issued: coupons, below 0 where fewer; more_cost and more_profit: money;
    profit_per_money: profit of all changes together per 1.00 of the extra budget, the same in all rows. Empty without a total budget,
    where limits collide, and where more money would change nothing.
    """
    nothing = pl.DataFrame(schema=NEXT_MONEY_SCHEMA)
    if cells.height == 0 or limits.total_budget is None:
        return nothing
    before = _relaxed(build(limits), settings)
    after = _relaxed(build(replace(limits, total_budget=limits.total_budget + settings.next_amount)), settings)
    if before is None or after is None:
        return nothing
    more = np.where(np.abs(after - before) > 1e-6, after - before, 0.0)
    changed = cells.with_columns(more_issued=pl.Series(more)).filter(pl.col("more_issued") != 0)
    changed = changed.with_columns(
        extra_budget=pl.lit(settings.next_amount),
        more_cost=pl.col("more_issued") * pl.col("mean_cost"),
        more_profit=pl.col("more_issued") * pl.col("mean_value"),
    )
    changed = changed.with_columns(profit_per_money=pl.col("more_profit").sum() / settings.next_amount)
    count, profit = pl.col("more_issued").abs().round(1), pl.col("more_profit").round(2) + 0.0
    word = pl.when(pl.col("more_issued") > 0).then(pl.lit("more")).otherwise(pl.lit("fewer"))
    sentence = pl.format("{} {} coupons {} to segment {}, for {} of profit.", count, word, "coupon_id", "segment", profit)
    ordered = changed.with_columns(sentence=sentence).sort("more_profit", "segment", "coupon_id", descending=[True, False, False])
    return ordered.select([pl.col(name).cast(kind) for name, kind in NEXT_MONEY_SCHEMA.items()])


def _relaxed(program: ChoiceProgram, settings: CouponSettings) -> Floats | None:
    solved = solve_arrays(program.whole(), settings.solve_options(), relax=True)
    return None if solved.value is None else solved.x
