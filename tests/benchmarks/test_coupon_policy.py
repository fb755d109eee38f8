"""The policy benchmark's own parts: features by hand, a placebo that does nothing, values by the truth."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from benchmarks.coupons.gate import placebo
from benchmarks.coupons.policy import Truth
from benchmarks.coupons.trial_pool import customer_features
from learning.response import FEATURES

DAY = date(2025, 6, 30)


def order(customer: str, day: date, revenue: float, margin: float, *, coupon: bool = False, discount: float = 0.0) -> dict[str, object]:
    row = {"order_id": f"{customer}{day}", "customer_key": customer, "business_day": day, "sale_lines": 1, "net_revenue": revenue}
    row |= {"sale_revenue": revenue, "gross_revenue": revenue + discount, "discount_amount": discount, "promoted_revenue": 0.0}
    return row | {"margin": margin, "units": 2.0, "units_returned": 0.0, "has_coupon": coupon}


def test_features_by_hand() -> None:
    orders = pl.DataFrame(
        [
            order("a", date(2025, 6, 20), 30.0, 12.0, coupon=True, discount=10.0),
            order("a", date(2025, 5, 31), 20.0, 8.0),
            order("a", date(2024, 5, 1), 99.0, 40.0),
            order("a", date(2025, 7, 1), 500.0, 200.0),  # not known yet
        ]
    )
    found = customer_features(orders, pl.DataFrame({"customer_key": ["a", "b"]}), DAY)
    row = found.row(0, named=True)
    assert (row["recency_days"], row["tenure_days"]) == (10, 425)
    assert (row["orders_28"], row["orders_84"], row["orders_365"]) == (1, 2, 2)
    assert (row["net_revenue_84"], row["margin_365"], row["coupon_orders_365"]) == (50.0, 20.0, 1)
    assert row["basket_value_mean"] == pytest.approx(149 / 3)
    assert row["discount_share"] == pytest.approx(10 / 60)
    assert row["gap_mean_days"] == pytest.approx(415 / 2)
    assert row["due_ratio"] == pytest.approx(10 / 207.5)
    new = found.row(1, named=True)
    assert new["recency_days"] is None
    assert new["orders_365"] == 0


def test_a_placebo_changes_no_order_and_costs_what_is_redeemed() -> None:
    n = 4000
    nothing = pl.Series([None] * n, dtype=pl.String)
    facts = pl.DataFrame({"campaign_id": "k", "customer_key": [f"u{i:04d}" for i in range(n)], "coupon_id": nothing})
    facts = facts.with_columns(face_value=0.0, propensity=0.32, outcome_orders=pl.Series([0, 1] * (n // 2)), outcome_margin=10.0)
    facts = facts.with_columns(redeemed=False, redemption_discount=0.0)
    drawn = placebo(facts, seed=3)
    assert drawn["outcome_orders"].to_list() == facts["outcome_orders"].to_list()
    np.testing.assert_allclose(drawn["outcome_margin"] + drawn["redemption_discount"], 10.0)
    assert drawn.filter("redeemed").select((pl.col("coupon_id").is_not_null() & (pl.col("outcome_orders") > 0)).all()).item()
    given = drawn.filter(pl.col("coupon_id").is_not_null())
    assert given["redeemed"].mean() == pytest.approx(0.25, abs=0.03)
    assert given.height / n == pytest.approx(0.68, abs=0.03)


def test_values_by_the_truth() -> None:
    profiles = pl.DataFrame({"customer_key": ["a", "b"]} | {name: [0.0, 1.0] for name in FEATURES})
    truth = Truth(profiles, np.array([[1.0, 3.0], [-2.0, -1.0]]))
    assert truth.optimum == 1.5
    assert truth.rules.tolist() == [-0.5, 1.0]
    assert truth.value(np.array([[5.0, 1.0], [-1.0, -1.0]])) == 0.5
