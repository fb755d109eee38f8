"""A large simulated shop's randomised trials, with what was known of each customer the evening before and what only the simulator knows.

The features repeat `dbt/macros/customer_features.sql` for a shop without late records; only the benchmark uses them.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from learning.response import FEATURES
from shops.simulated.coupon_tables import assignments_table, redemptions_table
from shops.simulated.coupons import WINDOW_DAYS
from shops.simulated.records import order_lines_table
from shops.simulated.sizes import ShopSize
from shops.simulated.till import SHIPPING_ID
from shops.simulated.trading import Trading
from shops.simulated.truth import true_uplift_table
from shops.simulated.world import World, make_world

LAST_DAY = date(2025, 12, 31)
TRIAL_AGES = (45, 115, 190, 265)


@dataclass(frozen=True)
class Pool:
    """facts: campaign facts of every customer and trial (grain: campaign_id, customer_key). profiles: features on the last day of the
    customers who may be written to. truth: true consequences per as_of_day, customer and face value (see `shops.simulated.truth`)."""

    facts: pl.DataFrame
    profiles: pl.DataFrame
    truth: pl.DataFrame


def make_pool(customers: int, seed: int = 7) -> Pool:
    """Simulate a shop of so many customers and read its four trials; at most 50,000, the sample that the truth is written for."""
    size = ShopSize("medium", 420, 150, 1, 1, customers, 12, TRIAL_AGES, 500, 0.02, 0.05, 4_000.0)
    world = make_world(size, LAST_DAY, seed)
    trading, uplift = Trading(world), []
    for day in range(world.days.n_history):
        trading.day(day)
        if day == world.days.n_history - 1 or any(world.book.campaigns[number].is_randomised for number in world.book.given_on(day)):
            uplift.append(true_uplift_table(world, day, trading.last_order))
    truth = pl.concat(uplift).rename({"customer_id": "customer_key"})
    orders = _orders(world, trading)
    given = assignments_table(world, trading.ledger.assignments.take()).rename({"customer_id": "customer_key"})
    given = given.filter(pl.col("propensity").is_not_null())
    return Pool(
        facts=_facts(given, orders, redemptions_table(world, trading.ledger.redemptions.take()).rename({"customer_id": "customer_key"})),
        profiles=customer_features(orders, given.select("customer_key").unique(), LAST_DAY),
        truth=truth,
    )


def _orders(world: World, trading: Trading) -> pl.DataFrame:
    """One row per order as finally recorded: customer_key, business_day, sale lines, revenue, discount, margin."""
    lines = order_lines_table(
        trading.ledger.order_lines.take(), world.first_second, world.catalogue, world.prices, world.book, world.customer_id
    )
    cost = pl.DataFrame({"product_id": world.catalogue.product_id, "unit_cost": world.catalogue.unit_cost}).unique("product_id")
    final = (
        lines.sort("recorded_at")
        .unique(["order_id", "line_id"], keep="last", maintain_order=True)
        .filter((pl.col("line_type") != "cancellation") & pl.col("customer_id").is_not_null() & (pl.col("product_id") != SHIPPING_ID))
        .join(cost, on="product_id", how="left")
        .with_columns(
            is_sale=pl.col("line_type") == "sale",
            gross=pl.col("units") * pl.col("unit_price"),
            business_day=pl.col("order_ts").dt.date(),
        )
        .with_columns(net=pl.col("gross") - pl.col("discount_amount"))
    )
    sold = pl.col("is_sale")
    return (
        final.group_by("order_id", "customer_id", "business_day")
        .agg(
            sale_lines=sold.sum(),
            net_revenue=pl.col("net").sum(),
            sale_revenue=pl.col("net").filter(sold).sum(),
            gross_revenue=pl.col("gross").filter(sold).sum(),
            discount_amount=pl.col("discount_amount").filter(sold).sum(),
            promoted_revenue=pl.col("net").filter(sold & pl.col("promotion_id").is_not_null()).sum(),
            margin=(pl.col("net") - pl.col("units") * pl.col("unit_cost")).sum(),
            units=pl.col("units").filter(sold).sum(),
            units_returned=-pl.col("units").filter(~sold).sum(),
            has_coupon=pl.col("coupon_id").is_not_null().any(),
        )
        .rename({"customer_id": "customer_key"})
        .sort("customer_key", "business_day", "order_id")
    )


def customer_features(orders: pl.DataFrame, customers: pl.DataFrame, day: date) -> pl.DataFrame:
    """Return FEATURES per customer of what was ordered up to `day`, that day included (grain: customer_key)."""
    known = orders.filter(pl.col("business_day") <= day).join(customers, on="customer_key", how="semi")
    placed, bought = pl.col("sale_lines") > 0, pl.col("business_day")

    def within(days: int) -> pl.Expr:
        return bought > day - timedelta(days=days)

    def ratio(part: str, whole: str) -> pl.Expr:
        return pl.when(pl.col(whole) != 0).then(pl.col(part) / pl.col(whole)).otherwise(0.0)

    per = known.group_by("customer_key").agg(
        first=bought.filter(placed).min(),
        last=bought.filter(placed).max(),
        order_days=bought.filter(placed).n_unique(),
        orders=placed.sum(),
        sale_revenue=pl.col("sale_revenue").sum(),
        **{f"orders_{days}": (placed & within(days)).sum() for days in (28, 84, 365)},
        **{f"net_revenue_{days}": pl.col("net_revenue").filter(within(days)).sum() for days in (84, 365)},
        margin_365=pl.col("margin").filter(within(365)).sum(),
        coupon_orders_365=(pl.col("has_coupon") & within(365)).sum(),
        **{name: pl.col(name).filter(within(365)).sum() for name in ("discount_amount", "gross_revenue", "promoted_revenue")},
        sale_revenue_365=pl.col("sale_revenue").filter(within(365)).sum(),
        units=pl.col("units").filter(within(365)).sum(),
        units_returned=pl.col("units_returned").filter(within(365)).sum(),
    )
    told = per.filter(pl.col("orders") > 0).with_columns(
        recency_days=(pl.lit(day) - pl.col("last")).dt.total_days(),
        tenure_days=(pl.lit(day) - pl.col("first")).dt.total_days(),
        basket_value_mean=pl.col("sale_revenue") / pl.col("orders"),
        discount_share=ratio("discount_amount", "gross_revenue"),
        promotion_share=ratio("promoted_revenue", "sale_revenue_365"),
        return_rate=ratio("units_returned", "units"),
        gap_mean_days=pl.when(pl.col("order_days") > 1).then(
            (pl.col("last") - pl.col("first")).dt.total_days() / (pl.col("order_days") - 1)
        ),
    )
    told = told.with_columns(due_ratio=pl.col("recency_days") / pl.col("gap_mean_days"))
    never_empty = [name for name in FEATURES if name not in ("recency_days", "tenure_days", "gap_mean_days", "due_ratio")]
    joined = customers.join(told.select("customer_key", *FEATURES), on="customer_key", how="left").sort("customer_key")
    return joined.with_columns(pl.col(FEATURES).cast(pl.Float64)).with_columns(pl.col(never_empty).fill_null(0.0))


def _facts(given: pl.DataFrame, orders: pl.DataFrame, redemptions: pl.DataFrame) -> pl.DataFrame:
    """Join features of the evening before with what was bought and redeemed in the outcome window."""
    parts = []
    for (day,), drawn in given.group_by("assigned_on", maintain_order=True):
        end = day + timedelta(days=WINDOW_DAYS)
        after = orders.filter((pl.col("business_day") > day) & (pl.col("business_day") <= end))
        outcomes = after.group_by("customer_key").agg(
            outcome_orders=(pl.col("sale_lines") > 0).sum().cast(pl.Int64), outcome_margin=pl.col("margin").sum()
        )
        used = redemptions.filter((pl.col("redeemed_on") > day) & (pl.col("redeemed_on") <= end))
        used = used.group_by("customer_key", "coupon_id").agg(redemption_discount=pl.col("discount_amount").sum())
        features = customer_features(orders, drawn.select("customer_key"), day - timedelta(days=1))
        parts.append(
            drawn.select("campaign_id", "customer_key", "coupon_id", "propensity", "assigned_on")
            .join(features, on="customer_key")
            .join(outcomes, on="customer_key", how="left")
            .join(used, on=["customer_key", "coupon_id"], how="left")
            .with_columns(
                face_value=pl.col("coupon_id").str.slice(-2).cast(pl.Float64).fill_null(0.0),
                redeemed=pl.col("redemption_discount").is_not_null(),
                redemption_discount=pl.col("redemption_discount").fill_null(0.0),
                outcome_orders=pl.col("outcome_orders").fill_null(0),
                outcome_margin=pl.col("outcome_margin").fill_null(0.0),
            )
        )
    return pl.concat(parts).sort("campaign_id", "customer_key")
