"""The input contract: which tables a shop may hand in, column by column.

This module is the single source: the intake validates against it, dbt's staging models read what it lands, and
`docs/input_contract.md` is printed from it (a test compares the two). Terms:

- *about day*: the business day a record speaks of (the day an order was placed, a stock level was counted).
- `recorded_at`: when the shop's system wrote the record. Every table may have it. It decides `known_on`, the day from
  which a decision may use the record; without it a record counts as known on its about day.
- *key*: rows with the same key are versions of one record; the version recorded last is in force.
"""

from collections.abc import Iterator

from shops.contract_marketing import (
    AD_SPEND,
    CAMPAIGNS,
    COMPETITOR_PRICES,
    COUPON_ASSIGNMENTS,
    COUPON_OVERRIDES,
    COUPON_REDEMPTIONS,
    COUPONS,
    PRICES,
    PROMOTION_DECISIONS,
    PROMOTIONS,
)
from shops.contract_parts import Column, Kind, Need, Table
from shops.contract_sales import CUSTOMERS, DAILY_SALES, ORDER_LINES, PRODUCTS, WEB_EVENTS
from shops.contract_supply import CALENDAR, LOCATIONS, ORDER_OVERRIDES, PURCHASE_ORDERS, STOCK_LEVELS, SUPPLIERS

__all__ = ["TABLES", "Column", "Kind", "Need", "Table", "landed_columns"]

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ORDER_LINES,
        DAILY_SALES,
        PRODUCTS,
        CUSTOMERS,
        STOCK_LEVELS,
        PURCHASE_ORDERS,
        ORDER_OVERRIDES,
        SUPPLIERS,
        PRICES,
        PROMOTIONS,
        PROMOTION_DECISIONS,
        CAMPAIGNS,
        COUPONS,
        COUPON_ASSIGNMENTS,
        COUPON_OVERRIDES,
        COUPON_REDEMPTIONS,
        WEB_EVENTS,
        AD_SPEND,
        COMPETITOR_PRICES,
        LOCATIONS,
        CALENDAR,
    )
}


def landed_columns(table: Table) -> Iterator[tuple[str, Kind]]:
    """Columns of a landed file in order: the contract's (pseudonyms as `customer_key`, dropped ones gone), then the intake's own.

    The intake's own: `business_day` (the about day in the shop's time zone; null for reference data; the contract's column
    where it has one of that name), `known_on`, `source_file` and `source_row` (first data row is 1).
    """
    names = set()
    for column in table.columns:
        if column.personal == "drop" or column.checked_only:
            continue
        name = "customer_key" if column.personal == "pseudonym" else column.name
        names.add(name)
        yield name, column.kind
    if "business_day" not in names:
        yield "business_day", "day"
    yield "known_on", "day"
    yield "source_file", "text"
    yield "source_row", "integer"
