"""What happened in the tiny shop day by day: order lines, stock and purchase orders, redemptions, traffic.

Every record carries the time it was recorded, some days late for a share of them.
"""

from datetime import date, datetime, time, timedelta

import numpy as np
import polars as pl


def recorded(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The frame with `recorded_at` at six in the morning of the day."""
    return frame.with_columns(recorded_at=pl.lit(datetime.combine(day, time(6)), dtype=pl.Datetime("us")))


def recorded_late(frame: pl.DataFrame, about: str, chance: np.random.Generator, share: float = 0.12) -> pl.DataFrame:
    """Recorded at eleven at night of the about day, or one to seven days later."""
    late = np.where(chance.random(frame.height) < share, chance.integers(1, 8, frame.height), 0)
    moment = pl.col(about).cast(pl.Date).cast(pl.Datetime("us")) + pl.duration(hours=23) + pl.duration(days=pl.Series(late))
    return frame.with_columns(recorded_at=moment)


def order_lines(
    calendar: list[date], catalogue: pl.DataFrame, arms: dict[str, bool], trial_day: date, chance: np.random.Generator
) -> pl.DataFrame:
    """Sales, returns, corrections and cancellations, as recorded. arms: whether a customer was given the trial's coupon."""
    prices = catalogue["regular_price"].to_list()
    goods = catalogue["product_id"].to_list()
    buyers = list(arms)
    rows = []
    for step, day in enumerate(calendar):
        if day.weekday() == 6:
            continue
        for number in range(int(chance.poisson(9 if day.weekday() >= 4 else 6))):
            buyer = buyers[int(chance.integers(0, len(buyers)))]
            in_window = trial_day < day <= trial_day + timedelta(days=14)
            uses_coupon = in_window and arms[buyer] and chance.random() < 0.5
            for line in range(int(chance.integers(1, 4))):
                item = int(chance.integers(0, len(goods)))
                rows.append(
                    {
                        "order_id": f"O{step:03d}-{number}",
                        "line_id": str(line + 1),
                        "order_ts": datetime.combine(day, time(9 + number % 10)),
                        "line_type": "sale",
                        "product_id": goods[item],
                        "customer_id": None if chance.random() < 0.1 else buyer,
                        "units": float(chance.integers(1, 4)),
                        "unit_price": prices[item],
                        "discount_amount": 2.0 if uses_coupon and line == 0 else 0.0,
                        "coupon_id": "TWO" if uses_coupon and line == 0 else None,
                        "channel": ("store", "web")[number % 2],
                    }
                )
    schema = {
        "coupon_id": pl.String,
        "customer_id": pl.String,
        "order_ts": pl.Datetime("us"),
        "units": pl.Float64,
        "discount_amount": pl.Float64,
    }
    sales = pl.DataFrame(rows, schema_overrides=schema)
    returned = sales.filter(pl.Series(chance.random(sales.height) < 0.04)).with_columns(
        order_id="R" + pl.col("order_id"),
        line_type=pl.lit("return"),
        units=-pl.col("units"),
        order_ts=pl.min_horizontal(pl.col("order_ts") + pl.duration(days=5), pl.lit(datetime.combine(calendar[-1], time(12)))),
        discount_amount=pl.lit(0.0),
        coupon_id=pl.lit(None, dtype=pl.String),
    )
    kept = recorded_late(pl.concat([sales, returned]), "order_ts", chance)
    corrected = sales.filter(pl.Series(chance.random(sales.height) < 0.02)).with_columns(units=pl.col("units") + 1)
    cancelled = sales.filter(pl.Series(chance.random(sales.height) < 0.02)).with_columns(line_type=pl.lit("cancellation"))
    later = recorded_late(pl.concat([corrected, cancelled]), "order_ts", chance, share=1.0)
    return pl.concat([kept, later]).sort("recorded_at", "order_id", "line_id")


def stock(
    lines: pl.DataFrame, catalogue: pl.DataFrame, calendar: list[date], chance: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts that fall with the sales, and a purchase order of a week's sales whenever they run low; received four days later."""
    by_day = lines.filter(pl.col("line_type") == "sale").group_by("product_id", day=pl.col("order_ts").dt.date()).agg(pl.col("units").sum())
    sold = {(product, day): units for product, day, units in by_day.iter_rows()}
    counts, orders = [], []
    for product, supplier, cost in catalogue.select("product_id", "supplier_id", "unit_cost").iter_rows():
        on_hand, coming = 25.0, {}
        for day in calendar:
            on_hand = max(0.0, on_hand + coming.pop(day, 0.0) - sold.get((product, day), 0.0))
            counts.append({"business_day": day, "product_id": product, "on_hand": on_hand})
            if on_hand < 10 and not coming:
                arrival = day + timedelta(days=4)
                coming[arrival] = 18.0
                order = {
                    "po_id": f"PO-{product}-{day}",
                    "line_id": "1",
                    "product_id": product,
                    "supplier_id": supplier,
                    "ordered_on": day,
                    "expected_on": arrival,
                    "units_ordered": 18.0,
                    "unit_cost": cost,
                }
                orders.append({**order, "received_on": None, "units_received": None, "recorded_at": datetime.combine(day, time(18))})
                if arrival <= calendar[-1]:
                    orders.append(
                        {**order, "received_on": arrival, "units_received": 18.0, "recorded_at": datetime.combine(arrival, time(18))}
                    )
    stock = recorded_late(pl.DataFrame(counts), "business_day", chance, share=0.05)
    schema = {"received_on": pl.Date, "units_received": pl.Float64}
    return stock, pl.DataFrame(orders, schema_overrides=schema, infer_schema_length=None)


def redemptions(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per order in which the trial's coupon was used."""
    return (
        lines.filter(pl.col("coupon_id").is_not_null() & pl.col("customer_id").is_not_null() & (pl.col("line_type") == "sale"))
        .select(
            "coupon_id",
            "customer_id",
            "order_id",
            campaign_id=pl.lit("TRIAL"),
            redeemed_on=pl.col("order_ts").dt.date(),
            discount_amount="discount_amount",
            recorded_at="recorded_at",
        )
        .unique(["coupon_id", "customer_id", "order_id"], keep="first", maintain_order=True)
    )


def traffic(calendar: list[date], goods: list[str], buyers: list[str], chance: np.random.Generator) -> dict[str, pl.DataFrame]:
    """Web events, ad spend and competitor prices: landed and kept, read by no decision yet."""
    days = pl.DataFrame({"business_day": calendar})
    events = days.with_row_index("number").select(
        event_id=pl.format("E{}", "number"),
        event_ts=pl.col("business_day").cast(pl.Datetime("us")) + pl.duration(hours=13),
        customer_id=pl.Series([buyers[each] for each in chance.integers(0, len(buyers), len(calendar))]),
        event_type=pl.lit("view"),
        product_id=pl.Series([goods[each] for each in chance.integers(0, len(goods), len(calendar))]),
    )
    spend = days.select("business_day", channel=pl.lit("search"), spend=pl.lit(12.5), clicks=pl.lit(40))
    seen = days.filter(pl.col("business_day").dt.weekday() == 1).select(
        observed_on="business_day", competitor=pl.lit("THEM"), product_id=pl.lit(goods[0]), price=pl.lit(5.5)
    )
    return {
        "web_events": recorded_late(events, "event_ts", chance),
        "ad_spend": recorded_late(spend, "business_day", chance),
        "competitor_prices": recorded_late(seen, "observed_on", chance),
    }
