"""Properties that every coupon assignment has, whatever the offers and limits."""

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from optimization.coupons import CouponAssignment, CouponLimits, CouponSettings, assign_coupons, check_assignments

EXACT = CouponSettings(holdout_share=0.0, target_gap=0.0)


def market(customers: int, seed: int, coupons: int = 4, segments: int = 3) -> pl.DataFrame:
    """Offers in which dear coupons add more, to customers who differ in margin and price sensitivity; a tenth of the pairs is missing."""
    rng = np.random.default_rng(seed)
    faces = np.array([3.0, 5.0, 8.0, 12.0])[:coupons]
    base, margin, sensitivity = rng.beta(2, 5, (customers, 1)), rng.gamma(4, 5, (customers, 1)), rng.gamma(1.5, 0.5, (customers, 1))
    uplift = 0.05 * sensitivity * np.log1p(faces) * (1 - base)
    redeems = np.clip(base / 2 + uplift, 0, 1)
    customer, coupon = np.nonzero(rng.random((customers, coupons)) < 0.9)
    segment = rng.integers(0, segments, customers)
    return pl.DataFrame(
        {
            "customer_key": [f"u{index:06d}" for index in customer],
            "segment": [f"s{segment[index]}" for index in customer],
            "coupon_id": [f"c{int(faces[index]):02d}" for index in coupon],
            "expected_gain": (uplift * margin)[customer, coupon],
            "expected_cost": (faces * redeems)[customer, coupon],
            "redemption_probability": redeems[customer, coupon],
        }
    ).with_columns(value=pl.col("expected_gain") - pl.col("expected_cost"))


def limits_for(offers: pl.DataFrame, share: float) -> CouponLimits:
    wanted = offers.filter(pl.col("value") > 0)
    budget = share * float(wanted.group_by("customer_key").agg(pl.col("expected_cost").min())["expected_cost"].sum())
    count = wanted["customer_key"].n_unique()
    return CouponLimits(total_budget=budget, segment_budgets={"s0": budget / 30}, issuance={"c03": count // 20, "c08": count // 100})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 1.2), st.integers(1, 4))
def test_equals_brute_force_on_five_customers(seed: int, share: float, coupons: int) -> None:
    offers = market(5, seed, coupons)
    limits = limits_for(offers, share)
    plan = assign_coupons(offers, limits, EXACT)
    per_customer = [[None, *group.iter_rows(named=True)] for _, group in offers.group_by("customer_key")]
    best = 0.0
    for choice in product(*per_customer):
        given_out = [offer for offer in choice if offer is not None]
        cost = sum(offer["expected_cost"] for offer in given_out)
        in_s0 = sum(offer["expected_cost"] for offer in given_out if offer["segment"] == "s0")
        counts = [sum(offer["coupon_id"] == coupon for offer in given_out) for coupon in ("c03", "c08")]
        fits = cost <= limits.total_budget + 1e-9 and in_s0 <= limits.segment_budgets["s0"] + 1e-9
        if fits and counts[0] <= limits.issuance["c03"] and counts[1] <= limits.issuance["c08"]:
            best = max(best, sum(offer["value"] for offer in given_out))
    assert plan.certificate.violations == ()
    assert plan.certificate.value == pytest.approx(best, abs=1e-5)
    assert plan.certificate.bound >= best - 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.6), st.integers(0, 200))
def test_limits_hold_bounds_are_true_and_rows_may_be_permuted(seed: int, share: float, whole: int) -> None:
    offers = market(60, seed)
    limits = limits_for(offers, share)
    how = CouponSettings(holdout_share=0.1, whole_model_columns=whole, core_customers=8)
    plan = assign_coupons(offers, limits, how)
    assert plan.certificate.violations == ()
    assert plan.certificate.bound >= plan.certificate.value - 1e-9
    free = assign_coupons(offers, CouponLimits(), how)
    assert plan.certificate.value <= free.certificate.value + 1e-9
    again = assign_coupons(offers.sample(fraction=1.0, shuffle=True, seed=seed), limits, how)
    assert_frame_equal(again.assignments, plan.assignments, check_exact=True)
    assert_frame_equal(again.limits, plan.limits, check_exact=True)
    assert again.certificate == plan.certificate


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.5), st.floats(1.05, 2.0))
def test_more_budget_is_never_worth_less(seed: int, share: float, more: float) -> None:
    offers = market(25, seed)
    limits = limits_for(offers, share)
    plan = assign_coupons(offers, limits, EXACT)
    richer = assign_coupons(offers, replace(limits, total_budget=limits.total_budget * more), EXACT)
    assert richer.certificate.value >= plan.certificate.value - 1e-6


