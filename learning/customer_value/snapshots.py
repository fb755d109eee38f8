"""What is known of every customer at the end of a day, and what came in the days after: the rows that outlook models learn from and score.

An *order day* is a day on which a customer bought; two orders on one day are one order day. Net revenue is after discounts, refunds and
cancellations; a refund counts on its own day.

Public: `FEATURES`, `ORDER_DAYS`, `expect_order_days`, `customer_snapshot`, `outcomes_after`.
"""

from datetime import date, timedelta

import polars as pl

ORDER_DAYS = {
    "customer_key": pl.String,
    "business_day": pl.Date,
    "orders": pl.Int64,
    "sale_revenue": pl.Float64,
    "net_revenue": pl.Float64,
}
FEATURES = (
    "recency_days",
    "tenure_days",
    "order_days",
    "orders_28",
    "orders_84",
    "orders_365",
    "net_revenue_28",
    "net_revenue_84",
    "net_revenue_365",
    "order_value_mean",
    "order_value_last",
    "refund_share",
    "gap_mean_days",
    "gap_sd_days",
    "gap_last_days",
    "due_ratio",
)
_YEAR, _QUARTER, _MONTH = 365, 84, 28


def customer_snapshot(order_days: pl.DataFrame, day: date) -> pl.DataFrame:
    """Return one row per customer who bought by `day`, sorted: customer_key, FEATURES, orders_lifetime,
    net_revenue_lifetime and the order history x, t_x, T [days].

    order_days (grain: customer_key, business_day): columns of ORDER_DAYS; orders is 0 on a day with refunds alone. Order values are per
    order day. Gaps are null before the second order day; due_ratio is then recency over the median of all customers' mean gaps (28 days
    where nobody has one). refund_share: refunds of the last 365 days over sales.
    """
    known = order_days.filter(pl.col("business_day") <= day).sort("customer_key", "business_day")
    bought = pl.col("orders") > 0
    before = pl.when(pl.col("customer_key") == pl.col("customer_key").shift(1)).then(pl.col("business_day").shift(1))
    sales = known.filter(bought).with_columns(gap=(pl.col("business_day") - before).dt.total_days().cast(pl.Float64))
    age = (pl.lit(day) - pl.col("business_day")).dt.total_days()
    within = {days: age < days for days in (_MONTH, _QUARTER, _YEAR)}
    of_sales = sales.group_by("customer_key", maintain_order=True).agg(
        age.min().alias("recency_days"),
        age.max().alias("tenure_days"),
        pl.len().cast(pl.Int64).alias("order_days"),
        pl.col("orders").sum().alias("orders_lifetime"),
        *(inside.sum().cast(pl.Int64).alias(f"orders_{days}") for days, inside in within.items()),
        pl.col("sale_revenue").mean().alias("order_value_mean"),
        pl.col("sale_revenue").last().alias("order_value_last"),
        pl.col("gap").mean().alias("gap_mean_days"),
        pl.col("gap").std().alias("gap_sd_days"),
        pl.col("gap").last().alias("gap_last_days"),
    )
    of_all = known.group_by("customer_key", maintain_order=True).agg(
        *(pl.col("net_revenue").filter(inside).sum().alias(f"net_revenue_{days}") for days, inside in within.items()),
        pl.col("sale_revenue").filter(within[_YEAR]).sum().alias("sold"),
        pl.col("net_revenue").sum().alias("net_revenue_lifetime"),
    )
    usual = pl.col("gap_mean_days").median().fill_null(float(_MONTH))
    refunds = (pl.col("sold") - pl.col("net_revenue_365")) / pl.when(pl.col("sold") > 0).then(pl.col("sold"))
    return (
        of_sales.join(of_all, on="customer_key", how="left", maintain_order="left")
        .with_columns(
            refund_share=refunds.clip(0.0, 1.0).fill_null(0.0),
            due_ratio=pl.col("recency_days") / pl.max_horizontal(pl.col("gap_mean_days").fill_null(usual), pl.lit(1.0)),
        )
        .select(
            "customer_key",
            *FEATURES,
            "orders_lifetime",
            "net_revenue_lifetime",
            x=pl.col("order_days") - 1,
            t_x=pl.col("tenure_days") - pl.col("recency_days"),
            T=pl.col("tenure_days"),
        )
    )


def expect_order_days(order_days: pl.DataFrame) -> None:
    """Raise ValueError for missing columns, missing values or a customer who stands twice on a day."""
    missing = sorted(set(ORDER_DAYS) - set(order_days.columns))
    if missing:
        raise ValueError(f"Expected order days with the columns {', '.join(ORDER_DAYS)}; missing {', '.join(missing)}.")
    if sum(order_days.select(*ORDER_DAYS).null_count().row(0)):
        raise ValueError("Expected no missing values in order days.")
    if order_days.select("customer_key", "business_day").is_duplicated().any():
        raise ValueError("A customer stands twice on one business day.")


def outcomes_after(order_days: pl.DataFrame, customers: pl.Series, day: date, days: int) -> pl.DataFrame:
    """Return customer_key (as given), has_bought, order_days_after and net_revenue_after of the `days` days after `day`."""
    later = order_days.filter(pl.col("business_day").is_between(day + timedelta(days=1), day + timedelta(days=days)))
    seen = later.group_by("customer_key").agg(
        (pl.col("orders") > 0).sum().cast(pl.Int64).alias("order_days_after"), pl.col("net_revenue").sum().alias("net_revenue_after")
    )
    return (
        customers.rename("customer_key")
        .to_frame()
        .join(seen, on="customer_key", how="left", maintain_order="left")
        .with_columns(pl.col("order_days_after").fill_null(0), pl.col("net_revenue_after").fill_null(0.0))
        .with_columns(has_bought=pl.col("order_days_after") > 0)
    )
