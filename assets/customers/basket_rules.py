"""Basket rules of each day: what is bought together, counted on three windows and judged on the weeks after them.

Counted once per training day, so a week of days shares one set of rules; what can be sold and what it earns is the day's own.
"""

from datetime import date
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets.customers.basket_counts import BasketCounts, count_baskets
from assets.customers.purchases import GOODS_SOLD, products_on
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import by_training_day

if TYPE_CHECKING:
    from learning.baskets import BasketSettings

TABLE = "customers.basket_rules"
KEY = dg.AssetKey(TABLE.split("."))
LINES = """
select order_id, product_id, case when age < {holdout} then 0 else 3 - (age - {holdout}) // {window} end as period
from (select order_id, product_id, {day} - business_day as age from ({sold}))
where age < {days}
"""


@dg.multi_asset(
    name="basket_rules",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="customers",
            kinds={"duckdb"},
            deps=[["marts", "fct_order_lines"], ["marts", "dim_products"], ["marts", "product_profile"], ["marts", "fct_purchase_orders"]],
            description="Products bought together more often than by chance, with the lift of the weeks after; no effect of showing them.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def basket_rules(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> dg.MaterializeResult[None]:
    """Count per training day, tell every day what can be sold."""
    from learning.baskets import BasketSettings

    settings = BasketSettings()
    window = partition_window(context)
    made = [table_contracts()[TABLE].empty()]
    left_out = 0
    for counted_on, days in by_training_day(window.days, house.shop.first_day):
        counts = counts_on(warehouse, counted_on, settings)
        left_out = counts.left_out
        for day in days:
            rows = rules_of_day(counts, products_on(warehouse, day), settings)
            stamp = {"as_of_day": pl.lit(day), "counted_on": pl.lit(counted_on), "orders_left_out": pl.lit(left_out)}
            made.append(rows.with_columns(**stamp).select(made[0].columns))
    frame = pl.concat(made, how="vertical_relaxed")
    rows = warehouse.replace_days(table_contracts()[TABLE], frame, window.days)
    last = frame.filter(pl.col("as_of_day") == window.last_day)
    published = last.filter("is_published")
    kept = (published["holdout_lift"].fill_null(0.0) > 2).mean()
    return dg.MaterializeResult(
        asset_key=KEY,
        metadata={
            "dagster/row_count": rows,
            "published rules": published.height,
            "of them with a lift above 2 in the weeks after": 0.0 if kept is None else float(str(kept)),
            "bulk orders left out": left_out,
            "best": dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in published.sort("rank")["reason"].head(10)) or "none"),
        },
    )


def counts_on(warehouse: Warehouse, day: date, settings: "BasketSettings") -> BasketCounts:
    """Counts of the windows up to `day`, as known then."""
    known = f"date '{day.isoformat()}'"
    days = settings.holdout_days + 3 * settings.window_days
    sold = GOODS_SOLD.replace("$day", known)
    lines = LINES.format(day=known, sold=sold, days=days, holdout=settings.holdout_days, window=settings.window_days)
    with warehouse.connect() as connection:
        return count_baskets(connection, lines, settings.fewest_counted, settings.most_products)


def rules_of_day(counts: BasketCounts, products: pl.DataFrame, settings: "BasketSettings") -> pl.DataFrame:
    """The rules with names, what can be sold, margins and words. products: of `products_on`."""
    from learning.baskets import basket_rules as rules_from
    from learning.baskets import with_words

    rules = rules_from(counts.orders, counts.products, counts.pairs, counts.threes, settings)
    for place in ("antecedent", "antecedent_second", "consequent"):
        told = products.select(
            pl.col("product_id").alias(f"{place}_id"),
            pl.col("product_name").alias(f"{place}_only_name"),
            pl.col("is_sellable").alias(f"{place}_sellable"),
            (pl.col("unit_price") - pl.col("unit_cost")).alias(f"{place}_margin"),
        )
        rules = rules.join(told, on=f"{place}_id", how="left", maintain_order="left")
    two = pl.col("antecedent_second_id").is_not_null()
    sellable = pl.col("antecedent_sellable").fill_null(False) & pl.col("consequent_sellable").fill_null(False)
    first = pl.coalesce("antecedent_only_name", "antecedent_id")
    second = pl.coalesce("antecedent_second_only_name", "antecedent_second_id")
    named = rules.with_columns(
        antecedent_name=pl.when(two).then(pl.format("{} and {}", first, second)).otherwise(first),
        consequent_name=pl.coalesce("consequent_only_name", "consequent_id"),
        are_sellable=sellable & (~two | pl.col("antecedent_second_sellable").fill_null(False)),
        margin_per_unit=pl.col("consequent_margin"),
        margin_per_antecedent_order=pl.col("consequent_margin") * pl.col("confidence"),
    )
    return with_words(named, settings)
