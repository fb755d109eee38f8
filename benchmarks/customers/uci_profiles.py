"""RFM of customers on any day: of UCI Online Retail and of the simulated shop, from order days.

Terms: an *orders frame* has one row per customer_key, day and order with net_revenue (returns and cancellations taken off) and is_sale.
Everything a day sees happened on it or before.
"""

import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

YEAR = timedelta(days=365)
CANCELLED = "C"


def data_folder() -> Path:
    """Where the public data lies; raises SystemExit with what to do where it is not told."""
    told = os.environ.get("COUNTINGHOUSE_DATA")
    if not told or not Path(told).is_dir():
        raise SystemExit("The segments benchmark reads real orders: set COUNTINGHOUSE_DATA to the folder of the public data sets.")
    return Path(told)


def uci_orders() -> pl.DataFrame:
    """Return the orders frame of UCI Online Retail: lines of known customers with a price; credit notes are returns."""
    lines = pl.read_parquet(data_folder() / "online_retail_uci" / "transactions.parquet")
    known = lines.filter(pl.col("CustomerID").is_not_null() & (pl.col("UnitPrice") > 0))
    grouped = known.group_by(customer_key=pl.col("CustomerID").cast(pl.String), day=pl.col("InvoiceDate").dt.date(), order="InvoiceNo").agg(
        net_revenue=(pl.col("Quantity") * pl.col("UnitPrice")).sum()
    )
    return grouped.with_columns(is_sale=~pl.col("order").str.starts_with(CANCELLED)).sort("customer_key", "day", "order")


def rfm_on(orders: pl.DataFrame, day: date) -> pl.DataFrame:
    """Return the RFM frame of the customers who had ordered by `day`, sorted."""
    past = orders.filter(pl.col("day") <= day)
    this_year = pl.col("day") > day - YEAR
    grouped = past.group_by("customer_key").agg(
        recency_days=(pl.lit(day) - pl.col("day").filter("is_sale").max()).dt.total_days(),
        orders_365=(pl.col("is_sale") & this_year).sum().cast(pl.Int64),
        net_revenue_365=pl.col("net_revenue").filter(this_year).sum(),
    )
    return grouped.filter(pl.col("recency_days").is_not_null()).sort("customer_key")


def history(orders: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """Return the RFM frames of several days, with the column day."""
    return pl.concat([rfm_on(orders, day).with_columns(day=pl.lit(day)) for day in days])


def spend_after(orders: pl.DataFrame, day: date, days: int) -> pl.DataFrame:
    """Return customer_key and net_revenue of the `days` after `day`."""
    later = orders.filter((pl.col("day") > day) & (pl.col("day") <= day + timedelta(days=days)))
    return later.group_by("customer_key").agg(pl.col("net_revenue").sum()).sort("customer_key")


def month_ends(first: date, last: date) -> list[date]:
    """Return the last days of the months from `first` to `last`."""
    return (
        pl.date_range(first, last, "1d", eager=True).to_frame("day").filter(pl.col("day") == pl.col("day").dt.month_end())["day"].to_list()
    )
