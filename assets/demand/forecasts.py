"""Scoring: every day's forecast of every item, and the distribution of its demand over lead time and review period.

The distribution is that of the *sum* over the days until arrival and until the arrival after next; it is never a sum of daily quantiles.
How the two sums belong together is in the paths.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from assets.demand.panel_model import load_model
from assets.demand.panels import read_demand_inputs
from assets.demand.pictures import forecast_picture
from assets.house import House
from assets.partitions import partition_window
from assets.supply_terms import read_supply, supply_horizons
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

if TYPE_CHECKING:
    from learning.demand.panel_model import PanelModel

DAILY, SUMS, LOST = "demand.forecast_daily", "demand.lead_time_quantiles", "demand.lost_demand"
PATHS = "demand.lead_time_paths"
KEYS = {name: dg.AssetKey(name.split(".")) for name in (DAILY, SUMS, PATHS, LOST)}
LOST_SCHEMA = {
    "as_of_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "sold_units": pl.Float64,
    "demand_units": pl.Float64,
    "lost_units": pl.Float64,
    "lost_value": pl.Float64,
}
LOST_REACH_DAYS = 224  # what the estimate looks back on: eight weeks of level, 24 of weekdays


@dg.multi_asset(
    name="demand_forecasts",
    specs=[
        dg.AssetSpec(
            KEYS[DAILY],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["demand", "training_runs"], ["marts", "sales_panel"], ["marts", "fct_promotions"]],
            description="Units expected per item and coming day.",
        ),
        dg.AssetSpec(
            KEYS[SUMS],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["demand", "training_runs"], ["marts", "sales_panel"], ["marts", "dim_suppliers"]],
            description="Quantiles of each item's demand until the next delivery and the one after.",
        ),
        dg.AssetSpec(
            KEYS[PATHS],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["demand", "training_runs"], ["marts", "sales_panel"], ["marts", "dim_suppliers"]],
            description="The same two sums as equally likely pairs, which the purchase orders are weighed over.",
        ),
        dg.AssetSpec(
            KEYS[LOST],
            group_name="demand",
            kinds={"duckdb"},
            deps=[["demand", "training_runs"], ["marts", "sales_panel"]],
            description="What was probably asked for and not sold on the day, where stock ran out.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "every_item_has_a_forecast",
            asset=KEYS[DAILY],
            blocking=True,
            description="Each item of the panel has a forecast for every day of the horizon.",
        ),
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def demand_forecasts(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Score each day of the window with the model of its training day."""
    window = partition_window(context)
    inputs = read_demand_inputs(house, warehouse, window.last_day)
    supply = read_supply(house, warehouse, window.last_day)
    serving = dict(
        warehouse.read(
            "select as_of_day, trained_as_of from demand.training_runs where as_of_day between ? and ?", [window.start, window.last_day]
        ).rows()
    )
    models = {trained: load_model(house, trained) for trained in sorted(set(serving.values()))}
    daily, sums, paths, lost, expected = [], [], [], [], 0
    for day in window.days:
        model, panel = models[serving[day]], inputs.panel(day)
        items = panel.select("product_id", "location_id").unique()
        future = inputs.future(day, model.settings.horizon_days)
        of_day, of_sums, of_paths = model.score_with_paths(panel, future, supply_horizons(supply, day, items), day)
        daily.append(of_day)
        sums.append(of_sums)
        paths.append(of_paths)
        lost.append(_lost_on(model, panel, day))
        expected += items.height * model.settings.horizon_days
    contracts = table_contracts()
    frames = {DAILY: pl.concat(daily), SUMS: pl.concat(sums), PATHS: pl.concat(paths), LOST: pl.concat(lost)}
    rows = {name: warehouse.replace_days(contracts[name], frame, window.days) for name, frame in frames.items()}
    picture = forecast_picture(inputs.panel(window.last_day), daily[-1])
    yield dg.MaterializeResult(asset_key=KEYS[DAILY], metadata={"dagster/row_count": rows[DAILY], "forecast against sales": picture})
    yield dg.MaterializeResult(asset_key=KEYS[SUMS], metadata={"dagster/row_count": rows[SUMS]})
    yield dg.MaterializeResult(asset_key=KEYS[PATHS], metadata={"dagster/row_count": rows[PATHS]})
    value = float(frames[LOST]["lost_value"].sum())
    yield dg.MaterializeResult(asset_key=KEYS[LOST], metadata={"dagster/row_count": rows[LOST], "lost value, estimated": value})
    missing = expected - rows[DAILY] + int(frames[DAILY]["forecast_units"].is_null().sum())
    yield dg.AssetCheckResult(
        check_name="every_item_has_a_forecast", asset_key=KEYS[DAILY], passed=missing == 0, metadata={"missing": missing}
    )


def _lost_on(model: "PanelModel", panel: pl.DataFrame, day: date) -> pl.DataFrame:
    """What was lost on the day itself, at the item's last known price; see `PanelModel.lost_units`."""
    recent = panel.filter(pl.col("business_day") > day - timedelta(days=LOST_REACH_DAYS))
    if recent.is_empty():
        return pl.DataFrame(schema=LOST_SCHEMA)
    price = recent.group_by("product_id", "location_id").agg(pl.col("unit_price").sort_by("business_day").drop_nulls().last())
    lost = model.lost_units(recent, day).filter(pl.col("business_day") == day)
    priced = lost.join(price, on=["product_id", "location_id"], how="left", maintain_order="left")
    named = priced.with_columns(as_of_day=pl.lit(day), lost_value=pl.col("lost_units") * pl.col("unit_price"))
    named = named.rename({"units": "sold_units", "expected_units": "demand_units"})
    return named.select(pl.col(name).cast(dtype) for name, dtype in LOST_SCHEMA.items())
