"""The real panels of the demand benchmark: M5 stores and UCI Online Retail, as sales panels with prices, events and folds.

Every method sees the same rows: product x location x day from an item's first sale on, zeros included. Settings are chosen on the early
folds and reported on the late ones; a fold is the 28 days after its origin.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import polars as pl

HORIZON = 28
LATE_FOLDS, EARLY_FOLDS = 3, 3
STORES = ("CA_1", "TX_2")
PANEL = ["business_day", "product_id", "location_id", "category", "units", "unit_price", "is_open"]


@dataclass(frozen=True)
class BenchPanel:
    """rows: PANEL, sorted by item and day. events: business_day, holiday, location_id (null: everywhere)."""

    name: str
    rows: pl.DataFrame
    events: pl.DataFrame
    country: str

    @cached_property
    def content(self) -> str:
        """A fingerprint of the rows and events."""
        hashes = [int(frame.hash_rows(seed=3).sum()) if frame.height else 0 for frame in (self.rows, self.events)]
        return hashlib.sha256(repr((hashes, self.rows.height)).encode()).hexdigest()[:10]

    @property
    def last_day(self) -> date:
        day = self.rows["business_day"].max()
        assert isinstance(day, date)
        return day

    def origins(self, which: str) -> list[date]:
        """Last known days of the late or early folds, oldest first."""
        first = 0 if which == "late" else LATE_FOLDS
        count = LATE_FOLDS if which == "late" else EARLY_FOLDS
        return [self.last_day - timedelta(days=HORIZON * (back + 1)) for back in reversed(range(first, first + count))]

    def sample(self, items: int) -> "BenchPanel":
        """Evenly spaced items of the sorted list: the same for every method."""
        keys = self.rows.select("product_id", "location_id").unique().sort("product_id", "location_id")
        kept = keys.gather_every(max(keys.height // items, 1)).head(items)
        return BenchPanel(self.name, self.rows.join(kept, on=["product_id", "location_id"], how="semi"), self.events, self.country)


def data_folder() -> Path:
    """Where the public data lies; raises SystemExit with what to do where it is not told."""
    told = os.environ.get("COUNTINGHOUSE_DATA")
    if not told or not Path(told).is_dir():
        raise SystemExit("The demand benchmark reads real panels: set COUNTINGHOUSE_DATA to the folder of the public data sets.")
    return Path(told)


def m5(data: Path, stores: tuple[str, ...] = STORES) -> BenchPanel:
    """All items of the stores over 419 days, with the week's price, events, SNAP days of the state; closed at Christmas."""
    folder = data / "m5_walmart"
    of_stores = pl.col("store_id").is_in(list(stores))
    calendar = pl.read_parquet(folder / "calendar.parquet").with_columns(pl.col("wm_yr_wk").cast(pl.Int32))
    series = pl.read_parquet(folder / "series.parquet").filter(of_stores)
    prices = pl.scan_parquet(folder / "sell_prices.parquet").filter(of_stores).collect()
    sales = pl.scan_parquet(folder / "sales_daily.parquet").filter(of_stores).collect()
    rows = (
        sales.join(calendar.select("date", "wm_yr_wk", "event_name_1"), on="date")
        .join(prices, on=["store_id", "item_id", "wm_yr_wk"], how="left")
        .join(series.select("store_id", "item_id", "dept_id"), on=["store_id", "item_id"])
        .select(
            business_day="date",
            product_id="item_id",
            location_id="store_id",
            category="dept_id",
            units=pl.col("quantity_sold").cast(pl.Float64),
            unit_price="sell_price",
            is_open=(pl.col("event_name_1") != "Christmas").fill_null(True),
        )
    )
    named = [
        calendar.filter(pl.col(column).is_not_null()).select(
            business_day="date", holiday=pl.col(column), location_id=pl.lit(None, dtype=pl.String)
        )
        for column in ("event_name_1", "event_name_2")
    ]
    snap = [
        calendar.filter(pl.col(f"snap_{store[:2]}") == 1).select(business_day="date", holiday=pl.lit("SNAP"), location_id=pl.lit(store))
        for store in stores
    ]
    return BenchPanel("m5", _from_first_sale(rows), pl.concat([*named, *snap]).sort("business_day", "holiday", "location_id"), "US")


def online_retail(data: Path) -> BenchPanel:
    """All products over 374 days: units sold net of cancellations of the same day, at one location, without categories or events."""
    lines = pl.read_parquet(data / "online_retail_uci" / "transactions.parquet")
    goods = lines.filter((pl.col("UnitPrice") > 0) & pl.col("StockCode").str.contains(r"^\d{5}[A-Za-z]{0,2}$"))
    sold = (
        goods.group_by(business_day=pl.col("InvoiceDate").dt.date(), product_id=pl.col("StockCode").str.to_uppercase())
        .agg(units=pl.col("Quantity").sum().clip(lower_bound=0).cast(pl.Float64), unit_price=pl.col("UnitPrice").median())
        .filter(pl.col("units") > 0)
    )
    days = pl.DataFrame({"business_day": pl.date_range(sold["business_day"].min(), sold["business_day"].max(), eager=True)})
    rows = (
        days.join(sold.select("product_id").unique(), how="cross")
        .join(sold, on=["business_day", "product_id"], how="left")
        .sort("product_id", "business_day")
        .with_columns(
            pl.col("units").fill_null(0.0),
            pl.col("unit_price").forward_fill().over("product_id"),
            location_id=pl.lit("main"),
            category=pl.lit("uncategorised"),
            is_open=pl.lit(True),
        )
    )
    events = pl.DataFrame(schema={"business_day": pl.Date, "holiday": pl.String, "location_id": pl.String})
    return BenchPanel("online retail", _from_first_sale(rows), events, "GB")


def _from_first_sale(rows: pl.DataFrame) -> pl.DataFrame:
    key = ["product_id", "location_id"]
    ordered = rows.select(PANEL).sort(*key, "business_day")
    return ordered.filter((pl.col("units") > 0).cum_sum().over(key) > 0)
