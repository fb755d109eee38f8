"""The Complete Journey: times in UTC, prices put together again, coupons estimated and nothing called randomised."""

import os
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from shops.intake import Intake, read_table
from shops.readers import convert_complete_journey
from shops.shop import load_shop

KEY = b"k" * 32
TABLES: dict[str, tuple[list[str], list[tuple]]] = {
    "transactions_sample": (
        [
            "household_id",
            "store_id",
            "basket_id",
            "product_id",
            "quantity",
            "sales_value",
            "retail_disc",
            "coupon_disc",
            "coupon_match_disc",
            "week",
        ],
        [
            ("1", "317", "b1", "milk", 2.0, 3.0, 0.8, 0.5, 0.2, 1),
            ("1", "317", "b1", "bread", 1.0, 2.0, 0.0, 0.0, 0.0, 1),
            ("2", "337", "b2", "milk", 0.0, 0.0, 0.0, 0.0, 0.0, 1),
            ("2", "337", "b2", "gas", 9000.0, 25.0, 0.9, 0.0, 0.0, 1),
            ("2", "337", "b3", "eggs", 1.0, 2.0, 0.0, 1.5, 0.0, 10),
        ],
    ),
    "products": (
        ["product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size"],
        [
            ("milk", "7", "GROCERY", "National", "MILK", "WHOLE MILK", "1 GAL"),
            ("bread", "8", "PASTRY", "Private", "BREAD", "WHITE BREAD", None),
            ("eggs", "8", "GROCERY", "Private", None, None, None),
            ("gas", "1", "FUEL", "National", "COUPON/MISC ITEMS", "GASOLINE", None),
            ("9e+05", "9", "COSMETICS", "National", "FRAGRANCES", "SCENT", ".8 OZ"),
        ],
    ),
    "demographics": (["household_id", "household_comp"], [("1", "2 Adults Kids")]),
    "campaigns": (["campaign_id", "household_id"], [("8", "1"), ("8", "3")]),
    "campaign_descriptions": (
        ["campaign_id", "campaign_type", "start_date", "end_date"],
        [("8", "Type A", date(2016, 12, 28), date(2017, 2, 19))],
    ),
    "coupons": (
        ["coupon_upc", "product_id", "campaign_id"],
        [("51", "milk", "8"), ("51", "bread", "8"), ("52", "9e+05", "8"), ("52", "9e+05", "8")],
    ),
    "coupon_redemptions": (
        ["household_id", "coupon_upc", "campaign_id", "redemption_date"],
        [("1", "51", "8", date(2017, 1, 1)), ("3", "52", "8", date(2017, 1, 5))],
    ),
    "promotions_sample": (
        ["product_id", "store_id", "display_location", "mailer_location", "week"],
        [("milk", "317", "0", "A", 1), ("milk", "317", "9", "0", 2), ("bread", "337", "9", "A", 53)],
    ),
}
TIMES = [datetime(2017, 1, 1, 20), datetime(2017, 1, 1, 20), datetime(2017, 1, 2, 3), datetime(2017, 1, 2, 3), datetime(2017, 3, 6, 15)]


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    for name, (columns, rows) in TABLES.items():
        frame = pl.DataFrame(rows, schema=columns, orient="row")
        if name == "transactions_sample":
            frame = frame.with_columns(pl.Series("transaction_timestamp", TIMES))
        frame.write_parquet(data / f"{name}.parquet")
    convert_complete_journey(data, tmp_path / "shop")
    return tmp_path / "shop"


def read(folder: Path, table_name: str) -> Intake:
    return read_table(load_shop(folder), table_name, KEY)


def test_net_revenue_is_what_the_grocer_received_and_days_are_new_yorks(shop_folder: Path) -> None:
    intake = read(shop_folder, "order_lines")
    lines = intake.accepted.with_columns(net=(pl.col("units") * pl.col("unit_price") - pl.col("discount_amount")).round(6)).sort(
        "order_id", "product_id"
    )
    assert lines.select("product_id", "net", "unit_price", "discount_amount", "business_day", "coupon_id").rows() == [
        ("bread", 2.0, 2.0, 0.0, date(2017, 1, 1), None),
        ("milk", 3.0, 2.0, 1.0, date(2017, 1, 1), "51-8"),
        ("gas", 25.0, pytest.approx(25.9 / 9000), 0.9, date(2017, 1, 1), None),
        ("eggs", 2.0, 2.0, 0.0, date(2017, 3, 6), None),
    ]
    assert intake.quarantine["reason"].to_list() == ["units is '0'; a sale has positive units."]


