"""Faults of Parquet columns: other types than asked for, bytes that are no text, numbers no calendar has."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from benchmarks.reliability.bad_input.fault import DamagedShop, Fault, accepted, quarantined, refused
from benchmarks.reliability.bad_input.sound_shop import ROWS


def _as(shop: DamagedShop, table: str, column: str, values: Any) -> None:
    """The column holds `values` (a series, or a function of the sound column)."""
    shop.parquet(table, lambda frame: frame.with_columns((values(frame[column]) if callable(values) else values).alias(column)))


def _repeated(value: Any, dtype: Any = None) -> pl.Series:
    return pl.Series([value] * ROWS, dtype=dtype)


def _utf8_in_name_only(shop: DamagedShop) -> None:
    """A column that claims to be UTF-8 and in two rows is not: what is read beyond its end would be somebody else's memory."""
    import pyarrow

    def change(frame: pl.DataFrame) -> Any:
        names = [name.encode() for name in frame["product_name"]]
        names[3], names[7] = b"\xf0", b"Caf\xe9"
        table = frame.to_arrow()
        claimed = pyarrow.array(names, pyarrow.binary()).view(pyarrow.string())
        return table.set_column(table.schema.get_field_index("product_name"), "product_name", claimed)

    shop.parquet("products", change)


def _same_name_twice(shop: DamagedShop) -> None:
    def change(frame: pl.DataFrame) -> Any:
        table = frame.to_arrow()
        return table.append_column("coupon_id", table["coupon_id"])

    shop.parquet("coupons", change)


def _beyond_any_calendar(shop: DamagedShop) -> None:
    days = pl.Series([2**31 - 1, -(2**31), *range(19_800, 19_800 + ROWS - 2)], dtype=pl.Int32).cast(pl.Date)
    _as(shop, "products", "launched_on", days)


def _largest_times(shop: DamagedShop) -> None:
    def change(recorded: pl.Series) -> pl.Series:
        return recorded.to_physical().scatter([0, 5], [2**62, -(2**62)]).cast(pl.Datetime("ms"))

    def in_milliseconds(recorded: pl.Series) -> pl.Series:
        return change(recorded.cast(pl.Datetime("ms")))

    _as(shop, "purchase_orders", "recorded_at", in_milliseconds)


