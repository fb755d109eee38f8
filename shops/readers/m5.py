"""M5 (Walmart sales per store and item, March 2015 to April 2016) as a shop.

Decides: stores are locations, items are products pooled by `dept_id` (category) under `cat_id` (department). Daily sales are handed
over as they are, zeros included (days before an item's first row are true zeros, and its history starts with that row), with the
week's price. A price is known from the Saturday its week starts; it says only when it began, since its end was not known then.
Events count at every location, SNAP days at the stores of the state; stores are closed at Christmas. There is no cost, stock,
supplier, customer or coupon in the data.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from shops.readers.shop_folder import write_shop_folder

TIME_ZONES = {"CA": "America/Los_Angeles", "TX": "America/Chicago", "WI": "America/Chicago"}
CLOSING_EVENT = "Christmas"
PURCHASE_BUDGET_PER_STORE = 9000.0  # about one day's sales of a store at cost

SHOP_TOML = """[shop]
name = "m5"
currency = "USD"
time_zone = "{time_zone}"
country = "US"
first_day = {first_day}
last_day = {last_day}
source = "M5 competition (Walmart, University of Nicosia): stores {stores}"

[limits]
purchase_budget = {purchase_budget}

[suppliers]                    # the data names none; assumed
lead_time_days = 4
review_days = 7

[assumptions]
cost_share = 0.7

[stock]                        # no stock feed: the ledger opens with an assumed position on the last day
opening_day = {opening_day}
opening_cover_days = 14
"""


def convert_m5(data: Path, folder: Path, stores: Sequence[str] = ("CA_1", "CA_2")) -> None:
    """Read the M5 tables in `data` and write the shop of `stores` into `folder`; raises ValueError for a store not in the data."""
    data, stores = Path(data), sorted(set(stores))
    series = pl.read_parquet(data / "series.parquet").filter(pl.col("store_id").is_in(stores))
    missing = sorted(set(stores) - set(series["store_id"]))
    if missing or not stores:
        raise ValueError(f"Expected stores of the data set, got {missing or 'none'}.")
    of_stores = pl.col("store_id").is_in(stores)
    sales = pl.scan_parquet(data / "sales_daily.parquet").filter(of_stores).collect()
    calendar = pl.read_parquet(data / "calendar.parquet").with_columns(pl.col("wm_yr_wk").cast(pl.Int32))
    first_day, last_day = sales["date"].min(), sales["date"].max()
    weeks = calendar.group_by("wm_yr_wk").agg(pl.col("date").min().alias("week_start"))
    weeks = weeks.filter(pl.col("week_start").is_between(first_day - pl.duration(days=6), last_day))
    weekly_prices = pl.scan_parquet(data / "sell_prices.parquet").filter(of_stores).collect().join(weeks, on="wm_yr_wk")
    tables = {
        "daily_sales": _daily_sales(sales, calendar, weekly_prices),
        "products": _products(series),
        "prices": _price_changes(weekly_prices),
        "locations": series.select(location_id="store_id", location_name="store_id", region="state_id").unique().sort("location_id"),
        "calendar": _calendar(calendar.filter(pl.col("date") >= first_day), series),
    }
    shop_toml = SHOP_TOML.format(
        time_zone=TIME_ZONES[stores[0][:2]],
        first_day=first_day,
        last_day=last_day,
        stores=", ".join(stores),
        purchase_budget=PURCHASE_BUDGET_PER_STORE * len(stores),
        opening_day=sales.select(pl.col("date").max()).item(),
    )
    write_shop_folder(Path(folder), shop_toml, tables)


def _daily_sales(sales: pl.DataFrame, calendar: pl.DataFrame, weekly_prices: pl.DataFrame) -> pl.DataFrame:
    return (
        sales.join(calendar.select("date", "wm_yr_wk"), on="date", how="left")
        .join(weekly_prices.select("store_id", "item_id", "wm_yr_wk", "sell_price"), on=["store_id", "item_id", "wm_yr_wk"], how="left")
        .select(business_day="date", product_id="item_id", location_id="store_id", units="quantity_sold", unit_price="sell_price")
        .sort("business_day", "product_id", "location_id")
    )


def _products(series: pl.DataFrame) -> pl.DataFrame:
    columns = series.select(product_id="item_id", product_name="item_id", category="dept_id", department="cat_id")
    return columns.unique().sort("product_id")


def _price_changes(weekly_prices: pl.DataFrame) -> pl.DataFrame:
    """One row per item and store and week in which its price began or differs from the week before on sale."""
    ordered = weekly_prices.sort("store_id", "item_id", "week_start")
    before = pl.col("sell_price").shift(1).over("store_id", "item_id")
    return ordered.filter(pl.col("sell_price").ne_missing(before)).select(
        product_id="item_id", location_id="store_id", valid_from="week_start", price="sell_price"
    )


def _calendar(calendar: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Events once for all locations, SNAP days once per store of the state that has them."""
    names = pl.concat_str("event_name_1", "event_name_2", separator=" / ", ignore_nulls=True)
    events = calendar.filter(pl.col("event_name_1").is_not_null()).select(
        business_day="date",
        location_id=pl.lit("all"),
        is_open=(pl.col("event_name_1") != CLOSING_EVENT),
        event_name=names,
        event_type=pl.col("event_type_1").str.to_lowercase(),
    )
    snap_days = []
    for store, state in series.select("store_id", "state_id").unique().sort("store_id").iter_rows():
        days = calendar.filter(pl.col(f"snap_{state}") == 1)
        snap_days.append(
            days.select(
                business_day="date",
                location_id=pl.lit(store),
                is_open=(pl.col("event_name_1") != CLOSING_EVENT).fill_null(True),
                event_name=pl.lit("SNAP"),
                event_type=pl.lit("snap"),
            )
        )
    return pl.concat([events, *snap_days]).sort("business_day", "location_id")