@pytest.fixture(scope="module")
def large() -> tuple[pl.DataFrame, CouponLimits, CouponAssignment]:
    offers = market(6000, 1, segments=5)
    limits = limits_for(offers, 0.3)
    return offers, limits, assign_coupons(offers, limits, CouponSettings(whole_model_columns=1000))


def test_the_large_method_proves_a_small_gap(large: tuple[pl.DataFrame, CouponLimits, CouponAssignment]) -> None:
    _, _, plan = large
    assert "core" in plan.certificate.solver
    assert plan.certificate.status == "optimal"
    assert plan.certificate.gap <= 2e-4
    assert plan.certificate.holds


def test_both_methods_agree_on_value_and_prices() -> None:
    offers = market(1500, 2)
    limits = limits_for(offers, 0.3)
    whole = assign_coupons(offers, limits, CouponSettings(whole_model_columns=100_000))
    core = assign_coupons(offers, limits, CouponSettings(whole_model_columns=0))
    assert core.certificate.value == pytest.approx(whole.certificate.value, rel=1e-3)
    assert core.limits["shadow_price"].to_list() == pytest.approx(whole.limits["shadow_price"].to_list(), rel=0.02, abs=1e-3)


def test_the_shadow_price_is_what_a_little_more_budget_earns(large: tuple[pl.DataFrame, CouponLimits, CouponAssignment]) -> None:
    offers, limits, plan = large
    extra = 0.1 * limits.total_budget
    richer = assign_coupons(offers, replace(limits, total_budget=limits.total_budget + extra), CouponSettings(whole_model_columns=1000))
    price, price_after = plan.limits["shadow_price"][0], richer.limits["shadow_price"][0]
    earned = (richer.certificate.value - plan.certificate.value) / extra
    assert price_after - 0.02 <= earned <= price + 0.02


def test_every_reason_is_borne_out_by_the_numbers(large: tuple[pl.DataFrame, CouponLimits, CouponAssignment]) -> None:
    rows = large[2].assignments
    assert rows["sentence"].null_count() == 0
    assert set(rows["reason_code"]) == {"best", "budget", "cap", "segment", "not_worth_it", "hold_out"}
    assert (rows.filter(pl.col("reason_code") == "best")["regret"] <= 1e-9).all()
    assert (rows.filter(pl.col("reason_code") == "not_worth_it")["best_value"] <= 0).all()
    assert rows.filter(pl.col("reason_code") == "segment")["segment"].unique().to_list() == ["s0"]
    assert set(rows.filter(pl.col("reason_code") == "cap")["best_coupon_id"]) <= {"c03", "c08"}
    assert (rows.filter("is_holdout")["propensity"] == 0.1).all()


def test_the_holdout_is_drawn_per_customer_and_draw(large: tuple[pl.DataFrame, CouponLimits, CouponAssignment]) -> None:
    rows = large[2].assignments
    assert rows["is_holdout"].mean() == pytest.approx(0.1, abs=0.02)
    some = market(300, 5)
    first = assign_coupons(some, CouponLimits(), CouponSettings(draw="march")).assignments
    fewer = assign_coupons(some.filter(pl.col("customer_key") < "u000100"), CouponLimits(), CouponSettings(draw="march")).assignments
    other = assign_coupons(some, CouponLimits(), CouponSettings(draw="april")).assignments
    assert first.head(fewer.height)["is_holdout"].to_list() == fewer["is_holdout"].to_list()
    assert first["is_holdout"].to_list() != other["is_holdout"].to_list()


def test_colliding_limits_of_a_large_plan_still_give_a_checked_plan() -> None:
    offers = market(3000, 3)
    limits = CouponLimits(total_budget=50.0, minimum_issuance={"c12": 500})
    plan = assign_coupons(offers, limits, CouponSettings(whole_model_columns=1000))
    assert plan.certificate.status == "relaxed"
    assert plan.certificate.violations == ()
    assert plan.limits.filter(pl.col("relaxed_by") > 0)["sentence"].str.contains("collide").all()


def test_the_checker_finds_what_was_tampered_with(large: tuple[pl.DataFrame, CouponLimits, CouponAssignment]) -> None:
    offers, limits, plan = large
    how = CouponSettings(whole_model_columns=1000)
    assert check_assignments(offers, limits, how, plan.assignments, plan.limits) == []
    dearer = plan.assignments.with_columns(expected_cost=pl.col("expected_cost") * 1.1)
    assert check_assignments(offers, limits, how, dearer, plan.limits)
    tighter = replace(limits, total_budget=limits.total_budget * 0.9)
    assert any("total_budget" in one for one in check_assignments(offers, tighter, how, plan.assignments, plan.limits))
    everyone = plan.assignments.with_columns(coupon_id=pl.lit("c03"))
    assert any("issuance of c03" in one for one in check_assignments(offers, limits, how, everyone, plan.limits))
