"""Which sales are taken to tell what ads add."""

from datetime import date, timedelta

import polars as pl
import pytest

from learning.ad_response import OUTCOMES, choose_outcome


def sales(days: int = 100, **columns: float) -> pl.DataFrame:
    """The same sales every day; columns that are not given are not known."""
    named = [name for pair in OUTCOMES for name in pair if name] + [f"{name}_margin" for name, _ in OUTCOMES]
    calendar = [date(2025, 1, 1) + timedelta(days=index) for index in range(days)]
    values = {name: pl.lit(columns.get(name), dtype=pl.Float64) for name in dict.fromkeys(named)}
    return pl.DataFrame({"business_day": calendar}).with_columns(**values)


SHOP = {
    "anonymous_online_orders": 4.0,
    "anonymous_online_orders_margin": 40.0,
    "known_online_orders": 20.0,
    "online_orders": 24.0,
    "online_orders_margin": 300.0,
    "other_orders": 50.0,
    "orders": 74.0,
    "orders_margin": 900.0,
}


def test_anonymous_buyers_online_tell_most_and_known_ones_are_the_control() -> None:
    chosen = choose_outcome(sales(**SHOP))
    assert chosen.name == "anonymous_online_orders"
    assert chosen.margin_per_unit == 10.0
    assert chosen.days["control"].to_list() == [20.0] * 100


def test_a_shop_that_knows_all_its_buyers_counts_all_online_orders() -> None:
    chosen = choose_outcome(sales(**SHOP | {"anonymous_online_orders": 0.1}))
    assert chosen.name == "online_orders"
    assert chosen.margin_per_unit == 12.5
    assert chosen.days["control"].to_list() == [50.0] * 100


def test_a_shop_without_a_web_shop_has_no_control() -> None:
    offline = {"anonymous_online_orders": 0.0, "online_orders": 0.0, "known_online_orders": 0.0, "other_orders": 74.0}
    chosen = choose_outcome(sales(**SHOP | offline))
    assert chosen.name == "orders"
    assert chosen.days["control"].null_count() == 100


def test_a_shop_that_sends_daily_sales_only_counts_revenue() -> None:
    chosen = choose_outcome(sales(online_revenue=0.0, other_revenue=500.0, revenue=500.0, revenue_margin=200.0, online_revenue_margin=0.0))
    assert chosen.name == "revenue"
    assert chosen.margin_per_unit == pytest.approx(0.4)


def test_days_without_a_row_sold_nothing() -> None:
    whole = sales(days=5, **SHOP)
    chosen = choose_outcome(whole.filter(pl.col("business_day") != date(2025, 1, 3)))
    assert chosen.days["outcome"].to_list() == [4.0, 4.0, 0.0, 4.0, 4.0]


def test_without_sales_there_is_no_outcome() -> None:
    chosen = choose_outcome(sales(days=0))
    assert chosen.name == ""
    assert chosen.days.is_empty()
    with pytest.raises(ValueError, match="orders_margin"):
        choose_outcome(sales(**SHOP).drop("orders_margin"))
