"""Contract tables about what was sold, what there is to sell, and to whom."""

from shops.contract_parts import CURRENCY, CUSTOMER_ID, LOCATION_ID, Column, contract_table, required

ORDER_LINES = contract_table(
    "order_lines",
    "one line of one order; a return is a line of its own; a cancellation repeats the key of the line it voids",
    ("order_id", "line_id"),
    "order_ts",
    (
        Column("order_id", "text", "order or receipt number", required=True),
        Column("line_id", "text", "line within the order", required=True),
        Column("order_ts", "timestamp", "when the customer ordered (or returned), local time unless it carries an offset", required=True),
        Column(
            "line_type",
            "text",
            "a cancellation voids the earlier version of the same key",
            allowed=("sale", "return", "cancellation"),
            default="sale",
        ),
        Column("product_id", "text", "what was ordered", required=True),
        LOCATION_ID,
        CUSTOMER_ID,
        Column(
            "units", "number", "units ordered; negative exactly for returns", required=True, unit="units", minimum=-100_000, maximum=100_000
        ),
        Column(
            "unit_price",
            "money",
            "price per unit before line discounts, tax as the shop reports it",
            required=True,
            unit="currency per unit",
            minimum=0,
            maximum=1_000_000,
        ),
        Column(
            "discount_amount",
            "money",
            "all discounts of the line, coupons included",
            unit="currency per line",
            minimum=0,
            maximum=10_000_000,
            default=0.0,
        ),
        Column("coupon_id", "text", "coupon redeemed on this line"),
        Column("promotion_id", "text", "promotion in force on this line"),
        Column("channel", "text", "where it was ordered: web, app, store, …", default="store"),
        CURRENCY,
    ),
    "no customer profiles, no coupons; with `daily_sales` instead, forecasts and replenishment still work",
    need="one of two",
)


DAILY_SALES = contract_table(
    "daily_sales",
    "one product at one location on one day",
    ("business_day", "product_id", "location_id"),
    "business_day",
    (
        Column("business_day", "day", "day of the sales", required=True),
        Column("product_id", "text", "what was sold", required=True),
        LOCATION_ID,
        Column("units", "number", "units sold, net of cancellations", required=True, unit="units", minimum=0, maximum=10_000_000),
        Column("unit_price", "money", "average price paid per unit", unit="currency per unit", minimum=0, maximum=1_000_000),
    ),
    "needed only where the shop has no order lines",
    need="one of two",
)


PRODUCTS = contract_table(
    "products",
    "one product (SKU)",
    ("product_id",),
    None,
    (
        Column("product_id", "text", "SKU", required=True),
        Column("product_name", "text", "name as a merchandiser knows it"),
        Column("category", "text", "the level at which forecasts are pooled", default="uncategorised"),
        Column("department", "text", "the level above category", default="all"),
        Column("brand", "text", "brand or manufacturer"),
        Column(
            "unit_cost",
            "money",
            "purchase cost per unit; without it `[assumptions] cost_share` of the price is used and said so",
            unit="currency per unit",
            minimum=0,
            maximum=1_000_000,
        ),
        Column("regular_price", "money", "list price", unit="currency per unit", minimum=0, maximum=1_000_000),
        Column("supplier_id", "text", "who delivers it"),
        Column("pack_units", "integer", "units per orderable pack", unit="units", minimum=1, maximum=1_000_000, default=1),
        Column("moq_units", "integer", "minimum order quantity of the product", unit="units", minimum=0, maximum=1_000_000, default=0),
        Column("volume_m3", "number", "storage volume of one unit", unit="m³ per unit", minimum=0, maximum=1_000),
        Column("shelf_life_days", "integer", "days a unit can be sold after arrival", unit="days", minimum=1, maximum=36_500),
        Column("launched_on", "day", "first day on sale"),
        Column("discontinued_on", "day", "last day it may be ordered from the supplier"),
        Column("is_service", "flag", "true for postage, fees, vouchers: revenue but never stock", default=False),
    ),
    "all products share one category; cost, packs and suppliers are assumed",
)


CUSTOMERS = contract_table(
    "customers",
    "one customer",
    ("customer_id",),
    None,
    (
        required(CUSTOMER_ID),
        Column("acquired_on", "day", "first contact or registration"),
        Column("region", "text", "coarse region, no address"),
        Column("acquisition_channel", "text", "how the customer came"),
        Column("customer_group", "text", "the shop's own grouping (household type, loyalty tier)"),
        Column("email_consent", "flag", "may be written to", default=True),
        Column("full_name", "text", "never used; dropped at landing", personal="drop"),
        Column("email", "text", "never used; dropped at landing", personal="drop"),
        Column("phone", "text", "never used; dropped at landing", personal="drop"),
        Column("street", "text", "never used; dropped at landing", personal="drop"),
    ),
    "profiles rest on orders alone; consent is assumed and said so",
)


WEB_EVENTS = contract_table(
    "web_events",
    "one event",
    ("event_id",),
    "event_ts",
    (
        Column("event_id", "text", "event", required=True),
        Column("event_ts", "timestamp", "when", required=True),
        Column("session_id", "text", "visit"),
        CUSTOMER_ID,
        Column("event_type", "text", "view, cart, search, purchase, …", required=True),
        Column("product_id", "text", "product looked at"),
        Column("traffic_source", "text", "where the visit came from"),
    ),
    "profiles have no visits",
)
