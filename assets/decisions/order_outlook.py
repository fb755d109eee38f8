"""What the coming weeks are going to order: the rolling horizon over the shop's own forecast, stock, open orders and limits.

Not part of the daily job: it runs weekly, or with `countinghouse outlook`. It sets no order: what goes out tomorrow comes from the day's
own plan, and is taken here as decided. Demand is its mean, so what is kept against its spread is not in it.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.decisions.order_overrides import as_ordered, read_overrides
from assets.decisions.outlook_frames import KEY as ITEM_KEY
from assets.decisions.outlook_frames import Outlook, outlook_items, outlook_periods, plan_outlook, weekly_limits
from assets.decisions.stock_position import open_orders, read_stock_inputs
from assets.decisions.transfers import TRANSFERS
from assets.house import House
from assets.partitions import partition_window
from assets.supply_terms import read_supply
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.certificate import certificates_frame

OUTLOOK, LIMITS, CERTIFICATES = "decisions.order_outlook", "decisions.order_outlook_limits", "decisions.order_outlook_certificates"
TABLES = (OUTLOOK, LIMITS, CERTIFICATES)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
ABOUT = {
    OUTLOOK: "What each item is expected to sell, receive and order in the coming weeks, from mean demand; sets no order.",
    LIMITS: "Planned value and volume of each coming week against its budget and room, with prices.",
    CERTIFICATES: "How near to the best plan the outlook is proven to be, and what it leaves out.",
}
UPSTREAM = [
    ["decisions", "replenishment_orders"],
    ["decisions", "transfers"],
    ["demand", "forecast_daily"],
    ["marts", "fct_purchase_orders"],
    ["marts", "fct_order_overrides"],
    ["marts", "dim_products"],
    ["marts", "dim_suppliers"],
    ["marts", "dim_locations"],
]


class NothingToForeseeError(ValueError):
    """The day has no orders or forecast; the message says what to do."""


@dg.multi_asset(
    name="order_outlook",
    specs=[
        dg.AssetSpec(KEYS[name], group_name="decisions", kinds={"pulp"}, tags={"cadence": "weekly"}, deps=UPSTREAM, description=ABOUT[name])
        for name in TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "outlook_is_checked", asset=KEYS[OUTLOOK], blocking=True, description="An independent checker recomputed every rule of it."
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def order_outlook(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Look ahead from each day of the window."""
    window = partition_window(context)
    made: dict[str, list[pl.DataFrame]] = {name: [] for name in TABLES}
    broken: list[str] = []
    for day in window.days:
        outlook = outlook_on(house, warehouse, day)
        lineage = {"as_of_day": pl.lit(day), "run_id": pl.lit(context.run_id)}
        fingerprint = pl.lit(outlook.certificate.input_hash)
        made[OUTLOOK].append(outlook.plan.with_columns(**lineage, input_version=fingerprint))
        made[LIMITS].append(outlook.limits.with_columns(**lineage, input_version=fingerprint))
        made[CERTIFICATES].append(
            certificates_frame([outlook.certificate])
            .drop("seconds")
            .with_columns(
                **lineage,
                weeks=pl.lit(outlook.weeks),
                items=pl.lit(outlook.items),
                items_left_out=pl.lit(outlook.left_out),
                suppliers_terms=pl.lit(outlook.suppliers_terms),
            )
        )
        broken += [f"{day}: {violation}" for violation in outlook.certificate.violations]
    for name in TABLES:
        rows = warehouse.replace_days(table_contracts()[name], pl.concat(made[name], how="vertical_relaxed"), window.days)
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows})
    yield dg.AssetCheckResult(
        check_name="outlook_is_checked", asset_key=KEYS[OUTLOOK], passed=not broken, metadata={"violations": "; ".join(broken[:5])}
    )


