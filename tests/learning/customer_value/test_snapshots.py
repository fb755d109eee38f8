"""Snapshots of a tiny shop, by hand."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from learning.customer_value import customer_snapshot
from learning.customer_value.snapshots import expect_order_days, outcomes_after

DAY = date(2025, 6, 30)
ORDERS = pl.DataFrame(
    [
        ("ann", date(2025, 6, 20), 1, 30.0, 30.0),
        ("ann", date(2025, 5, 31), 2, 50.0, 50.0),
        ("ann", date(2025, 6, 25), 0, 0.0, -10.0),  # a refund alone
        ("ann", date(2024, 5, 1), 1, 99.0, 99.0),
        ("ann", date(2025, 7, 1), 1, 500.0, 500.0),  # not known yet
        ("bob", date(2025, 6, 30), 1, 20.0, 20.0),
        ("cid", date(2025, 7, 5), 1, 5.0, 5.0),  # no customer yet
        ("dot", date(2025, 6, 1), 0, 0.0, -3.0),  # has never bought
    ],
    schema=["customer_key", "business_day", "orders", "sale_revenue", "net_revenue"],
    orient="row",
)


def test_features_by_hand() -> None:
    snapshot = customer_snapshot(ORDERS, DAY)
    assert snapshot["customer_key"].to_list() == ["ann", "bob"]
    ann = snapshot.row(0, named=True)
    assert (ann["recency_days"], ann["tenure_days"], ann["order_days"], ann["orders_lifetime"]) == (10, 425, 3, 4)
    assert (ann["orders_28"], ann["orders_84"], ann["orders_365"]) == (1, 2, 2)
    assert (ann["net_revenue_28"], ann["net_revenue_84"], ann["net_revenue_365"], ann["net_revenue_lifetime"]) == (20.0, 70.0, 70.0, 169.0)
    assert (ann["gap_last_days"], ann["gap_mean_days"]) == (20.0, 207.5)
    assert (ann["order_value_mean"], ann["order_value_last"]) == (pytest.approx(179 / 3), 30.0)
    assert ann["refund_share"] == pytest.approx(10 / 80)
    assert ann["due_ratio"] == pytest.approx(10 / 207.5)
    assert (ann["x"], ann["t_x"], ann["T"]) == (2, 415, 425)
    bob = snapshot.row(1, named=True)
    assert (bob["x"], bob["t_x"], bob["T"], bob["gap_mean_days"], bob["due_ratio"]) == (0, 0, 0, None, 0.0)


def test_a_gap_is_never_counted_across_customers() -> None:
    rows = [("a", date(2025, 1, 1), 1, 1.0, 1.0), ("b", date(2025, 1, 9), 1, 1.0, 1.0)]
    two = pl.DataFrame(rows, schema=ORDERS.schema, orient="row")
    assert customer_snapshot(two, DAY)["gap_mean_days"].null_count() == 2


def test_what_came_by_hand() -> None:
    came = outcomes_after(ORDERS, pl.Series("customer_key", ["ann", "bob"]), DAY, 28)
    assert came.rows() == [("ann", 1, 500.0, True), ("bob", 0, 0.0, False)]
    assert not outcomes_after(ORDERS, pl.Series("customer_key", ["ann"]), date(2025, 7, 1), 28)["has_bought"].any()


def test_later_orders_and_the_order_of_rows_change_nothing() -> None:
    known = ORDERS.filter(pl.col("business_day") <= DAY)
    assert_frame_equal(customer_snapshot(known, DAY), customer_snapshot(ORDERS.reverse(), DAY))


def test_bad_order_days_are_refused() -> None:
    with pytest.raises(ValueError, match="twice on one business day"):
        expect_order_days(pl.concat([ORDERS, ORDERS.head(1)]))
    with pytest.raises(ValueError, match="missing orders"):
        expect_order_days(ORDERS.drop("orders"))
    with pytest.raises(ValueError, match="no missing values"):
        expect_order_days(ORDERS.with_columns(net_revenue=pl.lit(None, dtype=pl.Float64)))
