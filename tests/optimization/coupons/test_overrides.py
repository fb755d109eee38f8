"""What a merchandiser decides is done, counted against the limits, and told."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.coupons import CouponLimits, CouponSettings, assign_coupons, check_assignments

EXACT = CouponSettings(holdout_share=0.0, target_gap=0.0)
ROWS = [
    ("anna", "new", "c3", 3.0, 1.0),
    ("anna", "new", "c5", 4.5, 2.0),
    ("bert", "new", "c3", 2.0, 1.0),
    ("bert", "new", "c5", 2.5, 2.0),
    ("cleo", "old", "c3", 0.5, 1.0),
]


def offers() -> pl.DataFrame:
    frame = pl.DataFrame(ROWS, schema=["customer_key", "segment", "coupon_id", "expected_gain", "expected_cost"], orient="row")
    return frame.with_columns(value=pl.col("expected_gain") - pl.col("expected_cost"), redemption_probability=pl.lit(0.5))


def asked(*rows: tuple[str | None, str | None, str, str, int | None]) -> pl.DataFrame:
    """Rows of (customer, segment, coupon, action, count)."""
    kinds = {
        "customer_key": pl.String,
        "segment": pl.String,
        "coupon_id": pl.String,
        "override_action": pl.String,
        "override_count": pl.Int64,
    }
    return pl.DataFrame(rows, schema=kinds, orient="row")


def chosen(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(frame.select("customer_key", "coupon_id").rows())


def test_a_given_coupon_goes_out_even_at_a_loss_and_uses_the_budget() -> None:
    plan = assign_coupons(offers(), CouponLimits(total_budget=2.0), EXACT, overrides=asked(("cleo", None, "c3", "give", None)))
    # 1.00 goes to cleo; the other 1.00 buys c3 for anna (2.0) and not for bert (1.0)
    assert chosen(plan.assignments) == {"anna": "c3", "bert": None, "cleo": "c3"}
    cleo = plan.assignments.filter(pl.col("customer_key") == "cleo").row(0, named=True)
    assert (cleo["reason_code"], cleo["propensity"], cleo["value"]) == ("override", 1.0, -0.5)
    assert plan.certificate.value == pytest.approx(1.5)
    assert plan.limits["used"].to_list() == pytest.approx([2.0])
    assert plan.overrides.select("outcome", "given_count").rows() == [("honoured", 1)]
    assert plan.certificate.holds


def test_a_forbidden_coupon_goes_to_nobody_named_and_a_given_one_stands_above_it() -> None:
    decisions = asked((None, "new", "c5", "forbid", None), ("bert", None, "c5", "give", None))
    plan = assign_coupons(offers(), CouponLimits(), EXACT, overrides=decisions)
    assert chosen(plan.assignments) == {"anna": "c3", "bert": "c5", "cleo": None}
    assert plan.certificate.holds


def test_who_loses_every_offer_is_still_listed() -> None:
    plan = assign_coupons(offers(), CouponLimits(), EXACT, overrides=asked(("cleo", None, "c3", "forbid", None)))
    assert dict(plan.assignments.select("customer_key", "reason_code").rows())["cleo"] == "not_eligible"


def test_a_fixed_count_is_reached_and_told_as_the_reason() -> None:
    plan = assign_coupons(offers(), CouponLimits(), EXACT, overrides=asked((None, "new", "c5", "fix", 2)))
    assert chosen(plan.assignments) == {"anna": "c5", "bert": "c5", "cleo": None}
    bert = plan.assignments.filter(pl.col("customer_key") == "bert").row(0, named=True)
    assert bert["reason_code"] == "fixed"
    assert plan.limits.select("limit_name", "used").rows() == [("fixed_count", 2.0), ("fixed_count_at_least", 2.0)]
    assert plan.certificate.holds


def test_a_count_that_cannot_be_reached_gives_way_and_says_so() -> None:
    plan = assign_coupons(offers(), CouponLimits(), EXACT, overrides=asked((None, "old", "c3", "fix", 3)))
    assert plan.certificate.status == "relaxed"
    assert plan.overrides["outcome"].to_list() == ["not_reached"]
    assert plan.collisions.filter(pl.col("tier") == "arithmetic")["sentence"].to_list() == [
        "The fixed count at least of c3 for old asks for 3, but only 1 can be given at all."
    ]


def test_unknown_names_and_contradictions_change_nothing_and_are_told() -> None:
    decisions = asked(
        ("dora", None, "c3", "give", None),
        ("anna", None, "c3", "give", None),
        ("anna", None, "c5", "give", None),
        (None, "x", "c9", "forbid", None),
    )
    plan = assign_coupons(offers(), CouponLimits(), EXACT, overrides=decisions)
    assert chosen(plan.assignments) == chosen(assign_coupons(offers(), CouponLimits(), EXACT).assignments)
    outcomes = dict(plan.overrides.select(pl.concat_str("customer_key", "coupon_id", ignore_nulls=True), "outcome").rows())
    assert outcomes == {"dorac3": "not_offered", "annac3": "contradiction", "annac5": "contradiction", "c9": "not_offered"}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ((None, None, "c3", "give", None), "no customer"),
        ((None, None, "c3", "fix", 2), "no segment"),
        ((None, "new", "c3", "fix", None), "no count"),
        ((None, "new", "c3", "push", None), "none of"),
    ],
)
def test_a_decision_that_says_nothing_is_refused(row: tuple[str | None, str | None, str, str, int | None], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        assign_coupons(offers(), CouponLimits(), EXACT, overrides=asked(row))


def test_the_checker_sees_a_decision_that_was_passed_over() -> None:
    plan = assign_coupons(offers(), CouponLimits(), EXACT)
    for row, says in ((("cleo", None, "c3", "give", None), "did not get"), ((None, None, "c3", "forbid", None), "forbidden")):
        found = check_assignments(offers(), CouponLimits(), EXACT, plan.assignments, plan.limits, asked(row))
        assert len(found) == 1
        assert says in found[0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["give", "forbid"]), st.integers(0, 4)), max_size=4), st.floats(0.0, 5.0))
def test_decisions_hold_under_any_budget(decisions: list[tuple[str, int]], budget: float) -> None:
    rows = [(ROWS[number][0], None, ROWS[number][2], action, None) for action, number in decisions]
    plan = assign_coupons(offers(), CouponLimits(total_budget=budget), EXACT, overrides=asked(*rows))
    assert plan.certificate.violations == ()
    free = assign_coupons(offers(), CouponLimits(total_budget=budget), EXACT)
    if plan.certificate.status != "relaxed":
        assert plan.certificate.value <= free.certificate.value + 1e-9
