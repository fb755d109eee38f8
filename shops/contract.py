"""The input contract: which tables a shop may hand in, column by column.

This module is the single source: the intake validates against it, dbt's staging models read what it lands, and
`docs/input_contract.md` is printed from it (a test compares the two). Terms:

- *about day*: the business day a record speaks of (the day an order was placed, a stock level was counted).
- `recorded_at`: when the shop's system wrote the record. Every table may have it. It decides `known_on`, the day from
  which a decision may use the record; without it a record counts as known on its about day.
- *key*: rows with the same key are versions of one record; the version recorded last is in force.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "integer", "number", "money", "day", "timestamp", "flag"]
Need = Literal["required", "one of two", "optional"]


@dataclass(frozen=True)
class Column:
    """One column of a contract table.

    `minimum` and `maximum` are inclusive; `allowed` lists the only values accepted; `default` fills a missing column
    or an empty cell; `personal` marks what may not pass landing as it is (ids become keyed pseudonyms, the rest is dropped).
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    default: str | float | bool | None = None
    personal: Literal["", "pseudonym", "drop"] = ""


@dataclass(frozen=True)
class Table:
    """One contract table. `about` names the column with the about day; None marks reference data known from the start."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    about: str | None
    without: str
    need: Need = "optional"
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        missing = [name for name in (*self.key, *([self.about] if self.about else [])) if name not in self.by_name]
        if missing:
            raise ValueError(f"Expected key and about columns of {self.name} among its columns; missing {missing}.")

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


RECORDED_AT = Column(
    "recorded_at",
    "timestamp",
    "when the shop's system wrote this record; decides from which day on decisions may use it",
)
CUSTOMER_ID = Column(
    "customer_id", "text", "the shop's customer number; leaves landing as the pseudonym `customer_key`", personal="pseudonym"
)
LOCATION_ID = Column("location_id", "text", "store, warehouse or web shop", default="main")


def _required(column: Column, *, default: str | float | bool | None = None) -> Column:
    return Column(**{**_fields(column), "required": True, "default": default})


def _fields(column: Column) -> dict:
    return {name: getattr(column, name) for name in Column.__dataclass_fields__}


def _table(
    name: str, grain: str, key: tuple[str, ...], about: str | None, columns: tuple[Column, ...], without: str, need: Need = "optional"
) -> Table:
    return Table(name=name, grain=grain, columns=(*columns, RECORDED_AT), key=key, about=about, without=without, need=need)


ORDER_LINES = _table(
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
        Column("currency", "text", "ISO 4217 code; must be the shop's currency"),
    ),
    "no customer profiles, no coupons; with `daily_sales` instead, forecasts and replenishment still work",
    need="one of two",
)

DAILY_SALES = _table(
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

PRODUCTS = _table(
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
    "every product is its own category; cost, packs and suppliers are assumed",
)

CUSTOMERS = _table(
    "customers",
    "one customer",
    ("customer_id",),
    None,
    (
        _required(CUSTOMER_ID),
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

STOCK_LEVELS = _table(
    "stock_levels",
    "one product at one location at the end of one day",
    ("business_day", "product_id", "location_id"),
    "business_day",
    (
        Column("business_day", "day", "day of the count (end of day)", required=True),
        Column("product_id", "text", "what was counted", required=True),
        LOCATION_ID,
        Column(
            "on_hand",
            "number",
            "units that can be sold; negative is clipped to 0 and flagged",
            required=True,
            unit="units",
            minimum=-10_000_000,
            maximum=10_000_000,
        ),
    ),
    "a perpetual ledger from a declared opening position, sales and own orders (`stock_source = 'ledger'`); stock-outs stay unseen",
)

PURCHASE_ORDERS = _table(
    "purchase_orders",
    "one line of one order to a supplier",
    ("po_id", "line_id"),
    "ordered_on",
    (
        Column("po_id", "text", "purchase order number", required=True),
        Column("line_id", "text", "line within the order", required=True),
        Column("product_id", "text", "what was ordered", required=True),
        LOCATION_ID,
        Column("supplier_id", "text", "from whom"),
        Column("ordered_on", "day", "day of the order", required=True),
        Column("expected_on", "day", "promised arrival"),
        Column("received_on", "day", "actual arrival; empty while in transit"),
        Column("units_ordered", "number", "units ordered", required=True, unit="units", minimum=0, maximum=10_000_000),
        Column("units_received", "number", "units that came", unit="units", minimum=0, maximum=10_000_000),
        Column("unit_cost", "money", "cost per unit on this order", unit="currency per unit", minimum=0, maximum=1_000_000),
    ),
    "nothing is taken to be in transit but Countinghouse's own orders",
)

SUPPLIERS = _table(
    "suppliers",
    "one supplier",
    ("supplier_id",),
    None,
    (
        Column("supplier_id", "text", "supplier", required=True),
        Column("supplier_name", "text", "name"),
        Column("lead_time_days", "integer", "days from order to arrival", required=True, unit="days", minimum=0, maximum=365),
        Column("lead_time_sd_days", "number", "standard deviation of the lead time", unit="days", minimum=0, maximum=365, default=0.0),
        Column(
            "review_days",
            "integer",
            "days between two order chances; derived from order_weekdays where empty",
            unit="days",
            minimum=1,
            maximum=365,
        ),
        Column("order_weekdays", "text", "weekdays on which orders are taken, e.g. `Mon,Thu`; empty: every day"),
        Column(
            "min_order_value", "money", "smallest order accepted", unit="currency per order", minimum=0, maximum=100_000_000, default=0.0
        ),
        Column(
            "fixed_order_cost", "money", "cost of placing one order", unit="currency per order", minimum=0, maximum=1_000_000, default=0.0
        ),
    ),
    "one supplier with the lead time, order days and minimum of `[suppliers]` in shop.toml",
)

PRICES = _table(
    "prices",
    "one price of one product (at one location) from a day on",
    ("product_id", "location_id", "valid_from", "price_type"),
    "valid_from",
    (
        Column("product_id", "text", "what it prices", required=True),
        LOCATION_ID,
        Column("valid_from", "day", "first day of the price", required=True),
        Column("valid_to", "day", "last day; empty: until the next price"),
        Column("price", "money", "price per unit", required=True, unit="currency per unit", minimum=0, maximum=1_000_000),
        Column("price_type", "text", "regular or promotional", allowed=("regular", "promotion"), default="regular"),
    ),
    "prices are read off the order lines",
)

PROMOTIONS = _table(
    "promotions",
    "one product on one promotion",
    ("promotion_id", "product_id", "location_id"),
    "starts_on",
    (
        Column("promotion_id", "text", "promotion", required=True),
        Column("product_id", "text", "what is promoted", required=True),
        LOCATION_ID,
        Column("starts_on", "day", "first day", required=True),
        Column("ends_on", "day", "last day", required=True),
        Column("promotion_type", "text", "price, display, mailer, bundle, …", default="price"),
        Column("discount_share", "number", "price cut as a share of the regular price", unit="share", minimum=0, maximum=1, default=0.0),
    ),
    "promotions are not seen in forecasts; price cuts still are",
)

CAMPAIGNS = _table(
    "campaigns",
    "one campaign",
    ("campaign_id",),
    "starts_on",
    (
        Column("campaign_id", "text", "campaign", required=True),
        Column("campaign_name", "text", "name"),
        Column("campaign_type", "text", "coupon, mail, ad, …"),
        Column("channel", "text", "how it reaches customers"),
        Column("starts_on", "day", "first day", required=True),
        Column("ends_on", "day", "last day", required=True),
        Column("is_randomised", "flag", "true where customers were drawn by lot", default=False),
    ),
    "coupons stand alone; no campaign read-outs",
)

COUPONS = _table(
    "coupons",
    "one kind of coupon",
    ("coupon_id",),
    "valid_from",
    (
        Column("coupon_id", "text", "kind of coupon", required=True),
        Column("campaign_id", "text", "campaign it belongs to"),
        Column(
            "face_value",
            "money",
            "what one redemption takes off",
            required=True,
            unit="currency per redemption",
            minimum=0,
            maximum=100_000,
        ),
        Column("min_basket", "money", "smallest basket that may redeem it", unit="currency", minimum=0, maximum=1_000_000, default=0.0),
        Column("category", "text", "category it is limited to; empty: whole shop"),
        Column("valid_from", "day", "first day", required=True),
        Column("valid_to", "day", "last day", required=True),
        Column(
            "issuance_limit", "integer", "how many may be given out (stock of coupons)", unit="coupons", minimum=0, maximum=1_000_000_000
        ),
    ),
    "no coupon budget",
)

COUPON_ASSIGNMENTS = _table(
    "coupon_assignments",
    "one customer in one campaign",
    ("campaign_id", "customer_id"),
    "assigned_on",
    (
        Column("campaign_id", "text", "campaign", required=True),
        _required(CUSTOMER_ID),
        Column("coupon_id", "text", "coupon given; empty: control group"),
        Column("assigned_on", "day", "day it was given", required=True),
        Column(
            "propensity",
            "number",
            "probability of this arm at the draw; empty: not randomised",
            unit="probability",
            minimum=0.000001,
            maximum=1,
        ),
    ),
    "no causal uplift: the coupon tables say `causal = false` and propose a pilot",
)

COUPON_REDEMPTIONS = _table(
    "coupon_redemptions",
    "one redeemed coupon",
    ("coupon_id", "customer_id", "redeemed_on", "order_id"),
    "redeemed_on",
    (
        Column("coupon_id", "text", "coupon", required=True),
        _required(CUSTOMER_ID),
        Column("campaign_id", "text", "campaign"),
        Column("order_id", "text", "order on which it was redeemed", default=""),
        Column("redeemed_on", "day", "day", required=True),
        Column("discount_amount", "money", "what it took off", unit="currency", minimum=0, maximum=100_000),
    ),
    "redemption is taken from order lines with a coupon_id, else assumed from the trial's cost",
)

WEB_EVENTS = _table(
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

AD_SPEND = _table(
    "ad_spend",
    "one channel (and campaign) on one day",
    ("business_day", "channel", "campaign_id"),
    "business_day",
    (
        Column("business_day", "day", "day", required=True),
        Column("channel", "text", "search, social, display, …", required=True),
        Column("campaign_id", "text", "campaign", default="all"),
        Column("spend", "money", "money spent", required=True, unit="currency", minimum=0, maximum=1_000_000_000),
        Column("impressions", "integer", "times shown", unit="impressions", minimum=0, maximum=1_000_000_000_000),
        Column("clicks", "integer", "clicks", unit="clicks", minimum=0, maximum=1_000_000_000_000),
    ),
    "no ad budget",
)

COMPETITOR_PRICES = _table(
    "competitor_prices",
    "one competitor's price of one product on one day",
    ("observed_on", "competitor", "product_id"),
    "observed_on",
    (
        Column("observed_on", "day", "day seen", required=True),
        Column("competitor", "text", "who", required=True),
        Column("product_id", "text", "own product it matches", required=True),
        Column("price", "money", "price per unit", required=True, unit="currency per unit", minimum=0, maximum=1_000_000),
        Column("in_stock", "flag", "could be bought", default=True),
    ),
    "no price index against competitors",
)

LOCATIONS = _table(
    "locations",
    "one location",
    ("location_id",),
    None,
    (
        Column("location_id", "text", "store, warehouse or web shop", required=True),
        Column("location_name", "text", "name"),
        Column("location_type", "text", "store, warehouse, web", default="store"),
        Column("region", "text", "coarse region"),
        Column("volume_capacity_m3", "number", "storage volume", unit="m³", minimum=0, maximum=100_000_000),
        Column("latitude", "number", "degrees north", unit="degrees", minimum=-90, maximum=90),
        Column("longitude", "number", "degrees east", unit="degrees", minimum=-180, maximum=180),
    ),
    "locations are those seen in the sales; no volume limit",
)

CALENDAR = _table(
    "calendar",
    "one day (at one location)",
    ("business_day", "location_id"),
    None,
    (
        Column("business_day", "day", "day", required=True),
        Column("location_id", "text", "location; `all` for every one", default="all"),
        Column("is_open", "flag", "false on closing days", default=True),
        Column("event_name", "text", "holiday or event"),
        Column("event_type", "text", "national, religious, sporting, own, …"),
    ),
    "closing days are learned from weekdays without sales; holidays come from `[shop] country`",
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ORDER_LINES,
        DAILY_SALES,
        PRODUCTS,
        CUSTOMERS,
        STOCK_LEVELS,
        PURCHASE_ORDERS,
        SUPPLIERS,
        PRICES,
        PROMOTIONS,
        CAMPAIGNS,
        COUPONS,
        COUPON_ASSIGNMENTS,
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
        if column.personal == "drop":
            continue
        name = "customer_key" if column.personal == "pseudonym" else column.name
        names.add(name)
        yield name, column.kind
    if "business_day" not in names:
        yield "business_day", "day"
    yield "known_on", "day"
    yield "source_file", "text"
    yield "source_row", "integer"
