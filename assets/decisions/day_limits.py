"""The limits of a day's orders: what shop.toml and the locations allow, what earlier days used, and by what a plan is judged where limits
gave way."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions
from assets.house import House
from assets.warehouse import Warehouse
from optimization.replenishment import ReplenishmentLimits

ORDERS = "decisions.replenishment_orders"
SPENT_SCHEMA = {"as_of_day": pl.Date, "category": pl.String, "order_value": pl.Float64}


def spent_before(warehouse: Warehouse, day: date, days: int) -> pl.DataFrame:
    """Value of each order line of the days before `day` that share a budget with it, by the category its product had then."""
    if days <= 1 or not warehouse.exists(ORDERS):
        return pl.DataFrame(schema=SPENT_SCHEMA)
    return warehouse.read(
        f"select o.as_of_day, p.category, o.order_value from {ORDERS} o left join marts.dim_products p on p.product_id = o.product_id "
        "and p.known_on <= o.as_of_day and (p.superseded_on is null or p.superseded_on > o.as_of_day) "
        "where o.order_units > 0 and o.as_of_day < ? and o.as_of_day > ? order by all",
        [day, day - timedelta(days=days)],
    ).cast(SPENT_SCHEMA)


def day_limits(house: House, locations: Versions, day: date, spent: pl.DataFrame) -> ReplenishmentLimits:
    """Limits of shop.toml; a location's own capacity where shop.toml names none. What was ordered on the days before that share the budget
    counts as used."""
    given = house.shop.limits
    earlier = spent.filter(pl.col("as_of_day") > day - timedelta(days=given.purchase_budget_days), pl.col("as_of_day") < day)
    known = locations.as_of(day).filter(pl.col("volume_capacity_m3").is_not_null())
    volume = dict(known.select("location_id", "volume_capacity_m3").rows())
    by_category = earlier.drop_nulls("category").group_by("category").agg(pl.col("order_value").sum())
    return ReplenishmentLimits(
        given.purchase_budget,
        {**volume, **given.warehouse_volume_m3},
        purchase_budget_by_category=given.purchase_budget_categories,
        purchase_budget_used=float(earlier["order_value"].sum()),
        purchase_budget_used_by_category=dict(by_category.iter_rows()),
    )


def relaxed_limits(limits: ReplenishmentLimits, table: pl.DataFrame) -> ReplenishmentLimits:
    """The limits by which a plan is judged: as given, and where limits collide given way by just what the plan's table says."""
    relaxed = {(row["limit_name"], row["scope"]): row["relaxed_by"] for row in table.to_dicts() if row["relaxed_by"] > 0}
    budget = limits.purchase_budget
    return replace(
        limits,
        purchase_budget=None if budget is None else budget + relaxed.get(("purchase_budget", "all"), 0.0),
        warehouse_volume_m3={
            place: room + relaxed.get(("warehouse_volume", place), 0.0) for place, room in limits.warehouse_volume_m3.items()
        },
        purchase_budget_by_category={
            name: money + relaxed.get(("category_budget", name), 0.0) for name, money in limits.purchase_budget_by_category.items()
        },
    )


def relaxed_suppliers(suppliers: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The suppliers' terms by which a plan is judged: a minimum that the buyer's quantities do not reach gives way by what is missing."""
    missing = dict(
        table.filter((pl.col("limit_name") == "supplier_minimum") & (pl.col("relaxed_by") > 0)).select("scope", "relaxed_by").rows()
    )
    relaxed = pl.col("supplier_id").replace_strict(missing, default=0.0, return_dtype=pl.Float64)
    return suppliers.with_columns(min_order_value=(pl.col("min_order_value") - relaxed).clip(lower_bound=0.0))
