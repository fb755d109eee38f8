"""The plan told as a trial: by hand, against the real plan, and only where the hold-outs may stand for the rest."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.coupon_trial import plan_as_trial, planned_coupons
from optimization.coupons import CouponLimits, CouponSettings, assign_coupons

LIMITS = pl.DataFrame({"limit_name": ["total_budget", "issuance"], "scope": ["all", "c2"], "shadow_price": [0.5, 1.0]})


def offers_of(rows: list[tuple[str, str, float, float]]) -> pl.DataFrame:
    schema = {"customer_key": pl.String, "coupon_id": pl.String, "value": pl.Float64, "expected_cost": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(segment=pl.lit("all"), category=pl.lit(None, dtype=pl.String))


def test_prices_decide_by_hand() -> None:
    offers = offers_of(
        [
            ("a", "c1", 3.0, 2.0),  # 3 - 0.5 * 2 = 2
            ("a", "c2", 4.0, 2.0),  # 4 - 1 - 1 = 2, the same: the smaller id
            ("b", "c1", 0.9, 2.0),  # not worth its price
            ("c", "c2", 9.0, 4.0),
        ]
    )
    assert planned_coupons(offers, LIMITS).rows() == [("a", "c1"), ("c", "c2")]


def test_an_unknown_price_counts_as_none() -> None:
    offers = offers_of([("a", "c1", 1.0, 4.0)])
    assert planned_coupons(offers, LIMITS.with_columns(shadow_price=pl.lit(None, dtype=pl.Float64))).height == 1


def assignments_of(rows: list[tuple[str, str | None, bool]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema={"customer_key": pl.String, "coupon_id": pl.String, "is_holdout": pl.Boolean}, orient="row")
    return frame.with_columns(propensity=pl.when("is_holdout").then(0.1).otherwise(0.9))


def test_hold_outs_stand_in_the_campaign_of_the_coupon_they_would_have_got() -> None:
    offers = offers_of([(key, "c1", 5.0, 1.0) for key in "abc"] + [("d", "c1", -1.0, 1.0)])
    trial = plan_as_trial(
        assignments_of([("a", "c1", False), ("b", None, True), ("c", "c1", False), ("d", None, True)]), offers, LIMITS, "p"
    )
    assert trial.select("campaign_id", "customer_key", "coupon_id", "propensity").rows() == [
        ("p-c1", "a", "c1", 0.9),
        ("p-c1", "b", None, 0.1),
        ("p-c1", "c", "c1", 0.9),
    ]


def test_a_plan_that_its_prices_do_not_tell_is_no_trial() -> None:
    offers = offers_of([(key, "c1", 5.0, 1.0) for key in "abcd"])
    held = plan_as_trial(
        assignments_of([("a", "c1", False), ("b", None, False), ("c", None, False), ("d", None, True)]), offers, LIMITS, "p"
    )
    assert held["agreement_share"].to_list() == pytest.approx([1 / 3, 1 / 3])
    assert held["propensity"].null_count() == 2


def test_customers_with_the_same_offers_are_one_trial_by_pseudonym() -> None:
    keys = [f"{number:08x}" for number in range(200)]
    offers = offers_of([(key, coupon, value, 1.0) for key in keys for coupon, value in (("c1", 3.0), ("c2", 2.0))])
    rows = [
        (key, None if number < 20 else "c1" if number < 110 else "c2" if number < 150 else None, number < 20)
        for number, key in enumerate(keys)
    ]
    trial = plan_as_trial(assignments_of(rows), offers, LIMITS, "p")
    assert trial.height == 200
    assert trial["campaign_id"].unique().to_list() == ["p-all-00000000"]
    arms = trial.group_by("coupon_id").agg(pl.len(), pl.col("propensity").unique().first()).sort("coupon_id", nulls_last=True)
    assert arms.rows() == [("c1", 90, 0.45), ("c2", 40, 0.2), (None, 70, 0.35)]


def test_no_plan_is_no_trial() -> None:
    empty = plan_as_trial(assignments_of([]), offers_of([]), LIMITS, "p")
    assert empty.height == 0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([60.0, 200.0, 1e6]))
def test_it_tells_what_the_real_plan_does(seed: int, budget: float) -> None:
    rng, customers = np.random.default_rng(seed), 400
    keys = np.repeat([f"u{number:04d}" for number in range(customers)], 2)
    cost, gain = rng.uniform(0.5, 3, 2 * customers), rng.uniform(0, 6, 2 * customers)
    candidates = pl.DataFrame({"customer_key": keys, "segment": "all", "coupon_id": ["c1", "c2"] * customers, "expected_gain": gain})
    candidates = candidates.with_columns(expected_cost=pl.Series(cost), value=pl.Series(gain - cost), redemption_probability=0.5)
    candidates = candidates.with_columns(category=pl.lit(None, dtype=pl.String))
    plan = assign_coupons(candidates, CouponLimits(total_budget=budget), CouponSettings(holdout_share=0.2, draw=str(seed)))
    trial = plan_as_trial(plan.assignments, candidates, plan.limits, "p")
    given_out = plan.assignments.filter(pl.col("coupon_id").is_not_null())
    assert trial.filter(pl.col("coupon_id").is_not_null()).height == given_out.height
    follows = trial.filter(pl.col("coupon_id").is_not_null()).select((pl.col("coupon_id") == pl.col("planned_coupon_id")).sum()).item()
    assert given_out.height - follows <= 3, "all but close calls"
    held = trial.filter("is_holdout")
    assert held.height == pytest.approx(0.25 * given_out.height, abs=4 * (0.25 * given_out.height) ** 0.5 + 2)
