"""Shops at the edge, each made from the tiny shop: without budgets, stock, tables, past, customers or prices.

Public: `EDGE_SHOPS`, how each is made by its name. `degenerate_shops` says what is wanted of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from benchmarks.reliability.tiny_shop import TinyShop, tiny_shop

ABOUT = {
    "order_lines": "order_ts",
    "daily_sales": "business_day",
    "stock_levels": "business_day",
    "purchase_orders": "ordered_on",
    "coupon_redemptions": "redeemed_on",
    "coupon_assignments": "assigned_on",
    "web_events": "event_ts",
    "ad_spend": "business_day",
    "competitor_prices": "observed_on",
}


def _with_tables(shop: TinyShop, **changed: pl.DataFrame | None) -> TinyShop:
    """The shop with tables replaced, or taken away where None is given."""
    tables = {**shop.tables, **changed}
    return replace(shop, tables={name: frame for name, frame in tables.items() if frame is not None})


def _only_tables(shop: TinyShop, *names: str) -> TinyShop:
    """The shop with these tables and no others."""
    return replace(shop, tables={name: shop.tables[name] for name in names})


def _without_days(shop: TinyShop, first: date, last: date) -> TinyShop:
    """No event happened from `first` to `last`; reference data stay."""
    tables = {
        name: frame.filter(~pl.col(ABOUT[name]).cast(pl.Date).is_between(first, last)) if name in ABOUT else frame
        for name, frame in shop.tables.items()
    }
    return replace(shop, tables=tables)


def _with_limits(shop: TinyShop, **limits: float) -> TinyShop:
    """The shop with other budgets in shop.toml."""
    return replace(shop, limits={**shop.limits, **limits})


def _no_budgets() -> TinyShop:
    return _with_limits(tiny_shop(), coupon_budget=0.0, purchase_budget=0.0)


def _nothing_in_stock() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, stock_levels=shop.tables["stock_levels"].with_columns(on_hand=pl.lit(0.0)))


def _supplier_minimum_above_budget() -> TinyShop:
    shop = tiny_shop()
    return _with_limits(
        _with_tables(shop, suppliers=shop.tables["suppliers"].with_columns(min_order_value=pl.lit(5000.0))), purchase_budget=100.0
    )


def _room_for_nothing() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, locations=shop.tables["locations"].with_columns(volume_capacity_m3=pl.lit(0.0)))


def _one_customer_one_product() -> TinyShop:
    return tiny_shop(customers=1, products=1)


def _first_day() -> TinyShop:
    return tiny_shop(days=1)


def _second_day() -> TinyShop:
    return tiny_shop(days=2)


def _first_week() -> TinyShop:
    return tiny_shop(days=7)


def _closed_a_month_ago() -> TinyShop:
    shop = tiny_shop()
    return _without_days(shop, shop.last_day - timedelta(days=60), shop.last_day - timedelta(days=31))


def _closed_since_a_month() -> TinyShop:
    shop = tiny_shop()
    return _without_days(shop, shop.last_day - timedelta(days=29), shop.last_day)


def _closed_next_month() -> TinyShop:
    shop = tiny_shop()
    days = [shop.last_day + timedelta(days=step) for step in range(1, 61)]
    closed = pl.DataFrame({"business_day": days, "event_name": "refit", "is_open": False, "recorded_at": shop.first_day})
    closed = closed.with_columns(pl.col("recorded_at").cast(pl.Datetime("us")))
    return _with_tables(shop, calendar=pl.concat([shop.tables["calendar"], closed.select(shop.tables["calendar"].columns)]))


def _all_prices_equal() -> TinyShop:
    shop = tiny_shop()
    tables = shop.tables
    return _with_tables(
        shop,
        order_lines=tables["order_lines"].with_columns(unit_price=pl.lit(5.0), discount_amount=pl.lit(0.0)),
        products=tables["products"].with_columns(regular_price=pl.lit(5.0), unit_cost=pl.lit(2.0)),
        prices=tables["prices"].with_columns(price=pl.lit(5.0)),
        promotions=None,
    )


def _all_prices_zero() -> TinyShop:
    shop = tiny_shop()
    tables = shop.tables
    return _with_tables(
        shop,
        order_lines=tables["order_lines"].with_columns(unit_price=pl.lit(0.0), discount_amount=pl.lit(0.0)),
        products=tables["products"].with_columns(regular_price=pl.lit(0.0), unit_cost=pl.lit(0.0)),
        prices=tables["prices"].with_columns(price=pl.lit(0.0)),
    )


def _no_products_table() -> TinyShop:
    return _with_tables(tiny_shop(), products=None)


def _only_order_lines() -> TinyShop:
    return _only_tables(tiny_shop(), "order_lines")


def _only_returns() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, order_lines=shop.tables["order_lines"].filter(pl.col("line_type") == "return"))


def _only_cancellations() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, order_lines=shop.tables["order_lines"].filter(pl.col("line_type") == "cancellation"))


def _only_daily_sales() -> TinyShop:
    shop = tiny_shop()
    sold = shop.tables["order_lines"].filter(pl.col("line_type") == "sale")
    daily = sold.group_by("product_id", business_day=pl.col("order_ts").dt.date(), maintain_order=True).agg(pl.col("units").sum())
    return replace(shop, tables={"daily_sales": daily})


def _one_order_line() -> TinyShop:
    shop = tiny_shop()
    return replace(shop, tables={"order_lines": shop.tables["order_lines"].filter(pl.col("line_type") == "sale").head(1)})


def _one_order_line_today() -> TinyShop:
    shop = tiny_shop()
    last = shop.tables["order_lines"].filter(pl.col("line_type") == "sale", pl.col("order_ts").dt.date() == shop.last_day)
    return replace(shop, tables={"order_lines": last.head(1)})


def _no_sales_at_all() -> TinyShop:
    return _with_tables(tiny_shop(), order_lines=None, coupon_redemptions=None)


def _no_tables() -> TinyShop:
    return replace(tiny_shop(), tables={})


def _no_consent() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, customers=shop.tables["customers"].with_columns(email_consent=pl.lit(False)))


def _nobody_known() -> TinyShop:
    shop = tiny_shop()
    lines = shop.tables["order_lines"].with_columns(customer_id=pl.lit(None, dtype=pl.String))
    return _with_tables(shop, order_lines=lines, customers=None, coupon_assignments=None, coupon_redemptions=None)


def _no_coupons_in_issue() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, coupons=shop.tables["coupons"].with_columns(issuance_limit=pl.lit(0, dtype=pl.Int64)))


def _everything_is_a_service() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, products=shop.tables["products"].with_columns(is_service=pl.lit(True)))


def _everything_discontinued() -> TinyShop:
    shop = tiny_shop()
    return _with_tables(shop, products=shop.tables["products"].with_columns(discontinued_on=pl.lit(shop.last_day - timedelta(days=40))))


EDGE_SHOPS: dict[str, Callable[[], TinyShop]] = {
    "no budgets": _no_budgets,
    "nothing in stock, ever": _nothing_in_stock,
    "supplier minimum above the budget": _supplier_minimum_above_budget,
    "a full warehouse": _room_for_nothing,
    "one customer, one product": _one_customer_one_product,
    "first day": _first_day,
    "second day": _second_day,
    "first week, every day of it": _first_week,
    "closed for a month, a month ago": _closed_a_month_ago,
    "closed since a month": _closed_since_a_month,
    "closed for the coming two months": _closed_next_month,
    "all prices equal": _all_prices_equal,
    "all prices zero": _all_prices_zero,
    "no products table": _no_products_table,
    "only order lines": _only_order_lines,
    "only returns": _only_returns,
    "only cancellations": _only_cancellations,
    "only daily sales, without prices": _only_daily_sales,
    "one order line, long ago": _one_order_line,
    "one order line, today": _one_order_line_today,
    "no sales at all": _no_sales_at_all,
    "no tables": _no_tables,
    "nobody has consented": _no_consent,
    "nobody is known": _nobody_known,
    "no coupon left to give": _no_coupons_in_issue,
    "everything is a service": _everything_is_a_service,
    "everything is discontinued": _everything_discontinued,
}
