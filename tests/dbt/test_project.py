"""What must hold for the project as a whole: its inputs, its data dictionary, its guards, and shops without order lines."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from shops.contract import TABLES, landed_columns

START, END = date(2024, 3, 1), date(2024, 3, 6)
VERSION_COLUMNS = {"known_on", "superseded_on"}


@pytest.fixture(scope="module")
def daily_shop(shop: Any) -> Any:
    """A shop with daily sums instead of order lines, two stores, and a price list without locations."""
    sales = [("tea", "north", 1, 3.0, None), ("tea", "north", 3, 2.0, None), ("tea", "south", 2, 4.0, 4.5)]
    shop.land(
        "daily_sales",
        [
            {
                "business_day": date(2024, 3, number),
                "product_id": product,
                "location_id": location,
                "units": units,
                "unit_price": price,
                "known_on": date(2024, 3, number),
            }
            for product, location, number, units, price in sales
        ],
    )
    price = {"product_id": "tea", "location_id": "main", "price_type": "regular"}
    shop.land(
        "prices",
        [
            {**price, "valid_from": START, "price": 5.0, "known_on": START, "business_day": START},
            {**price, "valid_from": date(2024, 3, 3), "price": 6.0, "known_on": date(2024, 3, 3), "business_day": date(2024, 3, 3)},
        ],
    )
    shop.run(START, END, COUNTINGHOUSE_HAS_ORDER_LINES="false")
    return shop


def test_daily_sums_take_the_list_price_where_they_have_none(daily_shop: Any) -> None:
    columns = "day(business_day), location_id, units, net_revenue, order_count"
    assert daily_shop.rows(f"select {columns} from marts.fct_sales_daily order by 1") == [
        (1, "north", 3.0, 15.0, None),
        (2, "south", 4.0, 18.0, None),
        (3, "north", 2.0, 12.0, None),
    ]


def test_prices_without_a_location_hold_everywhere(daily_shop: Any) -> None:
    columns = "day(business_day), location_id, unit_price, regular_price"
    assert daily_shop.rows(f"select {columns} from marts.sales_panel where business_day <= date '2024-03-03' order by 1, 2") == [
        (1, "north", 5.0, 5.0),
        (2, "north", 5.0, 5.0),
        (2, "south", 4.5, 5.0),
        (3, "north", 6.0, 6.0),
        (3, "south", 6.0, 6.0),
    ]


def test_a_shop_without_customers_has_no_profiles(daily_shop: Any) -> None:
    assert daily_shop.rows("select count(*) from marts.customer_profile") == [(0,)]
    assert daily_shop.rows("select max(units_28) from marts.product_profile") == [(9.0,)]


def test_days_listed_for_another_window_are_refused(daily_shop: Any) -> None:
    with pytest.raises(AssertionError, match="built for another window"):
        daily_shop.run(START, date(2024, 3, 4), "--select", "fct_stock_daily")


def test_a_run_without_a_window_is_refused(daily_shop: Any) -> None:
    with pytest.raises(AssertionError, match="COUNTINGHOUSE_WINDOW_END"):
        daily_shop.run(START, END, "--select", "int_affected_days", COUNTINGHOUSE_WINDOW_END="")


def test_staging_has_the_columns_that_are_landed(daily_shop: Any) -> None:
    found = daily_shop.query("select table_name, column_name from information_schema.columns where table_schema = 'staging'")
    for table in TABLES.values():
        columns = found.filter(pl.col("table_name") == f"stg_{table.name}")["column_name"]
        assert sorted(columns) == sorted(name for name, _ in landed_columns(table)), table.name


def test_every_column_of_the_marts_is_described_and_typed(daily_shop: Any) -> None:
    marts = [node for node in daily_shop.manifest.nodes.values() if node.resource_type == "model" and node.schema == "marts"]
    assert len(marts) == 23
    for node in marts:
        assert node.description, node.name
        assert node.contract.enforced, node.name
        assert all(column.description and column.data_type for column in node.columns.values()), node.name
        assert {"facts", "as_of"} & set(node.tags), node.name


def test_a_version_table_says_from_when_to_when_its_rows_hold(daily_shop: Any) -> None:
    marts = [node for node in daily_shop.manifest.nodes.values() if node.resource_type == "model" and node.schema == "marts"]
    versioned = {node.name for node in marts if set(node.columns) >= VERSION_COLUMNS}
    assert {node.name for node in marts} - versioned == {"customer_profile", "product_profile", "campaign_facts"}
