"""Which choices are worth a place in the program: what each earns and uses, and which can be left out without loss.

    profit = lift x (price x (1 - cut) - cost) - base x price x cut - slot cost - margin lost elsewhere
    budget = (base + lift) x price x cut + slot cost,          cut = discount share x take-up share

Left out exactly: forbidden choices; those that no plan may hold by stock, budget or promotions that are held; those that earn nothing
where no minimum asks for them; and those dominated by another promotion of the same product and week, which earns no less and uses no
more. Every limit counts promotions of a product and week alike or counts budget and lift, so exchanging the dominated one breaks nothing.

Public: `valued`, `judged`.
"""

import polars as pl

from optimization.promotion_calendar.frames import ReadFrames
from optimization.promotion_calendar.limits import PromotionLimits

TOLERANCE = 1e-9
SPOT = ["product_id", "week"]
_CHOICE = [*SPOT, "promotion_id"]


def valued(frames: ReadFrames) -> pl.DataFrame:
    """Return the candidates with profit and budget_use (money) and what the merchandiser decided.

    is_forced: this very promotion. must_run: some promotion of the product and week, of which others than a forced one are out.
    is_forbidden: not this promotion. A forced promotion that is no candidate forbids nothing and forces nothing.
    """
    price, cut = pl.col("unit_price"), pl.col("discount_share") * pl.col("take_up_share")
    lift, base = pl.col("lift_units"), pl.col("base_units")
    earned = lift * (price * (1 - cut) - pl.col("unit_cost")) - base * price * cut
    candidates = frames.candidates.with_columns(
        profit=earned - pl.col("slot_cost") - pl.col("lost_elsewhere"), budget_use=(base + lift) * price * cut + pl.col("slot_cost")
    )
    decided = {
        action: frames.decisions.filter(pl.col("action") == action).select(_CHOICE).join(candidates.select(SPOT).unique(), on=SPOT)
        for action in ("force", "forbid")
    }
    forced = decided["force"].join(candidates.select(_CHOICE), on=_CHOICE, how="semi")
    any_kind = decided["force"].filter(pl.col("promotion_id").is_null())
    no_kind = decided["forbid"].filter(pl.col("promotion_id").is_null())
    marks = {
        "is_forced": (forced, _CHOICE),
        "spot_forced": (forced, SPOT),
        "any_forced": (any_kind, SPOT),
        "kind_forbidden": (decided["forbid"].drop_nulls("promotion_id"), _CHOICE),
        "spot_forbidden": (no_kind, SPOT),
    }
    for name, (rows, key) in marks.items():
        candidates = candidates.join(rows.select(key).unique().with_columns(pl.lit(True).alias(name)), on=key, how="left")
    return (
        candidates.with_columns(pl.col(list(marks)).fill_null(False))
        .with_columns(
            must_run=pl.col("spot_forced") | pl.col("any_forced"),
            is_forbidden=pl.col("kind_forbidden") | pl.col("spot_forbidden") | (pl.col("spot_forced") & ~pl.col("is_forced")),
        )
        .drop("spot_forced", "any_forced", "kind_forbidden", "spot_forbidden")
        .sort(_CHOICE)
    )


