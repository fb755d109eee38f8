"""RFM of customers on any day: of UCI Online Retail and of the simulated shop, from order days.

Terms: an *orders frame* has one row per customer_key, day and order with net_revenue (returns and cancellations taken off) and is_sale.
Everything a day sees happened on it or before.
"""

import os
import tempfile
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


def simulated_orders(size: str) -> pl.DataFrame:
    """Return the orders frame of the simulated shop: the latest record of each line counts, cancelled lines are left out."""
    from shops.simulated import simulate

    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        simulate(size, shop, Path(folder) / "truth")  # pyright: ignore[reportArgumentType]
        lines = pl.read_parquet(sorted(shop.glob("order_lines*/*.parquet")) or shop / "order_lines.parquet")
    latest = lines.sort("recorded_at").unique(["order_id", "line_id"], keep="last", maintain_order=True)
    counted = latest.filter(pl.col("customer_id").is_not_null() & (pl.col("line_type") != "cancellation"))
    sign = pl.when(pl.col("line_type") == "return").then(-1.0).otherwise(1.0)
    paid = sign * (pl.col("units").abs() * pl.col("unit_price") - pl.col("discount_amount").fill_null(0.0))
    by_order = counted.group_by(customer_key="customer_id", day=pl.col("order_ts").dt.date(), order="order_id")
    return by_order.agg(net_revenue=paid.sum(), is_sale=(pl.col("line_type") == "sale").any()).sort("customer_key", "day", "order")
