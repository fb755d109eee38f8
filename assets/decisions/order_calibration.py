"""How often a lost sale's cost counts when orders are weighed, by cost class: chosen by replaying the shop's own last weeks.

Not part of the daily job: a replay fits the demand model several times. It runs monthly, or with `countinghouse calibrate`; the daily
orders read the newest rows that were known on their day, and say `textbook` where there are none.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from assets.demand.panels import read_demand_inputs
from assets.house import House
from assets.partitions import partition_window
from assets.supply_terms import read_supply
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.replenishment import LostSaleWeights

CALIBRATION = "decisions.order_calibration"
KEY = dg.AssetKey(CALIBRATION.split("."))


@dg.multi_asset(
    name="order_calibration",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="decisions",
            kinds={"pulp"},
            tags={"cadence": "monthly"},
            deps=[["marts", "sales_panel"], ["marts", "dim_products"], ["marts", "dim_suppliers"]],
            description="How often a lost sale's cost counts, by cost class, chosen in closed loop on past weeks.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def order_calibration(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Replay what was known on each day of the window."""
    window = partition_window(context)
    rows = pl.concat([calibration_on(house, warehouse, day, context.run_id, context.log.info) for day in window.days])
    count = warehouse.replace_days(table_contracts()[CALIBRATION], rows, window.days)
    yield dg.MaterializeResult(asset_key=KEY, metadata={"dagster/row_count": count})


def calibration_on(house: House, warehouse: Warehouse, day: date, run_id: str, say: Any) -> pl.DataFrame:
    """One row per cost class for the orders after `day`."""
    from assets.closed_loop.shop_case import shop_case
    from assets.closed_loop.shop_replay import CLASSES, calibrate_shop

    case = shop_case(house, read_demand_inputs(house, warehouse, day), read_supply(house, warehouse, day), day)
    found = calibrate_shop(case, say)
    weights = found.weights
    rows = []
    for number, name in enumerate(CLASSES):
        cost = dict(zip(weights.tried, weights.cost[number].tolist(), strict=True))
        best = min(cost, key=lambda weight: (cost[weight], weight)) if cost else None
        rows.append(
            {
                "as_of_day": day,
                "cost_class": name,
                "shortage_weight": float(weights.chosen[number]),
                "items": found.items[number],
                "windows": len(found.windows),
                "first_window_after": min(found.windows, default=None),
                "last_window_after": max(found.windows, default=None),
                "textbook_cost": cost.get(1.0),
                "best_weight": best,
                "best_cost": None if best is None else cost[best],
                "run_id": run_id,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"first_window_after": pl.Date, "last_window_after": pl.Date, "best_weight": pl.Float64})


def read_calibration(warehouse: Warehouse, last_day: date) -> pl.DataFrame:
    """Calibrations of days up to `last_day`: as_of_day, cost_class, shortage_weight, windows."""
    if not warehouse.exists(CALIBRATION):
        kinds = {"as_of_day": pl.Date, "cost_class": pl.String, "shortage_weight": pl.Float64, "windows": pl.Int64}
        return pl.DataFrame(schema=kinds)
    return warehouse.read(
        f"select as_of_day, cost_class, shortage_weight, windows from {CALIBRATION} where as_of_day <= ? order by all", [last_day]
    )


def weights_on(calibration: pl.DataFrame, day: date, service_targets: Mapping[str, float]) -> tuple[LostSaleWeights, str]:
    """The newest weights that were known on `day`, and where they come from in words."""
    newest = calibration.filter((pl.col("as_of_day") <= day) & (pl.col("windows") > 0))["as_of_day"].max()
    if newest is None:
        return LostSaleWeights({}, service_targets), "textbook"
    rows = calibration.filter(pl.col("as_of_day") == newest)
    return LostSaleWeights(dict(rows.select("cost_class", "shortage_weight").rows()), service_targets), f"replay of {newest}"
