"""UCI Online Retail as order lines, with the four test windows that every part of the customer benchmark shares.

A line is a sale (units and price above 0) of a product (stock code of five digits and at most two letters) to a known customer.

Public: `LINE_COLUMNS`, `Cut`, `lines`, `products`, `test_cuts`, `tuning_cuts`.
"""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

LINE_COLUMNS = ("order_id", "customer_key", "product_id", "business_day", "units", "net_revenue")
WINDOW_DAYS = 28
LAST_WINDOW_STARTS = date(2011, 11, 12)
IS_PRODUCT = r"^[0-9]{5}[A-Za-z]{0,2}$"


@dataclass(frozen=True)
class Cut:
    """Everything before `day` may be used; what is judged lies in the `days` from `day` on."""

    day: date
    days: int = WINDOW_DAYS

    @property
    def end(self) -> date:
        """First day after the window."""
        return self.day + timedelta(days=self.days)


def test_cuts() -> list[Cut]:
    """Four windows of 28 days in time order; the last one ends with the data."""
    return [Cut(LAST_WINDOW_STARTS - timedelta(days=WINDOW_DAYS * back)) for back in (3, 2, 1, 0)]


def tuning_cuts() -> list[Cut]:
    """The windows before the test windows: the only ones a setting may be chosen on."""
    return [Cut(test_cuts()[0].day - timedelta(days=WINDOW_DAYS * back)) for back in (4, 3, 2, 1)]


def is_there() -> bool:
    """Whether the data set lies under COUNTINGHOUSE_DATA."""
    folder = os.environ.get("COUNTINGHOUSE_DATA", "")
    return bool(folder) and _file(folder).is_file()


def lines() -> pl.DataFrame:
    """Return LINE_COLUMNS, one row per line (grain: as in the file; exact repeats kept), sorted. net_revenue in GBP."""
    raw = _raw().filter((pl.col("Quantity") > 0) & (pl.col("UnitPrice") > 0) & pl.col("CustomerID").is_not_null())
    return raw.select(
        order_id=pl.col("InvoiceNo"),
        customer_key=pl.col("CustomerID").cast(pl.String),
        product_id=pl.col("StockCode").str.to_uppercase(),
        business_day=pl.col("InvoiceDate").dt.date(),
        units=pl.col("Quantity").cast(pl.Float64),
        net_revenue=pl.col("Quantity") * pl.col("UnitPrice"),
    ).sort(LINE_COLUMNS)


def products() -> pl.DataFrame:
    """Return product_id, product_name (the commonest description), category (the stock code's digits: sizes and colours share them)."""
    named = _raw().filter(pl.col("Description").is_not_null() & (pl.col("UnitPrice") > 0))
    counted = named.group_by(product_id=pl.col("StockCode").str.to_uppercase(), product_name=pl.col("Description").str.strip_chars()).len()
    return (
        counted.sort("product_id", "len", "product_name", descending=[False, True, False])
        .group_by("product_id", maintain_order=True)
        .agg(pl.col("product_name").first())
        .with_columns(category=pl.col("product_id").str.slice(0, 5))
    )


def _raw() -> pl.DataFrame:
    return pl.read_parquet(_file(os.environ["COUNTINGHOUSE_DATA"])).filter(pl.col("StockCode").str.contains(IS_PRODUCT))


def _file(folder: str) -> Path:
    return Path(folder) / "online_retail_uci" / "transactions.parquet"
