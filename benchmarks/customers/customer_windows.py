"""Real customers cut into windows in time order: UCI Online Retail and CDNOW as order days, known up to a cut-off, and what came after it.

A window is a cut-off day and the days after it; everything before it may be learned from, nothing after it. The last window ends with the
data.
"""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.snapshots import customer_snapshot, outcomes_after

Floats = NDArray[np.float64]

WINDOWS = 4
STEP_DAYS = 28
SAMPLE_FILE = Path(__file__).with_name("cdnow_sample.txt")


@dataclass(frozen=True)
class Customers:
    """order_days: as learning.customer_value.ORDER_DAYS, the whole data; nobody but `after` looks behind a cut-off."""

    name: str
    order_days: pl.DataFrame

    @property
    def last_day(self) -> date:
        """The last day of the data."""
        day = self.order_days["business_day"].max()
        assert isinstance(day, date)
        return day

    def cut_offs(self, days: int, windows: int = WINDOWS) -> list[date]:
        """Last known days of the windows of `days` days, four weeks apart, oldest first."""
        return [self.last_day - timedelta(days=days + STEP_DAYS * back) for back in reversed(range(windows))]

    def until(self, day: date) -> pl.DataFrame:
        """Order days known on a cut-off."""
        return self.order_days.filter(pl.col("business_day") <= day)

    def after(self, day: date, days: int) -> pl.DataFrame:
        """What came of each customer known on the cut-off, in the snapshot's order."""
        return outcomes_after(self.order_days, customer_snapshot(self.until(day), day)["customer_key"], day, days)


def data_folder() -> Path:
    """Where the public data lies; raises SystemExit with what to do where it is not told."""
    told = os.environ.get("COUNTINGHOUSE_DATA")
    if not told or not Path(told).is_dir():
        raise SystemExit("The customer benchmark reads real orders: set COUNTINGHOUSE_DATA to the folder of the public data sets.")
    return Path(told)


def online_retail(data: Path) -> Customers:
    """UCI Online Retail: lines with a customer and a price; cancelled lines count against the day they were cancelled on."""
    lines = pl.read_parquet(data / "online_retail_uci" / "transactions.parquet")
    priced = lines.filter(pl.col("CustomerID").is_not_null() & (pl.col("UnitPrice") > 0)).select(
        customer_key=pl.col("CustomerID").cast(pl.String),
        business_day=pl.col("InvoiceDate").dt.date(),
        order_id="InvoiceNo",
        value=pl.col("Quantity") * pl.col("UnitPrice"),
    )
    sold = pl.col("value") > 0
    return Customers(
        "UCI Online Retail",
        priced.group_by("customer_key", "business_day")
        .agg(
            orders=pl.col("order_id").filter(sold).n_unique().cast(pl.Int64),
            sale_revenue=pl.col("value").filter(sold).sum(),
            net_revenue=pl.col("value").sum(),
        )
        .sort("customer_key", "business_day"),
    )


def cdnow(data: Path) -> Customers:
    """The CDNOW master: everybody who first bought in the first quarter of 1997, until the middle of 1998; no refunds are told."""
    rows = pl.read_parquet(data / "cdnow" / "master.parquet")
    return Customers(
        "CDNOW",
        rows.group_by(customer_key=pl.col("customer_id").cast(pl.String).str.zfill(5), business_day="date")
        .agg(orders=pl.len().cast(pl.Int64), sale_revenue=pl.col("dollar_value").sum(), net_revenue=pl.col("dollar_value").sum())
        .sort("customer_key", "business_day"),
    )


def cdnow_sample(data: Path) -> pl.DataFrame:
    """The 2,357 customers that the published parameters were fitted on: x, t_x, T in weeks at the end of week 39, repeat orders and their
    mean value.

    The one-in-ten sample follows no rule that the master shows; its customers are listed in `cdnow_sample.txt` (from the sample file that
    Fader and Hardie published with their notes).
    """
    listed = [number.zfill(5) for number in SAMPLE_FILE.read_text(encoding="utf-8").split()]
    last = date(1997, 9, 30)
    day = pl.col("business_day")
    orders = cdnow(data).until(last).filter(pl.col("customer_key").is_in(listed))
    return (
        orders.group_by("customer_key")
        .agg(
            x=pl.len().cast(pl.Int64) - 1,
            t_x=(day.max() - day.min()).dt.total_days() / 7,
            T=(pl.lit(last) - day.min()).dt.total_days() / 7,
            mean_value=pl.col("sale_revenue").sort_by("business_day").slice(1).mean(),
        )
        .sort("customer_key")
    )
