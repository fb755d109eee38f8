"""Behaviour of the coupon assignment on tables small enough to check by hand."""

import polars as pl
import pytest

from optimization.coupons import CouponLimits, CouponSettings, assign_coupons

NO_HOLDOUT = CouponSettings(holdout_share=0.0, target_gap=0.0)


def offers(*rows: tuple[str, str, str, float, float]) -> pl.DataFrame:
    """Rows of (customer, segment, coupon, gain, cost)."""
    frame = pl.DataFrame(rows, schema=["customer_key", "segment", "coupon_id", "expected_gain", "expected_cost"], orient="row")
    return frame.with_columns(value=pl.col("expected_gain") - pl.col("expected_cost"), redemption_probability=pl.lit(0.5))


THREE = offers(
    ("anna", "new", "c3", 3.0, 1.0),
    ("anna", "new", "c5", 4.5, 2.0),
    ("bert", "new", "c3", 2.0, 1.0),
    ("bert", "new", "c5", 2.5, 2.0),
    ("cleo", "old", "c3", 0.5, 1.0),
)


def chosen(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(frame.select("customer_key", "coupon_id").rows())


def test_without_limits_everyone_gets_their_best_offer_or_none() -> None:
    plan = assign_coupons(THREE, CouponLimits(), NO_HOLDOUT)
    assert chosen(plan.assignments) == {"anna": "c5", "bert": "c3", "cleo": None}
    assert plan.assignments["reason_code"].to_list() == ["best", "best", "not_worth_it"]
    assert plan.certificate.value == pytest.approx(3.5)
    assert plan.certificate.status == "optimal"
    assert plan.certificate.holds


def test_a_budget_moves_money_to_where_it_earns_most() -> None:
    plan = assign_coupons(THREE, CouponLimits(total_budget=2.0), NO_HOLDOUT)
    # 2.00 buy c3 for both (2.0 + 1.0) rather than c5 for anna alone (2.5)
    assert chosen(plan.assignments) == {"anna": "c3", "bert": "c3", "cleo": None}
    anna = plan.assignments.row(0, named=True)
    assert anna["reason_code"] == "budget"
    assert anna["regret"] == pytest.approx(0.5)
    # one more 1.00 of budget turns anna's c3 (2.0) into c5 (2.5)
    assert plan.limits["shadow_price"].to_list() == pytest.approx([0.5])


def test_a_slack_budget_has_shadow_price_exactly_zero() -> None:
    plan = assign_coupons(THREE, CouponLimits(total_budget=100.0), NO_HOLDOUT)
    assert plan.limits.row(0, named=True)["shadow_price"] == 0.0


def test_issuance_and_segment_budgets_are_kept_and_named() -> None:
    plan = assign_coupons(THREE, CouponLimits(issuance={"c3": 0, "c5": 1}, segment_budgets={"old": 0.0}), NO_HOLDOUT)
    assert chosen(plan.assignments) == {"anna": "c5", "bert": None, "cleo": None}
    assert plan.assignments["reason_code"].to_list() == ["best", "cap", "not_worth_it"]


def test_ties_go_to_the_cheaper_coupon_then_to_the_smaller_id() -> None:
    tie = offers(("anna", "new", "c9", 3.0, 2.0), ("anna", "new", "c2", 2.0, 1.0), ("anna", "new", "c1", 2.0, 1.0))
    assert chosen(assign_coupons(tie, CouponLimits(), NO_HOLDOUT).assignments) == {"anna": "c1"}


def test_colliding_limits_are_named_with_the_smallest_relaxation_and_a_plan_is_still_given() -> None:
    limits = CouponLimits(total_budget=3.0, minimum_issuance={"c5": 2})
    plan = assign_coupons(THREE, limits, NO_HOLDOUT)
    assert plan.certificate.status == "relaxed"
    assert not plan.certificate.holds
    # two c5 cost 4.00: a third more budget, or half of the minimum; the budget gives way
    assert dict(plan.limits.select("limit_name", "relaxed_by").rows()) == pytest.approx({"total_budget": 1.0, "minimum_issuance": 0.0})
    assert "collide" in plan.limits.row(0, named=True)["sentence"]
    assert plan.assignments["reason_code"].to_list() == ["best", "minimum", "not_worth_it"]


def test_customers_without_any_offer_are_listed_as_not_eligible() -> None:
    everyone = pl.DataFrame({"customer_key": ["anna", "dora"], "segment": ["new", "old"]})
    plan = assign_coupons(THREE, CouponLimits(), NO_HOLDOUT, everyone)
    assert plan.assignments.filter(pl.col("customer_key") == "dora")["reason_code"].to_list() == ["not_eligible"]


def test_empty_offers_give_empty_tables_with_their_schema() -> None:
    plan = assign_coupons(THREE.clear(), CouponLimits(total_budget=5.0), NO_HOLDOUT)
    assert plan.assignments.height == 0
    assert "sentence" in plan.assignments.columns
    assert plan.limits.select("used", "shadow_price").rows() == [(0.0, 0.0)]
    assert plan.certificate.status == "empty"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.col("expected_gain").replace(3.0, float("nan")).alias("expected_gain"), "not finite"),
        ((-pl.col("expected_cost")).alias("expected_cost"), "negative cost"),
        (pl.lit("anna").alias("customer_key"), "appears twice"),
        ((pl.col("value") + 1).alias("value"), "gain less cost"),
        (pl.lit(None, dtype=pl.Float64).alias("value"), "empty field"),
    ],
)
def test_bad_offers_are_refused_with_the_offending_pair(change: pl.Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        assign_coupons(THREE.with_columns(change), CouponLimits(), NO_HOLDOUT)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (CouponLimits(total_budget=0.0), "Coupon c5 would be worth 2.5, but the total budget is 0."),
        (CouponLimits(issuance={"c3": 0, "c5": 0}), "Coupon c5 would be worth 2.5, but the issuance is 0."),
        (CouponLimits(segment_budgets={"new": 0.0}), "Coupon c5 would be worth 2.5, but the segment budget is 0."),
    ],
)
def test_a_limit_of_nothing_is_not_said_to_be_spent_elsewhere(limits: CouponLimits, says: str) -> None:
    plan = assign_coupons(THREE, limits, NO_HOLDOUT)
    assert chosen(plan.assignments) == {"anna": None, "bert": None, "cleo": None}
    assert plan.assignments["sentence"][0] == says
    assert plan.certificate.holds