def outlook_on(house: House, warehouse: Warehouse, day: date) -> Outlook:
    """The outlook from the end of `day`, on which orders must have been decided. Raises NothingToForeseeError where there is nothing."""
    orders = warehouse.read("select * from decisions.replenishment_orders where as_of_day = ? order by all", [day])
    forecast = warehouse.read(
        "select product_id, location_id, business_day, forecast_units from demand.forecast_daily where as_of_day = ? order by all", [day]
    )
    if orders.is_empty() or forecast.is_empty():
        raise NothingToForeseeError(f"Nothing was decided for {day}: run `countinghouse run --day {day}` first.")
    shop, supply = house.shop, read_supply(house, warehouse, day)
    products = supply.products_on(day)
    items = outlook_items(orders, products, forecast, shop.assumptions.holding_cost_per_year, shop.assumptions.lost_sale_cost_share)
    if items.is_empty():
        raise NothingToForeseeError(f"No item of {day} has a forecast, a cost, a price and a known stock: nothing can be foreseen.")
    periods = outlook_periods(items, forecast, _due(house, warehouse, day, orders), day)
    weeks = int(periods.select(pl.col("period").max()).item()) + 1
    locations = read_versions(warehouse, "dim_locations", day).as_of(day).filter(pl.col("volume_capacity_m3").is_not_null())
    volumes = {**dict(locations.select("location_id", "volume_capacity_m3").rows()), **shop.limits.warehouse_volume_m3}
    spent = orders.join(products.select("product_id", "category"), on="product_id", how="left").select("category", "order_value")
    limits = weekly_limits(
        weeks,
        shop.limits.purchase_budget,
        shop.limits.purchase_budget_categories,
        shop.limits.purchase_budget_days,
        volumes,
        spent.with_columns(pl.col("order_value").fill_null(0.0)),
    )
    return plan_outlook(items, periods, supply.suppliers_on(day), limits, day, orders.height - items.height)


def _due(house: House, warehouse: Warehouse, day: date, orders: pl.DataFrame) -> pl.DataFrame:
    """Everything on its way: open orders of earlier days, today's orders, and transfers. product_id, location_id, due_on, due_units."""
    from assets.decisions.replenishment import own_orders_before

    overrides = read_overrides(warehouse, day)
    earlier = as_ordered(own_orders_before(warehouse, day, overrides), overrides, day)
    open_before = open_orders(read_stock_inputs(house, warehouse, day), day, earlier)
    today = orders.filter(pl.col("order_units") > 0).select(*ITEM_KEY, due_on="expected_arrival_on", due_units="order_units")
    moved = warehouse.read(
        f"select product_id, to_location_id as location_id, arrives_on as due_on, transfer_units as due_units from {TRANSFERS} "
        "where as_of_day <= ? and arrives_on > ? order by all",
        [day, day],
    )
    parts = [part.select(*ITEM_KEY, "due_on", pl.col("due_units").cast(pl.Float64)) for part in (open_before, today, moved)]
    return pl.concat(parts).sort(*ITEM_KEY, "due_on", "due_units")


def make_outlook_tables(warehouse: Warehouse) -> None:
    """Make the tables, empty, where there are none, so that whoever reads the warehouse finds every table that is documented."""
    for name in TABLES:
        if not warehouse.exists(name):
            warehouse.replace_days(table_contracts()[name], table_contracts()[name].empty(), [])


def outlook_weeks(warehouse: Warehouse, day: date) -> pl.DataFrame:
    """One row per week of the outlook from `day`: period_start, value, lines, lost_units, budget (what today's orders leave of it in the
    first week; empty without one) and shadow_price."""
    return warehouse.read(
        f"select o.period_start, sum(o.planned_order_value) as value, count(*) filter (o.planned_order_units > 0) as lines, "
        f"sum(o.lost_units) as lost_units, any_value(l.allowed) as budget, any_value(l.shadow_price) as shadow_price "
        f"from {OUTLOOK} o left join {LIMITS} l on l.as_of_day = o.as_of_day and l.period = o.period and l.limit_name = 'purchase_budget' "
        "where o.as_of_day = ? group by o.period, o.period_start order by o.period",
        [day],
    )


__all__ = ["NothingToForeseeError", "make_outlook_tables", "order_outlook", "outlook_on", "outlook_weeks"]
