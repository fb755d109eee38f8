"""Writes one row per customer: the decision, its numbers and its reason (`reasons.py`)."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from optimization.coupons.choice_program import LimitRow
from optimization.coupons.decisions import Decisions
from optimization.coupons.offers import Offers
from optimization.coupons.reasons import explain
from optimization.linear_program.arrays import Floats, Integers

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


def decided_rows(offers: Offers, everyone: pl.DataFrame, decided: Decisions) -> pl.DataFrame:
    """Return one row per customer with what was decided, its numbers, how many offers there were and the limit that stood in the way.

    everyone: customer_key, segment, group of the offers (null: none), is_holdout.
    """
    groups = len(offers.keys)
    of_group = pl.DataFrame(
        {
            "group": np.arange(groups, dtype=np.int64),
            "coupon_id": offers.coupon.text(decided.chosen),
            "expected_gain": _numbers(offers, "expected_gain", decided.chosen),
            "expected_cost": _numbers(offers, "expected_cost", decided.chosen),
            "value": _numbers(offers, "value", decided.chosen),
            "redemption_probability": _numbers(offers, "redemption_probability", decided.chosen),
            "best_coupon_id": offers.coupon.text(decided.own_best),
            "best_value": offers.value[decided.own_best],
            "next_best_coupon_id": offers.coupon.text(decided.next_best),
            "offer_count": offers.offers_of_group,
            "blocking": decided.blocking,
            "is_given": decided.is_given,
        }
    )
    if everyone.height == groups:
        return everyone.drop("group").hstack(of_group.drop("group"))
    return everyone.join(of_group, on="group", how="left", maintain_order="left").with_columns(
        pl.col("expected_gain", "expected_cost", "value", "redemption_probability").fill_null(0.0),
        pl.col("offer_count").fill_null(0),
        pl.col("is_given").fill_null(value=False),
        pl.col("blocking").fill_null(-1),
    )


def assignment_rows(rows: pl.DataFrame, limit_rows: Sequence[LimitRow], holdout_share: float) -> pl.DataFrame:
    """Return ASSIGNMENTS_SCHEMA from `decided_rows`. limit_rows: what `blocking` counts in."""
    propensity = (
        pl.when(pl.col("offer_count") == 0)
        .then(None)
        .when("is_given")
        .then(1.0)
        .when("is_holdout")
        .then(holdout_share)
        .otherwise(1.0 - holdout_share)
    )
    explained = explain(rows.with_columns(propensity=propensity), limit_rows)
    return explained.select([pl.col(name).cast(kind) for name, kind in ASSIGNMENTS_SCHEMA.items()])


def _numbers(offers: Offers, column: str, positions: Integers) -> Floats:
    found = np.zeros(len(positions))
    chosen = positions >= 0
    found[chosen] = offers.numbers(column, positions[chosen])
    return found