def test_amounts_around_nothing_have_no_sign() -> None:
    plan = assign_coupons(offers(("anna", "new", "c3", 0.999, 1.0)), CouponLimits(), NO_HOLDOUT)
    assert plan.assignments["sentence"].item() == "No offer earns more than it costs; the best, coupon c3, is worth 0.0."


def test_minimum_shares_above_the_budget_give_way_and_are_named() -> None:
    plan = assign_coupons(THREE, CouponLimits(total_budget=1.0, minimum_segment_share={"new": 1.0, "old": 1.0}), NO_HOLDOUT)
    assert plan.certificate.status == "relaxed"
    gave_way = plan.limits.filter(pl.col("relaxed_by") > 0)
    assert gave_way["sentence"].str.starts_with("The limits collide").all()
    assert gave_way.height > 0
    assert plan.assignments["sentence"].str.len_chars().min() > 0


def test_customers_without_any_offer_are_all_explained() -> None:
    customers = pl.DataFrame({"customer_key": ["anna", "bert"], "segment": ["new", None]})
    plan = assign_coupons(THREE.clear(), CouponLimits(total_budget=0.0), NO_HOLDOUT, customers)
    assert plan.assignments["reason_code"].to_list() == ["not_eligible"] * 2
    assert plan.certificate.status == "empty"
