"""M5: sales as they are, prices only where they change, events and SNAP days told apart."""

import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from shops.intake import read_table
from shops.readers import convert_m5
from shops.shop import load_shop

KEY = b"k" * 32
SATURDAY = date(2015, 12, 19)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two items, a store each in two states, two weeks from a Saturday; sales begin on the Tuesday."""
    folder = tmp_path / "data"
    folder.mkdir()
    days = [SATURDAY + timedelta(days=offset) for offset in range(14)]
    pl.DataFrame(
        {
            "date": days,
            "wm_yr_wk": [11547] * 7 + [11548] * 7,
            "event_name_1": ["Christmas" if day == date(2015, 12, 25) else None for day in days],
            "event_type_1": ["National" if day == date(2015, 12, 25) else None for day in days],
            "event_name_2": pl.Series([None] * 14, dtype=pl.String),
            "event_type_2": pl.Series([None] * 14, dtype=pl.String),
            **{f"snap_{state}": [1 if state == "CA" and offset == 13 else 0 for offset in range(14)] for state in ("CA", "TX", "WI")},
        }
    ).write_parquet(folder / "calendar.parquet")
    stores, items = [("CA_1", "CA"), ("TX_1", "TX")], ["FOODS_1_001", "FOODS_1_002"]
    series = [(f"{item}_{store}", item, "FOODS_1", "FOODS", store, state) for item in items for store, state in stores]
    pl.DataFrame(series, schema=["series_id", "item_id", "dept_id", "cat_id", "store_id", "state_id"], orient="row").write_parquet(
        folder / "series.parquet"
    )
    prices = [
        (store, item, week, 1.0 if item.endswith("1") else week / 1000) for item in items for store, _ in stores for week in (11547, 11548)
    ]
    pl.DataFrame(prices, schema=["store_id", "item_id", "wm_yr_wk", "sell_price"], orient="row").with_columns(
        pl.col("wm_yr_wk").cast(pl.Int32)
    ).write_parquet(folder / "sell_prices.parquet")
    sales = [(store, item, day, index % 3) for item in items for store, _ in stores for index, day in enumerate(days[3:])]
    pl.DataFrame(sales, schema=["store_id", "item_id", "date", "quantity_sold"], orient="row").write_parquet(folder / "sales_daily.parquet")
    return folder


def test_sales_keep_their_zeros_and_carry_the_weeks_price(data: Path, tmp_path: Path) -> None:
    convert_m5(data, tmp_path / "shop", stores=("CA_1",))
    shop = load_shop(tmp_path / "shop")
    assert (shop.first_day, shop.last_day, shop.time_zone) == (date(2015, 12, 22), date(2016, 1, 1), "America/Los_Angeles")
    sales = read_table(shop, "daily_sales", KEY).accepted
    second = sales.filter(pl.col("product_id") == "FOODS_1_002").select("units", "unit_price").rows()
    assert second[:5] == [(0.0, 11.547), (1.0, 11.547), (2.0, 11.547), (0.0, 11.547), (1.0, 11.548)]
    assert sales["location_id"].unique().to_list() == ["CA_1"]
    assert sales.height == 22


def test_a_price_is_told_once_until_it_changes_and_known_from_its_week(data: Path, tmp_path: Path) -> None:
    convert_m5(data, tmp_path / "shop", stores=("CA_1",))
    prices = read_table(load_shop(tmp_path / "shop"), "prices", KEY).accepted
    assert prices.select("product_id", "valid_from", "valid_to", "price", "known_on").sort("product_id", "valid_from").rows() == [
        ("FOODS_1_001", date(2015, 12, 19), None, 1.0, date(2015, 12, 22)),
        ("FOODS_1_002", date(2015, 12, 19), None, 11.547, date(2015, 12, 22)),
        ("FOODS_1_002", date(2015, 12, 26), None, 11.548, date(2015, 12, 26)),
    ]


def test_events_count_everywhere_and_snap_days_in_their_state(data: Path, tmp_path: Path) -> None:
    convert_m5(data, tmp_path / "shop", stores=("TX_1", "CA_1"))
    calendar = read_table(load_shop(tmp_path / "shop"), "calendar", KEY).accepted
    assert calendar.select("business_day", "location_id", "is_open", "event_name", "event_type").rows() == [
        (date(2015, 12, 25), "all", False, "Christmas", "national"),
        (date(2016, 1, 1), "CA_1", True, "SNAP", "snap"),
    ]


def test_a_store_that_is_not_in_the_data_is_an_error(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NY_1"):
        convert_m5(data, tmp_path / "shop", stores=("CA_1", "NY_1"))


@pytest.mark.data
@pytest.mark.skipif("COUNTINGHOUSE_DATA" not in os.environ, reason="needs the public data sets under COUNTINGHOUSE_DATA")
def test_a_real_store_is_taken_whole(tmp_path: Path) -> None:
    convert_m5(Path(os.environ["COUNTINGHOUSE_DATA"]) / "m5_walmart", tmp_path, stores=("CA_1",))
    shop = load_shop(tmp_path)
    sales = read_table(shop, "daily_sales", KEY)
    assert sales.quarantine.height == 0
    assert sales.accepted["unit_price"].null_count() == 0
    assert sales.accepted["product_id"].n_unique() <= read_table(shop, "products", KEY).accepted.height == 3_049
    assert (shop.first_day, shop.last_day) == (date(2015, 3, 3), date(2016, 4, 24))