PARQUET_FAULTS = (
    Fault(
        "Numbers as text",
        "order_lines",
        lambda shop: _as(shop, "order_lines", "units", lambda units: units.cast(pl.String)),
        accepted(),
        "Read as in CSV.",
    ),
    Fault(
        "Numbers as decimals",
        "prices",
        lambda shop: _as(shop, "prices", "price", lambda price: price.cast(pl.Decimal(12, 4))),
        accepted(holds=lambda rows: rows["price"].dtype == pl.Float64),
        "Read as numbers.",
    ),
    Fault(
        "Numbers of an item that became floats",
        "products",
        lambda shop: _as(shop, "products", "product_id", pl.Series([17850.0 + row for row in range(ROWS)])),
        accepted(holds=lambda rows: rows["product_id"][0] == "17850"),
        "17850.0 is read as 17850.",
    ),
    Fault(
        "NaN where a customer number is missing",
        "order_lines",
        lambda shop: _as(shop, "order_lines", "customer_id", pl.Series([float("nan"), *range(1, ROWS)], dtype=pl.Float64)),
        accepted(holds=lambda rows: rows["customer_key"].null_count() == 1),
        "A sale of nobody, not of a customer NaN.",
    ),
    Fault(
        "Words instead of numbers",
        "stock_levels",
        lambda shop: _as(shop, "stock_levels", "on_hand", _repeated("plenty")),
        quarantined("not_a_number", ROWS, "on_hand is 'plenty'"),
        "Export the number.",
    ),
    Fault(
        "Truth values instead of numbers",
        "coupons",
        lambda shop: _as(shop, "coupons", "face_value", _repeated(True)),
        quarantined("not_a_number", ROWS),
        "Export the number.",
    ),
    Fault(
        "Numbers instead of days",
        "daily_sales",
        lambda shop: _as(shop, "daily_sales", "business_day", pl.Series(range(20240301, 20240301 + ROWS))),
        quarantined("not_a_date", ROWS, "a day such as 2024-01-31 was expected"),
        "Export a day, or text that is one: 20240301 is a number.",
    ),
    Fault(
        "Lists in a text column",
        "customers",
        lambda shop: _as(shop, "customers", "region", _repeated(["north", "south"])),
        quarantined("not_text", ROWS),
        "Export one value per row.",
    ),
    Fault(
        "Structures in a number column",
        "ad_spend",
        lambda shop: _as(shop, "ad_spend", "spend", _repeated({"amount": 12.5, "currency": "EUR"})),
        quarantined("not_a_number", ROWS),
        "Export the amount as a column of its own.",
    ),
    Fault(
        "Maps, as Spark writes them",
        "web_events",
        lambda shop: _as(shop, "web_events", "event_type", _repeated([{"key": "a", "value": 1}])),
        quarantined("not_text", ROWS),
        "Export one value per row.",
    ),
    Fault(
        "Text stored as bytes",
        "locations",
        lambda shop: _as(shop, "locations", "location_name", lambda name: name.cast(pl.Binary)),
        accepted(holds=lambda rows: rows["location_name"][0].startswith("location_name")),
        "Read as UTF-8.",
    ),
    Fault(
        "Bytes that are no text",
        "promotions",
        lambda shop: _as(shop, "promotions", "promotion_type", _repeated(b"\xff\xfe\x00")),
        quarantined("bad_encoding", ROWS, "no UTF-8 text"),
        "Export text as UTF-8.",
    ),
    Fault(
        "Text that claims to be UTF-8 and is not",
        "products",
        _utf8_in_name_only,
        quarantined("bad_encoding", 2, "no UTF-8 text"),
        "Export text as UTF-8; the other rows land.",
    ),
    Fault(
        "Categories instead of text",
        "order_lines",
        lambda shop: _as(shop, "order_lines", "channel", lambda channel: channel.cast(pl.Categorical)),
        accepted(),
        "Read as text.",
    ),
    Fault(
        "A column of nothing",
        "products",
        lambda shop: _as(shop, "products", "brand", _repeated(None, pl.Null)),
        accepted(holds=lambda rows: rows["brand"].null_count() == ROWS),
        "Empty cells.",
    ),
    Fault(
        "A required column of nothing",
        "suppliers",
        lambda shop: _as(shop, "suppliers", "lead_time_days", _repeated(None, pl.Int64)),
        quarantined("missing_required", ROWS, "lead_time_days is empty"),
        "Fill it.",
    ),
    Fault("One name for two columns", "coupons", _same_name_twice, refused("more than one column 'coupon_id'"), "Leave one of them."),
    Fault(
        "The largest integers there are",
        "coupons",
        lambda shop: _as(shop, "coupons", "issuance_limit", pl.Series([2**64 - 1] * ROWS, dtype=pl.UInt64)),
        quarantined("out_of_range", ROWS, "it must be at least 0 and at most 1,000,000,000"),
        "Leave a limit that is none empty.",
    ),
    Fault(
        "Fractions in a column of whole numbers",
        "products",
        lambda shop: _as(shop, "products", "pack_units", pl.Series([2.5, *[2.0] * (ROWS - 1)])),
        quarantined("not_a_number", 1, "a whole number"),
        "2.0 is a whole number, 2.5 is none.",
    ),
    Fault(
        "Days beyond any calendar",
        "products",
        _beyond_any_calendar,
        quarantined("out_of_range", 2, "a day from 1900 to 9999 was expected"),
        "Leave a day that is none empty.",
    ),
    Fault(
        "Times beyond any calendar",
        "purchase_orders",
        _largest_times,
        quarantined("out_of_range", 2, "a day from 1900 to 9999 was expected"),
        "Leave a time that is none empty.",
    ),
    Fault(
        "Times in nanoseconds and UTC",
        "order_lines",
        lambda shop: _as(shop, "order_lines", "order_ts", pl.Series([datetime(2024, 3, 2, 23, 30)] * ROWS, dtype=pl.Datetime("ns", "UTC"))),
        accepted(holds=lambda rows: rows["business_day"].unique().to_list() == [date(2024, 3, 3)]),
        "Moved to the shop's time zone: half past eleven at night in UTC is the next day in Berlin.",
    ),
    Fault(
        "Durations instead of times",
        "web_events",
        lambda shop: _as(shop, "web_events", "event_ts", _repeated(timedelta(hours=3))),
        quarantined("not_a_date", ROWS),
        "Export the time.",
    ),
    Fault(
        "A text cell of 10 MB",
        "suppliers",
        lambda shop: _as(shop, "suppliers", "supplier_name", pl.Series(["x" * 10_000_000, *["Mill"] * (ROWS - 1)])),
        quarantined("too_long", 1, "at most 10,000 characters"),
        "Export names, not documents. The quarantine keeps the first 1,000 characters.",
    ),
    Fault(
        "NaN and infinity in a price",
        "competitor_prices",
        lambda shop: _as(shop, "competitor_prices", "price", pl.Series([float("nan"), float("inf"), float("-inf"), *[2.0] * (ROWS - 3)])),
        quarantined("not_finite", 3, "a finite number was expected"),
        "Leave a price that is not known out.",
    ),
    Fault(
        "Decimals of many digits",
        "daily_sales",
        lambda shop: _as(shop, "daily_sales", "units", _repeated(Decimal("3.000000000000000000000000000001"))),
        accepted(),
        "Read as the nearest number.",
    ),
)
