"""Customers who are alike are merged: the same value as telling them apart, found at once."""

import numpy as np
import polars as pl
import pytest

from optimization.coupons import CouponLimits, CouponSettings, assign_coupons
from optimization.coupons.assign_coupons import build_program
from optimization.coupons.candidates import prepare_candidates
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.merge_customers import merge_customers

SETTINGS = CouponSettings(holdout_share=0.0)


def alike(n_customers: int, n_special: int = 0) -> pl.DataFrame:
    """Customers with the same two offers; the first `n_special` gain one more."""
    rows = [
        (f"c{number:04d}", "all", coupon, gain + (number < n_special), cost, gain + (number < n_special) - cost, 0.5)
        for number in range(n_customers)
        for coupon, gain, cost in (("k3", 2.0, 1.0), ("k8", 4.1, 2.5))
    ]
    names = ["customer_key", "segment", "coupon_id", "expected_gain", "expected_cost", "value", "redemption_probability"]
    return pl.DataFrame(rows, schema=names, orient="row")


def program_of(frame: pl.DataFrame, limits: CouponLimits) -> ChoiceProgram:
    offers = prepare_candidates(frame)
    return build_program(offers, np.arange(offers.count), limits, {"all": len(offers.keys)})


def test_alike_customers_become_one_group() -> None:
    merged = merge_customers(program_of(alike(40, n_special=5), CouponLimits(total_budget=30.0)))
    assert merged is not None
    assert merged.program.capacity.tolist() == [5.0, 35.0]
    assert len(merged.program.value) == 4


def test_customers_who_differ_are_not_merged() -> None:
    offers = alike(40).with_row_index("row").with_columns(expected_gain=pl.col("expected_gain") + pl.col("row") / 100)
    offers = offers.drop("row").with_columns(value=pl.col("expected_gain") - pl.col("expected_cost"))
    assert merge_customers(program_of(offers, CouponLimits())) is None


@pytest.mark.parametrize("budget", [3.0, 17.4, 40.0, 1000.0])
def test_the_merged_plan_is_the_best_plan(budget: float) -> None:
    n_customers = 12
    plan = assign_coupons(alike(n_customers, n_special=3), CouponLimits(total_budget=budget, issuance={"k8": 4}), SETTINGS)
    # whole numbers of each coupon to special (value 2.0, 2.6) and other customers (1.0, 1.6), by hand over all counts
    best = max(
        2.0 * a + 2.6 * b + 1.0 * c + 1.6 * d
        for a in range(4)
        for b in range(4 - a)
        for c in range(10)
        for d in range(10 - c)
        if b + d <= 4 and a + c + 2.5 * (b + d) <= budget + 1e-9
    )
    assert plan.assignments["value"].sum() == pytest.approx(best)
    assert plan.certificate.holds


def test_hundreds_of_alike_customers_are_proven_best() -> None:
    plan = assign_coupons(alike(600, n_special=70), CouponLimits(total_budget=333.3, issuance={"k8": 91, "k3": 120}), SETTINGS)
    assert plan.certificate.status == "optimal"
    assert plan.assignments["expected_cost"].sum() <= 333.3 + 1e-9
