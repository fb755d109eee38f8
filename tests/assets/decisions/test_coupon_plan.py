"""Why customers without an offer have none, and what is said where nothing causal is known."""

from datetime import date
from types import SimpleNamespace

import polars as pl

from assets.decisions.coupon_plan import ASSIGNMENTS, BUDGET, CURVE, LIMITS, NEXT_MONEY, _plan_day, name_who_may_not
from shops.coupon_terms import CouponTerms
from shops.limit_terms import Limits


def test_customers_who_may_not_be_written_to_are_told_apart_from_those_without_an_offer() -> None:
    people = ["anna", "bert", "cleo", "dora"]
    reasons = ["best", "not_eligible", "not_eligible", "not_eligible"]
    assignments = pl.DataFrame({"customer_key": people, "reason_code": reasons, "sentence": "as planned"})
    may, enough = [True, False, True, True], [False, True, False, True]
    customers = pl.DataFrame({"customer_key": people, "may_be_written_to": may, "had_enough": enough})
    assert name_who_may_not(assignments, customers).rows() == [
        ("anna", "best", "as planned"),
        ("bert", "no_consent", "May not be written to: this customer has not consented."),
        ("cleo", "not_eligible", "as planned"),
        ("dora", "frequency_cap", "Has had as many coupons lately as one customer may get."),
    ]


def test_without_a_trial_every_coupon_table_says_that_it_is_not_causal() -> None:
    """Scores without causal effects: nobody gets a coupon, and limits and curve are marked; with no scores at all as well."""
    shop = SimpleNamespace(limits=Limits(coupon_budget=100.0), coupons=CouponTerms())
    customers = pl.DataFrame(
        {"customer_key": ["anna", "bert"], "segment": ["loyal", "dormant"], "may_be_written_to": [True, True], "had_enough": [False, False]}
    )
    told = {"customer_key": ["anna", "bert"], "coupon_id": "c5", "face_value": 5.0, "redemption_probability": 0.2, "expected_cost": 1.0}
    nothing = {"expected_gain": pl.lit(None, pl.Float64), "value": pl.lit(None, pl.Float64)}
    scores = pl.DataFrame(told).with_columns(**nothing, causal=pl.lit(False), effect_source=pl.lit("none"), model_version=pl.lit("r-1"))
    coupons = pl.DataFrame({"coupon_id": ["c5"], "category": [None], "issuance_limit": [10]}, schema_overrides={"category": pl.String})
    nothing_decided = pl.DataFrame(
        schema={
            "override_id": pl.String,
            "customer_key": pl.String,
            "segment": pl.String,
            "coupon_id": pl.String,
            "override_action": pl.String,
            "override_count": pl.Int64,
        }
    )
    for given in (scores, scores.clear()):
        frames, proofs = _plan_day(SimpleNamespace(shop=shop), date(2025, 6, 1), customers, given, coupons, nothing_decided)  # pyright: ignore[reportArgumentType]
        assert all(proof.checked and not proof.violations for proof in proofs)
        for name in (LIMITS, CURVE, BUDGET, ASSIGNMENTS, NEXT_MONEY):
            assert frames[name].schema["causal"] == pl.Boolean
            assert not frames[name]["causal"].fill_null(True).any()
        assert frames[ASSIGNMENTS].filter(pl.col("coupon_id").is_not_null()).is_empty()
        assert frames[LIMITS].height > 0
