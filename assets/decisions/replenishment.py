"""Purchase orders of each day: reads positions, demand distributions, terms and limits; calls the replenishment program; writes its
tables."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import Versions, read_versions
from assets.decisions.day_limits import ORDERS, SPENT_SCHEMA, day_limits, relaxed_limits, relaxed_suppliers, spent_before
from assets.decisions.demand_paths import read_paths, with_paths
from assets.decisions.order_calibration import read_calibration, weights_on
from assets.decisions.order_outlook import make_outlook_tables
from assets.decisions.order_overrides import DECIDED_LINES, as_ordered, concerned, decided_lines, overrides_of, read_overrides, told
from assets.decisions.plan_checks import plan_check_results, plan_check_specs
from assets.decisions.promotion_calendar import make_calendar_tables
from assets.decisions.stock_position import OWN_ORDERS_SCHEMA, read_stock_inputs, stock_position
from assets.decisions.transfers import TRANSFERS, own_transfers_before, transfer_rows, transfers_of_day, with_own_transfers
from assets.house import House
from assets.partitions import partition_window
from assets.supply_terms import Supply, read_supply
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.certificate import certificates_frame
from optimization.replenishment import (
    ReplenishmentPlan,
    ReplenishmentSettings,
    check_plan,
    plan_replenishment,
    with_lost_sale_weights,
)
from optimization.transfers import after_transfers

POSITION = "decisions.stock_position"
SUPPLIERS, LIMITS, CERTIFICATES = "decisions.supplier_orders", "decisions.replenishment_limits", "decisions.replenishment_certificates"
OVERRIDES = "decisions.order_overrides"
TABLES = (POSITION, ORDERS, SUPPLIERS, LIMITS, CERTIFICATES, OVERRIDES, TRANSFERS)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
UPSTREAM = [
    ["demand", "lead_time_quantiles"],
    ["demand", "lead_time_paths"],
    ["marts", "sales_panel"],
    ["marts", "fct_stock_daily"],
    ["marts", "fct_purchase_orders"],
    ["marts", "fct_order_overrides"],
    ["marts", "dim_products"],
    ["marts", "dim_suppliers"],
    ["marts", "dim_locations"],
]
ABOUT = {
    POSITION: "Units on hand and in transit per item.",
    ORDERS: "What to order today, item by item, and why.",
    SUPPLIERS: "The same by supplier.",
    LIMITS: "What each limit allows, what is used and what one more unit of it is worth.",
    CERTIFICATES: "How near to the best plan the orders are proven to be.",
    TRANSFERS: "What to move between locations before anything is bought; empty where the shop has no transfers.",
    OVERRIDES: "What buyers decided about proposed orders, and what each quantity is expected to lead to.",
}
COVER_QUANTILES = ("q05", "q10", "q25", "q50", "q75", "q80", "q90", "q95", "q975", "q99")
LEAD_QUANTILES = ("q10", "q50", "q90")


@dg.multi_asset(
    name="replenishment",
    specs=[dg.AssetSpec(KEYS[name], group_name="decisions", kinds={"pulp"}, deps=UPSTREAM, description=ABOUT[name]) for name in TABLES],
    check_specs=plan_check_specs(KEYS[ORDERS], KEYS[LIMITS], "every rule of the plan"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def replenishment(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Plan each day of the window, in order: with a stock ledger tomorrow's position rests on today's orders."""
    window = partition_window(context)
    supply, stock = read_supply(house, warehouse, window.last_day), read_stock_inputs(house, warehouse, window.last_day)
    locations = read_versions(warehouse, "dim_locations", window.last_day)
    prices = read_versions(
        warehouse,
        "sales_panel",
        window.last_day,
        ("business_day", "product_id", "location_id", "unit_price"),
        where=f"business_day >= date '{window.start}' - 1",
    )
    serving = dict(
        warehouse.read(
            "select as_of_day, model_version from demand.training_runs where as_of_day between ? and ?", [window.start, window.last_day]
        ).rows()
    )
    quantiles = warehouse.read(
        "select * from demand.lead_time_quantiles where as_of_day between ? and ? order by all", [window.start, window.last_day]
    )
    paths = read_paths(warehouse, window.start, window.last_day)
    overrides = read_overrides(warehouse, window.last_day)
    calibration = read_calibration(warehouse, window.last_day)
    make_outlook_tables(warehouse)
    make_calendar_tables(warehouse)
    own_orders, own_transfers = own_orders_before(warehouse, window.start, overrides), own_transfers_before(warehouse, window.start)
    spent = spent_before(warehouse, window.start, house.shop.limits.purchase_budget_days)
    made: dict[str, list[pl.DataFrame]] = {name: [] for name in TABLES}
    plans: list[ReplenishmentPlan] = []
    broken: list[str] = []
    for day in window.days:
        decided = overrides_of(overrides, day)
        places = locations.as_of(day).select("location_id")
        asked_for = decided.join(places, on="location_id", how="semi").select("product_id", "location_id")
        items = _items(house, supply, prices, quantiles.filter(pl.col("as_of_day") == day), day, asked_for)
        items = with_paths(items, paths.filter(pl.col("as_of_day") == day))
        with_decisions = items.join(decided, on=["product_id", "location_id"], how="left")
        before = stock_position(stock, day, with_decisions, as_ordered(own_orders, overrides, day))
        position = with_own_transfers(before, own_transfers, day, stock.opening_day)
        weights, weight_source = weights_on(calibration, day, house.shop.service_targets)
        position = with_lost_sale_weights(position, weights, _settings(house))
        terms = supply.suppliers_on(day)
        limits = day_limits(house, locations, day, spent)
        transfers = transfers_of_day(position, house.shop.transfers, limits, _settings(house))
        for_orders = position if transfers is None else after_transfers(position, transfers.transfers)
        plan = plan_replenishment(for_orders, terms, limits, _settings(house))
        plans.append(plan)
        judged_by = relaxed_suppliers(terms, plan.limits), relaxed_limits(limits, plan.limits)
        broken += [f"{day}: {found.message}" for found in check_plan(for_orders, *judged_by, plan.orders)]
        ordered = plan.orders.select(pl.lit(day).alias("as_of_day"), *list(OWN_ORDERS_SCHEMA)[1:])
        own_orders = pl.concat([own_orders, concerned(ordered, overrides)])
        category = position.select("product_id", "location_id", "category")
        lines = plan.orders.filter(pl.col("order_units") > 0).join(category, on=["product_id", "location_id"], how="left")
        spent = pl.concat([spent, lines.select(pl.lit(day).alias("as_of_day"), *list(SPENT_SCHEMA)[1:])])
        lineage = {"as_of_day": pl.lit(day), "input_version": pl.lit(plan.certificate.input_hash), "run_id": pl.lit(context.run_id)}
        if transfers is not None:
            moved = transfer_rows(transfers, house.shop.transfers, day, context.run_id)
            made[TRANSFERS].append(moved)
            own_transfers = pl.concat([own_transfers, moved.select(own_transfers.columns)])
            broken += [f"{day}: {violation}" for violation in transfers.certificate.violations]
        made[POSITION].append(
            position.select(
                "as_of_day", "product_id", "location_id", "on_hand", "in_transit_units", "overdue_units", "on_hand_flag", "stock_source"
            )
        )
        basis_of_costs = ("cost_source", "supplier_terms", "cost_class", "shortage_weight", "service_class", "service_target")
        cost_source = position.select("product_id", "location_id", *basis_of_costs).with_columns(weight_source=pl.lit(weight_source))
        made[ORDERS].append(
            plan.orders.join(cost_source, on=["product_id", "location_id"], how="left").with_columns(
                **lineage, model_version=pl.lit(serving[day])
            )
        )
        made[OVERRIDES].append(told(plan.overrides, decided, day).with_columns(**lineage))
        basis = pl.lit(position["stock_source"][0] if position.height else None, dtype=pl.String)
        made[SUPPLIERS].append(plan.supplier_orders.with_columns(**lineage, stock_source=basis))
        made[LIMITS].append(plan.limits.with_columns(**lineage, stock_source=basis, plan=pl.lit("replenishment")))
        made[CERTIFICATES].append(
            certificates_frame([plan.certificate, *([] if transfers is None else [transfers.certificate])])
            .with_columns(as_of_day=pl.lit(day), run_id=pl.lit(context.run_id))
            .drop("seconds")
        )
    contracts = table_contracts()
    made[TRANSFERS] = made[TRANSFERS] or [contracts[TRANSFERS].empty()]
    rows = {name: warehouse.replace_days(contracts[name], pl.concat(made[name], how="vertical_relaxed"), window.days) for name in TABLES}
    bought = plans[-1].orders.filter(pl.col("order_units") > 0)
    for name in TABLES:
        extra = (
            {
                "lines_of_last_day": bought.height,
                "value_of_last_day": float(bought["order_value"].sum()),
                "first lines": dg.MetadataValue.md(_first_lines(bought)),
            }
            if name == ORDERS
            else {}
        )
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows[name], **extra})
    proofs = [(day, plan.certificate) for day, plan in zip(window.days, plans, strict=True)]
    yield from plan_check_results(KEYS[ORDERS], KEYS[LIMITS], proofs, broken)


