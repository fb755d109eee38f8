"""Where more budget would go, why limits collide, and who has had enough coupons: by hand on small cases."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.coupons import CouponLimits, CouponSettings, FrequencyCap, had_enough, plan_coupon_budget


def cells(*rows: tuple[str, str, int, float, float, float]) -> pl.DataFrame:
    """Rows of (segment, coupon, customers, face value, mean gain, mean cost)."""
    frame = pl.DataFrame(rows, schema=["segment", "coupon_id", "customers", "face_value", "mean_gain", "mean_cost"], orient="row")
    return frame.with_columns(mean_value=pl.col("mean_gain") - pl.col("mean_cost"))


TWO = cells(("new", "c3", 10, 3.0, 2.0, 1.0), ("new", "c5", 10, 5.0, 3.5, 2.0), ("old", "c3", 5, 3.0, 1.2, 1.0))


def test_the_next_money_turns_cheap_coupons_into_dear_ones_first() -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=12.0), CouponSettings(next_amount=4.0))
    # four of the eight c3 become c5: 4.00 of cost, 2.00 of profit
    assert plan.next_money.select("segment", "coupon_id", "more_issued", "more_cost", "more_profit", "profit_per_money").rows() == [
        ("new", "c5", pytest.approx(4.0), pytest.approx(8.0), pytest.approx(6.0), pytest.approx(0.5)),
        ("new", "c3", pytest.approx(-4.0), pytest.approx(-4.0), pytest.approx(-4.0), pytest.approx(0.5)),
    ]
    assert plan.next_money["sentence"][0] == "4.0 more coupons c5 to segment new, for 6.0 of profit."


def test_money_beyond_every_worthwhile_coupon_goes_nowhere() -> None:
    assert plan_coupon_budget(TWO, CouponLimits(total_budget=25.0)).next_money.height == 0
    assert plan_coupon_budget(TWO, CouponLimits()).next_money.height == 0


@settings(max_examples=20, deadline=None)
@given(st.floats(0.0, 40.0), st.floats(0.5, 20.0))
def test_the_next_money_is_never_overspent_and_never_loses(budget: float, amount: float) -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=budget), CouponSettings(next_amount=amount))
    assert plan.next_money["more_cost"].sum() <= amount + 1e-5
    assert plan.next_money["more_profit"].sum() >= -1e-6


def test_a_minimum_dearer_than_the_budget_is_named_by_arithmetic_first_then_by_tiers() -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=6.0, minimum_issuance={"c5": 5}))
    assert plan.certificate.status == "relaxed"
    assert plan.collisions["tier"].to_list() == ["arithmetic", "elastic", "iis"]
    assert plan.collisions["sentence"][0] == "The minimum issuance of c5 takes at least 10.00 of the total budget, of which 6.00 is left."
    assert plan.collisions["limits"][2] == "total budget; minimum issuance of c5"


def test_limits_that_hold_leave_nothing_to_explain() -> None:
    assert plan_coupon_budget(TWO, CouponLimits(total_budget=12.0, minimum_issuance={"c5": 1})).collisions.height == 0


def test_a_collision_of_three_limits_is_found_where_no_two_collide() -> None:
    # 5 customers of old (1.00 each) and 5 coupons c5 (2.00 each) fit into 12.00 one by one and two by two, not with a return of 1.60
    limits = CouponLimits(total_budget=30.0, minimum_segment_share={"old": 1.0}, minimum_return=1.6, issuance={"c3": 6, "c5": 3})
    plan = plan_coupon_budget(TWO, limits)
    assert plan.certificate.status == "relaxed"
    assert "arithmetic" not in plan.collisions["tier"].to_list()
    assert "minimum return" in plan.collisions.filter(pl.col("tier") == "iis")["limits"].item()


def test_customers_who_had_their_coupons_lately_are_named() -> None:
    issued = pl.DataFrame(
        {
            "customer_key": ["anna", "anna", "bert", "bert", "cleo", "cleo"],
            "coupon_id": ["c3", "c5", "c3", None, "c3", "c3"],
            "assigned_on": [date(2025, 3, 1), date(2025, 3, 9), date(2025, 3, 9), date(2025, 3, 9), date(2025, 3, 2), date(2025, 2, 1)],
        }
    )
    cap = FrequencyCap(most_coupons=2, days=10)
    assert had_enough(issued, cap, date(2025, 3, 10)).to_list() == ["anna"]
    assert had_enough(issued, cap, date(2025, 3, 11)).to_list() == []
    assert had_enough(issued, FrequencyCap(1, 1), date(2025, 3, 9)).to_list() == ["anna", "bert"]
    assert had_enough(issued, None, date(2025, 3, 10)).to_list() == []
