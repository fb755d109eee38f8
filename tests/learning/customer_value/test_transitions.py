"""Moves between lifecycle states, by hand, and what must hold of any chain."""

from datetime import date, timedelta

import polars as pl
import pytest

from learning.customer_value import LIFECYCLES, customer_snapshot, lifecycle_of, lifecycle_transitions

DAY = date(2025, 6, 30)


def orders(*rows: tuple[str, int]) -> pl.DataFrame:
    """Customers and how many days before DAY they ordered, for 10 each."""
    return pl.DataFrame(
        [(who, DAY - timedelta(days=ago), 1, 10.0, 10.0) for who, ago in sorted(rows, key=lambda row: (row[0], -row[1]))],
        schema=["customer_key", "business_day", "orders", "sale_revenue", "net_revenue"],
        orient="row",
    )


def test_states_by_hand() -> None:
    """Usual gap 10 days for all but the new one: 14 days late is active, 25 at risk, 50 lapsed, 70 lost."""
    shop = orders(*((who, ago + back) for who, ago in (("a", 14), ("b", 25), ("c", 50), ("d", 70)) for back in (0, 10, 20)), ("new", 5))
    snapshot = customer_snapshot(shop, DAY)
    assert dict(zip(snapshot["customer_key"], lifecycle_of(snapshot), strict=True)) == {
        "a": "active",
        "b": "at_risk",
        "c": "lapsed",
        "d": "lost",
        "new": "new",
    }


def test_moves_by_hand() -> None:
    """Two active customers 28 days ago (gap 10): one ordered again, one did not and is at 38 days: lapsed."""
    shop = orders(*(("stays", ago) for ago in (2, 12, 22, 32, 42, 52)), *(("goes", ago) for ago in (38, 48, 58)))
    moves = lifecycle_transitions(shop, DAY, steps=1).filter(pl.col("customers") > 0)
    assert moves.select("from_lifecycle", "to_lifecycle", "customers", "share", "net_revenue_mean").rows() == [
        ("active", "active", 1, 0.5, 30.0),
        ("active", "lapsed", 1, 0.5, 0.0),
    ]
    assert moves["customers_now"].to_list() == [1, 1]
    assert moves["expected_customers"].to_list() == [0.5, 0.5]
    assert moves["expected_net_revenue"].to_list() == [15.0, 0.0]
    assert moves["two_step_error"].null_count() == 2


def test_what_holds_of_any_chain(order_days: pl.DataFrame, last_day: date) -> None:
    moves = lifecycle_transitions(order_days, last_day)
    assert moves.height == len(LIFECYCLES) ** 2
    sums = moves.group_by("from_lifecycle").agg(pl.col("share").sum(), pl.col("expected_customers").sum(), pl.col("customers_now").first())
    assert sums["share"].to_list() == pytest.approx([1.0] * len(LIFECYCLES))
    assert sums["expected_customers"].to_list() == pytest.approx(sums["customers_now"].cast(pl.Float64).to_list())
    assert sums["customers_now"].sum() == customer_snapshot(order_days, last_day).height
    assert 0 <= moves["two_step_error"][0] < 0.2
    rest = (
        moves.select("to_lifecycle", "stationary_share").unique().rename({"to_lifecycle": "from_lifecycle", "stationary_share": "weight"})
    )
    after = (
        moves.join(rest, on="from_lifecycle")
        .group_by("to_lifecycle")
        .agg((pl.col("share") * pl.col("weight")).sum(), pl.col("stationary_share").first())
    )
    assert after["share"].to_list() == pytest.approx(after["stationary_share"].to_list(), abs=1e-9)
    assert rest["weight"].sum() == pytest.approx(1.0)


def test_a_state_nobody_was_in_has_no_shares() -> None:
    shop = orders(*(("stays", ago) for ago in range(2, 90, 10)))
    moves = lifecycle_transitions(shop, DAY)
    assert moves.filter(pl.col("from_lifecycle") == "lost")["share"].null_count() == len(LIFECYCLES)
    assert moves.filter(pl.col("from_lifecycle") == pl.col("to_lifecycle"), pl.col("customers") > 0)["stationary_share"].to_list() == [1.0]


def test_without_customers_one_horizon_ago_there_are_no_moves() -> None:
    assert lifecycle_transitions(orders(("new", 3)), DAY).is_empty()