def own_orders_before(warehouse: Warehouse, day: date, overrides: Versions) -> pl.DataFrame:
    """Orders of earlier days (`OWN_ORDERS_SCHEMA`), also those of nothing where a buyer decided otherwise."""
    if not warehouse.exists(ORDERS):
        return pl.DataFrame(schema=OWN_ORDERS_SCHEMA)
    # rows of nothing ordered are needed where a buyer decided otherwise
    stored = warehouse.read(
        f"with decided as ({DECIDED_LINES}) select as_of_day, product_id, location_id, order_units, expected_arrival_on from {ORDERS} "
        "where as_of_day < ? and (order_units > 0 or (as_of_day, product_id, location_id) in (select * from decided)) order by all",
        [*decided_lines(overrides), day],
    ).cast(OWN_ORDERS_SCHEMA)
    return concerned(stored, overrides)


def _items(
    house: House, supply: Supply, prices: Versions, quantiles: pl.DataFrame, day: date, asked_for: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per item with a forecast: terms, cost, price and the two demand distributions the program weighs.

    asked_for: items (product_id, location_id) that a buyer decided about; they have a row also without a forecast.
    """
    key = ["product_id", "location_id"]
    wanted = [quantiles.select(key), *([] if asked_for is None else [asked_for.select(key)])]
    terms = supply.products_on(day)
    price = (
        prices.as_of(day)
        .filter(pl.col("business_day") <= day)
        .sort("business_day")
        .group_by(key, maintain_order=True)
        .last()
        .select(*key, "unit_price")
    )
    cost_share = house.shop.assumptions.cost_share
    items = (
        pl.concat(wanted)
        .unique()
        .join(terms, on="product_id")
        .join(price, on=key, how="left")
        .with_columns(
            cost_source=pl.when(pl.col("unit_cost").is_not_null()).then(pl.lit("shop")).otherwise(pl.lit("assumed share of price")),
            unit_cost=pl.coalesce("unit_cost", pl.col("unit_price") * cost_share),
            discontinued=pl.col("discontinued_on").is_not_null() & (pl.col("discontinued_on") < pl.col("order_day")),
            cover_days=pl.col("lead_time_days") + pl.col("review_days"),
        )
    )
    lead = quantiles.select(
        *key, lead_time_days="horizon_days", lead_mean_units="mean_units", **{f"lead_{name}": name for name in LEAD_QUANTILES}
    )
    cover = quantiles.select(
        *key,
        cover_days="horizon_days",
        cover_mean_units="mean_units",
        forecast_model="model",
        **{f"cover_{name}": name for name in COVER_QUANTILES},
    )
    return items.join(lead, on=[*key, "lead_time_days"], how="left").join(cover, on=[*key, "cover_days"], how="left").sort(key)


def _settings(house: House) -> ReplenishmentSettings:
    assumptions = house.shop.assumptions
    return ReplenishmentSettings(
        holding_cost_per_year=assumptions.holding_cost_per_year, lost_sale_cost_share=assumptions.lost_sale_cost_share
    )


def _first_lines(bought: pl.DataFrame) -> str:
    worth = bought.with_columns(pl.col("order_value").fill_null(0.0))  # a buyer may order what has no known cost
    top = worth.sort("order_value", "product_id", "location_id", descending=[True, False, False]).head(8)
    lines = ["| product | location | units | value | why |", "|---|---|---|---|---|"]
    return "\n".join(
        lines
        + [
            f"| {row['product_id']} | {row['location_id']} | {row['order_units']:.0f} | {row['order_value']:.2f} | {row['sentence']} |"
            for row in top.to_dicts()
        ]
    )
