"""A sound shop of a dozen rows per table: every table and every column of the input contract filled, nothing to refuse.

Rows differ in their keys and in at least one more column, so that a damaged cell cannot make one row the repetition of another.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from shops.contract import TABLES, Column, Table

ROWS = 12
FIRST_DAY, LAST_DAY = date(2024, 3, 1), date(2024, 3, 14)
KEY = b"the key of a shop without people"
SHOP_TOML = f"""[shop]
name = "sound"
currency = "EUR"
time_zone = "Europe/Berlin"
country = "DE"
first_day = {FIRST_DAY}
last_day = {LAST_DAY}

[limits]
coupon_budget = 100.0
purchase_budget = 1000.0
"""
WORDS = ("Rye bread", "Café crème", "Green tea", "Oat milk", "Plum jam", "Honey")
IDS = {"product_id": "P", "customer_id": "C", "supplier_id": "S", "coupon_id": "K", "campaign_id": "A", "promotion_id": "M"}
OF_COLUMN: dict[str, Callable[[int], Any]] = {
    "currency": lambda _: "EUR",
    "line_type": lambda _: "sale",
    "order_weekdays": lambda row: ("Mon,Thu", "tuesday", "", "Fri, Sat")[row % 4],
    "product_name": lambda row: f"{WORDS[row % 6]} {row}",
    "propensity": lambda row: (row + 1) / 20,
    "discount_share": lambda row: row / 20,
    "latitude": lambda row: 48.0 + row,
    "longitude": lambda row: 11.0 - row,
}
LASTING = ("ends_on", "valid_to", "received_on", "expected_on", "discontinued_on", "order_day")


@cache
def sound_tables() -> dict[str, pl.DataFrame]:
    """Every table of the contract as a frame of `ROWS` rows in the contract's types."""
    return {name: pl.DataFrame([_column(table, column) for column in table.columns]) for name, table in TABLES.items()}


def write_sound_shop(folder: Path, tables: Iterable[str] = TABLES, settings: str = "") -> Path:
    """The shop folder: shop.toml and one CSV file for each of `tables`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.toml").write_text(SHOP_TOML + settings, encoding="utf-8")
    for name in tables:
        (folder / f"{name}.csv").write_text(csv_text(sound_tables()[name]), encoding="utf-8")
    return folder


def csv_text(frame: pl.DataFrame, separator: str = ",", decimal_comma: bool = False, quoted: bool = False) -> str:
    """The frame as CSV text; days as 2024-03-01, times as 2024-03-01 10:00:00."""
    return frame.write_csv(
        separator=separator,
        decimal_comma=decimal_comma,
        quote_style="always" if quoted else "necessary",
        datetime_format="%Y-%m-%d %H:%M:%S",
    )


def as_csv_line(cells: Iterable[str]) -> str:
    """One line of CSV, every cell quoted."""
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def _column(table: Table, column: Column) -> pl.Series:
    return pl.Series(column.name, [_value(table, column, row) for row in range(ROWS)])


def _value(table: Table, column: Column, row: int) -> Any:
    if column.name in OF_COLUMN:
        return OF_COLUMN[column.name](row)
    if column.allowed:
        return column.allowed[row % len(column.allowed)]
    if column.kind == "day":
        return FIRST_DAY + timedelta(days=row + (1 if column.name in LASTING else 0))
    if column.kind == "timestamp":
        return datetime(2024, 3, 1, 10, 0, row) + timedelta(days=row, hours=5 if column.name == "recorded_at" else 0)
    if column.kind == "flag":
        return row % 2 == 0
    if column.kind == "integer":
        return row + 1
    if column.kind in ("number", "money"):
        return 1.5 * row + 1
    if column.name in IDS:  # in a table of its own, or one that names a thing once, every row has another
        return f"{IDS[column.name]}{row:02d}"
    if column.name == "location_id":
        return f"L{row:02d}" if table.name == "locations" and row else "main"
    return "web" if column.name == "channel" else f"{column.name} {row}"
