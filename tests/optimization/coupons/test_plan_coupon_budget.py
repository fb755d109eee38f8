"""Behaviour of the coupon budget by segment, on cells small enough to check by hand."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.coupons import CouponLimits, cells_from_candidates, check_coupon_budget, plan_coupon_budget


def cells(*rows: tuple[str, str, int, float, float, float]) -> pl.DataFrame:
    """Rows of (segment, coupon, customers, face value, mean gain, mean cost)."""
    frame = pl.DataFrame(rows, schema=["segment", "coupon_id", "customers", "face_value", "mean_gain", "mean_cost"], orient="row")
    return frame.with_columns(mean_value=pl.col("mean_gain") - pl.col("mean_cost"))


TWO = cells(("new", "c3", 10, 3.0, 2.0, 1.0), ("new", "c5", 10, 5.0, 3.5, 2.0), ("old", "c3", 5, 3.0, 1.2, 1.0))


def issued(frame: pl.DataFrame) -> dict[tuple[str, str], int]:
    return {(segment, coupon): count for segment, coupon, count in frame.select("segment", "coupon_id", "issued").rows()}


def test_without_limits_every_segment_gets_its_best_coupon() -> None:
    plan = plan_coupon_budget(TWO, CouponLimits())
    assert issued(plan.budget) == {("new", "c3"): 0, ("new", "c5"): 10, ("old", "c3"): 5}
    assert plan.certificate.value == pytest.approx(16.0)
    assert plan.certificate.holds


def test_a_budget_buys_the_coupons_that_earn_most_per_money() -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=12.0))
    # ten coupons c3 for 10.00 earn 10.00; turning two of them into c5 costs 2.00 and earns 1.00 more
    assert issued(plan.budget) == {("new", "c3"): 8, ("new", "c5"): 2, ("old", "c3"): 0}
    row = plan.budget.filter((pl.col("coupon_id") == "c5") & (pl.col("segment") == "new")).row(0, named=True)
    assert (row["expected_cost"], row["expected_gain"], row["expected_profit"], row["roi"]) == pytest.approx((4.0, 7.0, 3.0, 0.75))
    assert row["expected_redemptions"] == pytest.approx(0.8)
    assert plan.limits["shadow_price"].to_list() == pytest.approx([0.5])
    assert "One more 1.00 of total budget earns 0.50" in plan.limits["sentence"][0]


def test_the_curve_rises_with_falling_margin_and_its_price_is_what_solving_again_earns() -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=12.0))
    profit, marginal = plan.curve["expected_profit"].to_numpy(), plan.curve["marginal_profit"].to_numpy()
    assert (plan.curve["gap"] <= 1e-4).all()
    assert (np.diff(profit) >= -1e-9).all()
    assert (np.diff(marginal) <= 1e-6).all()
    more = plan_coupon_budget(TWO, CouponLimits(total_budget=13.0))
    assert more.certificate.value - plan.certificate.value == pytest.approx(plan.limits["shadow_price"][0])


def test_minimums_and_maximums_hold_and_collisions_are_named() -> None:
    limits = CouponLimits(total_budget=4.0, issuance={"c5": 3}, minimum_segment_share={"old": 0.5})
    plan = plan_coupon_budget(TWO, limits)
    assert issued(plan.budget)["old", "c3"] == 3
    assert plan.certificate.holds
    broken = plan_coupon_budget(TWO, CouponLimits(total_budget=1.0, minimum_issuance={"c5": 1}))
    assert broken.certificate.status == "relaxed"
    assert broken.limits.filter(pl.col("relaxed_by") > 0).height == 1


def test_an_empty_table_of_cells_gives_empty_tables() -> None:
    plan = plan_coupon_budget(TWO.clear(), CouponLimits(total_budget=4.0))
    assert (plan.budget.height, plan.curve.height, plan.certificate.status) == (0, 0, "empty")


def test_the_checker_finds_a_plan_that_was_tampered_with() -> None:
    limits = CouponLimits(total_budget=12.0)
    plan = plan_coupon_budget(TWO, limits)
    sizes = {"new": 10, "old": 5}
    assert check_coupon_budget(TWO, limits, sizes, plan.budget, plan.limits) == []
    tampered = plan.budget.with_columns(issued=pl.col("issued") + 1)
    assert len(check_coupon_budget(TWO, limits, sizes, tampered, plan.limits)) >= 3


def test_cells_are_averages_of_candidates() -> None:
    candidates = pl.DataFrame(
        {
            "customer_key": ["a", "b"],
            "segment": ["new", "new"],
            "coupon_id": ["c3", "c3"],
            "expected_gain": [1.0, 3.0],
            "expected_cost": [1.0, 2.0],
            "value": [0.0, 1.0],
            "redemption_probability": [0.3, 0.6],
        }
    )
    made = cells_from_candidates(candidates, pl.DataFrame({"coupon_id": ["c3"], "face_value": [3.0]}))
    assert made.select("customers", "mean_gain", "mean_cost", "mean_value", "face_value").rows() == [(2, 2.0, 1.5, 0.5, 3.0)]


money = st.integers(0, 40).map(lambda cents: cents / 10)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), money, money), min_size=4, max_size=4), st.integers(0, 60).map(lambda cents: cents / 10))
def test_equals_brute_force(kinds: list[tuple[int, float, float]], budget: float) -> None:
    names = [("s1", "c1"), ("s1", "c2"), ("s2", "c1"), ("s2", "c2")]
    table = cells(*[(s, c, n, 5.0, gain, cost) for (s, c), (n, gain, cost) in zip(names, kinds, strict=True)])
    limits = CouponLimits(total_budget=budget, issuance={"c1": 2})
    plan = plan_coupon_budget(table, limits)
    size = {"s1": max(kinds[0][0], kinds[1][0]), "s2": max(kinds[2][0], kinds[3][0])}
    best = 0.0
    for counts in product(*(range(n + 1) for n, _, _ in kinds)):
        fits = counts[0] + counts[1] <= size["s1"] and counts[2] + counts[3] <= size["s2"] and counts[0] + counts[2] <= 2
        cost = sum(count * kind[2] for count, kind in zip(counts, kinds, strict=True))
        if fits and cost <= budget + 1e-9:
            best = max(best, sum(count * (kind[1] - kind[2]) for count, kind in zip(counts, kinds, strict=True)))
    assert plan.certificate.violations == ()
    assert plan.budget["expected_profit"].sum() == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("budget", [0.0, 4.0])
def test_segment_minimums_above_the_budget_give_way_and_are_named(budget: float) -> None:
    plan = plan_coupon_budget(TWO, CouponLimits(total_budget=budget, minimum_segment_share={"new": 1.0, "old": 1.0}))
    assert plan.certificate.status == "relaxed"
    gave_way = plan.limits.filter(pl.col("relaxed_by") > 0)
    assert gave_way.height > 0
    assert gave_way["sentence"].str.starts_with("The limits collide").all()
    assert plan.budget.select(pl.col("issued") >= 0).to_series().all()
    assert plan.budget["sentence"].str.len_chars().min() > 0


def test_without_a_cell_the_plan_is_empty_and_says_so() -> None:
    plan = plan_coupon_budget(TWO.clear(), CouponLimits(total_budget=0.0))
    assert (plan.certificate.status, plan.certificate.value, plan.budget.height) == ("empty", 0.0, 0)