def judged(frames: ReadFrames, choices: pl.DataFrame, limits: PromotionLimits) -> pl.DataFrame:
    """Return `choices` (from `valued`) with left_out: null where the program needs the choice, else why it does not: announced,
    forbidden, not_worth_it, cool_down, conflict (with what is held), stock, budget or dominated."""
    minimum = pl.col("category").is_in([name for name, count in sorted(limits.category_minimums.items()) if count > 0])
    no_limit = float("inf")
    category_budget = pl.col("category").replace_strict(dict(limits.category_budgets), default=no_limit, return_dtype=pl.Float64)
    budget = pl.min_horizontal(pl.lit(no_limit if limits.budget is None else limits.budget), category_budget)
    free = ~pl.col("must_run")
    told = choices.with_columns(
        left_out=pl.when(free & _lies_in(choices, frames.held))
        .then(pl.lit("announced"))
        .when("is_forbidden")
        .then(pl.lit("forbidden"))
        .when(free & (pl.col("profit") <= TOLERANCE) & ~minimum)
        .then(pl.lit("not_worth_it"))
        .when(free & ~_rested(frames, choices, limits.cool_down_weeks))
        .then(pl.lit("cool_down"))
        .when(free & _lies_in(choices, _kept_free(frames)))
        .then(pl.lit("conflict"))
        .when(free & (pl.col("lift_units") > _stock_left(frames, choices) * (1 + TOLERANCE)))
        .then(pl.lit("stock"))
        .when(free & (pl.col("budget_use") > budget * (1 + TOLERANCE)))
        .then(pl.lit("budget"))
    )
    beaten = _dominated(told.filter(pl.col("left_out").is_null())).with_columns(beaten=pl.lit("dominated"))
    joined = told.join(beaten, on=_CHOICE, how="left", maintain_order="left")
    return joined.with_columns(left_out=pl.coalesce("left_out", "beaten")).drop("beaten")


def _stock_left(frames: ReadFrames, choices: pl.DataFrame) -> pl.Series:
    """Return the most lift of each choice by stock: the smallest stock from its week on; infinite without a limit."""
    rows = choices.select(SPOT).with_row_index("row")
    later = rows.join(frames.stock.rename({"week": "until"}), on="product_id").filter(pl.col("until") >= pl.col("week"))
    least = later.group_by("row").agg(pl.col("available_units").min())
    return rows.join(least, on="row", how="left", maintain_order="left")["available_units"].fill_null(float("inf"))


def _rested(frames: ReadFrames, choices: pl.DataFrame, cool_down_weeks: int) -> pl.Series:
    """Return whether each choice is far enough from the product's promotions that are no choice."""
    rows = choices.select(SPOT).with_row_index("row")
    apart = (pl.col("week") - pl.col("held")).abs()
    near = rows.join(frames.held.rename({"week": "held"}), on="product_id").filter(apart <= cool_down_weeks)["row"]
    return rows.select(~pl.col("row").is_in(near.implode())).to_series()


def _lies_in(choices: pl.DataFrame, spots: pl.DataFrame) -> pl.Series:
    """Return whether each choice lies in one of the products' weeks (product_id, week)."""
    keyed = choices.select(SPOT).with_row_index("row")
    there = keyed.join(spots, on=SPOT, how="semi")["row"]
    return keyed.select(pl.col("row").is_in(there.implode())).to_series()


def _kept_free(frames: ReadFrames) -> pl.DataFrame:
    """Return the products and weeks in which a product in conflict is on promotion already."""
    both = pl.concat(
        [frames.conflicts.select(product_id=one, other=two) for one, two in (("product_a", "product_b"), ("product_b", "product_a"))]
    )
    return both.join(frames.held, left_on="other", right_on="product_id").select(SPOT).unique()


def _dominated(choices: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of choices that another one of the same product and week equals or beats in profit, budget and lift; of equals the
    first stays."""
    own = choices.select(*_CHOICE, "profit", "budget_use", "is_forced", lift=pl.col("lift_units").clip(lower_bound=0))
    pairs = own.join(own.drop("is_forced"), on=SPOT, suffix="_other").filter(pl.col("promotion_id") != pl.col("promotion_id_other"))
    signs = {"profit": 1, "budget_use": -1, "lift": -1}
    gains = [sign * (pl.col(f"{name}_other") - pl.col(name)) for name, sign in signs.items()]
    no_worse, better = pl.all_horizontal([gain >= 0 for gain in gains]), pl.any_horizontal([gain > 0 for gain in gains])
    first = pl.col("promotion_id_other") < pl.col("promotion_id")
    return pairs.filter(no_worse & (better | first) & ~pl.col("is_forced")).select(_CHOICE).unique()