def test_products_are_named_and_fuel_is_a_service(shop_folder: Path) -> None:
    products = read(shop_folder, "products").accepted.sort("product_id")
    assert products.select("product_id", "product_name", "category", "is_service").rows() == [
        ("900000", "SCENT, .8 OZ", "FRAGRANCES", False),
        ("bread", "WHITE BREAD", "BREAD", False),
        ("eggs", None, "uncategorised", False),
        ("gas", "GASOLINE", "COUPON/MISC ITEMS", True),
        ("milk", "WHOLE MILK, 1 GAL", "MILK", False),
    ]


def test_face_values_are_medians_of_what_could_have_been_redeemed(shop_folder: Path) -> None:
    coupons = read(shop_folder, "coupons").accepted.sort("coupon_id")
    assert coupons.select("coupon_id", "face_value", "category", "valid_from").rows() == [
        ("51-8", 0.5, None, date(2016, 12, 28)),
        ("52-8", 1.0, "FRAGRANCES", date(2016, 12, 28)),  # nobody could have: the median of 0.5 and 1.5 over all lines
    ]


def test_assignments_are_not_called_random_and_carry_the_broadest_coupon(shop_folder: Path) -> None:
    assignments = read(shop_folder, "coupon_assignments").accepted
    assert assignments.select("campaign_id", "coupon_id", "propensity", "assigned_on", "known_on").rows() == [
        ("8", "51-8", None, date(2016, 12, 28), date(2017, 1, 1)),
        ("8", "51-8", None, date(2016, 12, 28), date(2017, 1, 1)),
    ]
    assert read(shop_folder, "campaigns").accepted["is_randomised"].to_list() == [False]


def test_a_redemption_gets_its_basket_where_one_line_fits(shop_folder: Path) -> None:
    redemptions = read(shop_folder, "coupon_redemptions").accepted
    assert redemptions.select("coupon_id", "order_id", "discount_amount").rows() == [("51-8", "b1", 0.5), ("52-8", "", None)]


def test_promotions_last_their_week(shop_folder: Path) -> None:
    promotions = read(shop_folder, "promotions").accepted
    assert promotions.select("promotion_id", "promotion_type", "starts_on", "ends_on").rows() == [
        ("week-01", "mailer", date(2017, 1, 1), date(2017, 1, 1)),
        ("week-02", "display", date(2017, 1, 2), date(2017, 1, 8)),
        ("week-53", "display and mailer", date(2017, 12, 25), date(2017, 12, 31)),
    ]


def test_every_household_seen_is_a_customer(shop_folder: Path) -> None:
    assert sorted(read(shop_folder, "customers").accepted["customer_group"], key=str) == ["2 Adults Kids", None, None]


@pytest.mark.data
@pytest.mark.skipif("COUNTINGHOUSE_DATA" not in os.environ, reason="needs the public data sets under COUNTINGHOUSE_DATA")
def test_the_whole_data_set_is_accounted_for(tmp_path: Path) -> None:
    convert_complete_journey(Path(os.environ["COUNTINGHOUSE_DATA"]) / "complete_journey_sample", tmp_path)
    lines = read(tmp_path, "order_lines")
    assert lines.counts.select("rows_read", "rows_quarantined").row(0) == (75_000, 416)
    assert lines.accepted["business_day"].max() == date(2017, 12, 31)
    sizes = {name: read(tmp_path, name) for name in ("campaigns", "coupon_assignments", "coupon_redemptions", "promotions")}
    assert {name: intake.accepted.height for name, intake in sizes.items()} == {
        "campaigns": 27,
        "coupon_assignments": 6_589,
        "coupon_redemptions": 2_102,
        "promotions": 252_680,  # 360,535 rows of two stores: one per product and week, since all stores are one location
    }
    assert all(intake.quarantine.is_empty() for intake in sizes.values())
