"""The proposed pilot: sizes that can be checked by hand, and its limits."""

from statistics import NormalDist

import polars as pl
import pytest

from learning.response import PilotAssumptions, pilot_plan

COUPONS = pl.DataFrame({"coupon_id": ["c4", "c9"], "face_value": [4.0, 9.0]})


def test_sizes_follow_from_the_budget() -> None:
    plan = pilot_plan(100_000, COUPONS, 3250.0, PilotAssumptions(redemption_rate=0.25, hoped_uplift=0.1))
    # 13.00 of face value * 0.25 = 3.25 per pair of customers: 1,000 per arm; control sqrt(2) times as many
    assert plan.arms["customers"].to_list() == [1415, 1000, 1000]
    assert plan.expected_cost == pytest.approx(3250.0)
    assert plan.arms["propensity"].sum() == pytest.approx(1.0)


def test_the_detectable_uplift_and_the_power_are_the_textbook_s() -> None:
    arm = pilot_plan(2000, COUPONS.head(1), 1e9, PilotAssumptions(purchase_rate=0.3, hoped_uplift=0.07)).arms.row(1, named=True)
    error = (0.3 * 0.7 / 1000 + 0.3 * 0.7 / 1000) ** 0.5
    assert arm["customers"] == 1000
    assert arm["detectable_uplift"] == pytest.approx((1.95996 + 0.84162) * error, rel=1e-4)
    assert arm["power"] == pytest.approx(NormalDist().cdf(0.07 / error - 1.95996), rel=1e-4)


def test_what_no_arm_can_show_is_told_as_all_that_could_be_added() -> None:
    assert pilot_plan(4, COUPONS.head(1), 1e9).arms["detectable_uplift"][1] == pytest.approx(0.7)


def test_dear_arms_are_dropped_until_the_rest_can_show_something() -> None:
    plan = pilot_plan(100_000, COUPONS, 1500.0)
    assert plan.arms["coupon_id"].to_list() == [None, "c4"]
    assert any("c9 is left out" in note for note in plan.notes)
    assert plan.arms["power"][1] >= 0.8


def test_a_pilot_that_is_too_small_says_so() -> None:
    assert any("too small" in note for note in pilot_plan(300, COUPONS, 1500.0).notes)


@pytest.mark.parametrize(
    ("customers", "coupons", "budget", "why"),
    [
        (0, COUPONS, 1500.0, "no customer who may be written to"),
        (1000, COUPONS.clear(), 1500.0, "no coupon can be given out tomorrow"),
        (1000, COUPONS, 0.0, "the pilot budget is 0"),
        (1, COUPONS, 1500.0, "too few for two arms"),
    ],
)
def test_an_impossible_pilot_draws_nobody_and_says_why(customers: int, coupons: pl.DataFrame, budget: float, why: str) -> None:
    plan = pilot_plan(customers, coupons, budget)
    assert plan.arms.select("coupon_id", "customers", "expected_cost").rows() == [(None, 0, 0.0)]
    assert why in plan.arms["sentence"].item()
    assert plan.expected_cost == 0


def test_the_stock_of_coupons_and_the_budget_are_never_exceeded() -> None:
    plan = pilot_plan(100_000, COUPONS.with_columns(issuance_limit=pl.Series([70, None])), 5000.0)
    assert plan.arms.filter(pl.col("coupon_id") == "c4")["customers"].item() <= 70
    assert plan.expected_cost <= 5000.0
