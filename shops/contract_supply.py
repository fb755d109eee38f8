"""Contract tables about stock, purchase orders, suppliers, locations and opening days."""

from shops.contract_parts import LOCATION_ID, Column, contract_table

STOCK_LEVELS = contract_table(
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


PURCHASE_ORDERS = contract_table(
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


ORDER_OVERRIDES = contract_table(
    "order_overrides",
    "one buyer's decision about one proposed order line",
    ("order_day", "product_id", "location_id"),
    "order_day",
    (
        Column(
            "order_day",
            "day",
            "day on which the order goes out, as in `replenishment_orders`; a decision recorded up to its end is part of that order, and a "
            "later one comes too late",
            required=True,
        ),
        Column("product_id", "text", "what was decided about", required=True),
        LOCATION_ID,
        Column(
            "action",
            "text",
            "`approve` what was proposed, `edit` the quantity to `units`, `reject` the line",
            required=True,
            allowed=("approve", "edit", "reject"),
        ),
        Column(
            "units",
            "number",
            "units to order; needed for `edit`, with `approve` the quantity that was seen, without meaning for `reject`",
            unit="units",
            minimum=0,
            maximum=10_000_000,
        ),
        Column(
            "reason",
            "text",
            "why; the review tells whether decisions of a kind pay",
            allowed=("promotion", "event", "price", "supplier", "quality", "space", "other"),
        ),
        Column("decided_by", "text", "who decided; ends at landing", personal="drop"),
        Column("note", "text", "free text, in which persons may be named; ends at landing", personal="drop"),
    ),
    "every proposal is taken to be ordered as it is",
)


SUPPLIERS = contract_table(
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


LOCATIONS = contract_table(
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


CALENDAR = contract_table(
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
