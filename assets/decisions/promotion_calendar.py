"""Which product is to be on which promotion in which of the coming weeks: a proposal, with lifts read off the shop's own past promotions.

Not part of the daily job: it runs weekly, or with `countinghouse calendar`, where shop.toml has `[promotions] enabled = true`. It announces
nothing: what a merchandiser approves in the table promotion_decisions is announced, and forecasts and orders follow from then on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.decisions.calendar_frames import (
    CalendarWeeks,
    base_units,
    calendar_weeks,
    candidates,
    conflict_pairs,
    held_days,
    held_weeks,
    program_limits,
    rejected,
    stock_for_lifts,
)
from assets.decisions.plan_checks import plan_check_results, plan_check_specs
from assets.demand.panels import DemandInputs, read_demand_inputs
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.certificate import PlanCertificate, certificates_frame
from optimization.promotion_calendar import CANDIDATE_COLUMNS, CalendarFrames, PromotionPlan, plan_promotions

CALENDAR, LIMITS = "decisions.promotion_calendar", "decisions.promotion_calendar_limits"
OVERRIDES, CERTIFICATES = "decisions.promotion_calendar_decisions", "decisions.promotion_calendar_certificates"
TABLES = (CALENDAR, LIMITS, OVERRIDES, CERTIFICATES)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
ABOUT = {
    CALENDAR: "Which product is proposed for which promotion in which week and what it should earn, or why none is; announces nothing.",
    LIMITS: "Slots, budget, minimums and stock of the calendar: used, left, and what one more unit would earn.",
    OVERRIDES: "What became of each rejection of a promotion in the calendar.",
    CERTIFICATES: "How near to the best calendar the proposal is proven to be.",
}
UPSTREAM = [
    ["decisions", "replenishment_orders"],
    ["demand", "forecast_daily"],
    ["marts", "sales_panel"],
    ["marts", "fct_promotions"],
    ["marts", "fct_promotion_decisions"],
    ["marts", "dim_products"],
]
RESTS_ON = (
    "discount_share",
    "take_up_share",
    "lift_low_units",
    "lift_high_units",
    "events",
    "category_events",
    "lift_source",
    "base_source",
    "cost_source",
)


class NothingToPromoteError(ValueError):
    """The day has no forecast; the message says what to do."""


@dataclass(frozen=True)
class Calendar:
    """The plan of one day, its weeks, and the candidates it was made from."""

    plan: PromotionPlan
    weeks: CalendarWeeks
    offered: pl.DataFrame


@dg.multi_asset(
    name="promotion_calendar",
    specs=[
        dg.AssetSpec(
            KEYS[name],
            group_name="decisions",
            kinds={"pulp"},
            tags={"cadence": "weekly_calendar"},
            deps=UPSTREAM,
            description=ABOUT[name],
        )
        for name in TABLES
    ],
    check_specs=plan_check_specs(KEYS[CALENDAR], KEYS[LIMITS], "every rule of the calendar"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def promotion_calendar(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Propose a calendar from each day of the window; without `[promotions] enabled` the tables stay empty."""
    window = partition_window(context)
    made: dict[str, list[pl.DataFrame]] = {name: [] for name in TABLES}
    proofs: list[tuple[date, PlanCertificate]] = []
    for day in window.days if house.shop.promotions.enabled else []:
        calendar = calendar_on(house, warehouse, day)
        plan = calendar.plan
        lineage = {"as_of_day": pl.lit(day), "run_id": pl.lit(context.run_id)}
        fingerprint = {"input_version": pl.lit(plan.certificate.input_hash)}
        starts = calendar.weeks.starts()
        made[CALENDAR].append(_rows(calendar).with_columns(**lineage, **fingerprint))
        made[LIMITS].append(plan.limits.with_columns(**lineage, **fingerprint))
        told = plan.overrides.join(starts.drop("week_end"), on="week", how="left").rename({"promotion_id": "promotion_name"})
        made[OVERRIDES].append(told.with_columns(**lineage))
        proof = certificates_frame([plan.certificate]).drop("seconds")
        made[CERTIFICATES].append(proof.with_columns(**lineage, message=pl.lit(plan.message)))
        proofs.append((day, plan.certificate))
    for name in TABLES:
        contract = table_contracts()[name]
        frame = pl.concat([contract.empty(), *(contract.conform(part) for part in made[name])])
        yield dg.MaterializeResult(
            asset_key=KEYS[name], metadata={"dagster/row_count": warehouse.replace_days(contract, frame, window.days)}
        )
    yield from plan_check_results(KEYS[CALENDAR], KEYS[LIMITS], proofs)


def calendar_on(house: House, warehouse: Warehouse, day: date) -> Calendar:
    """The calendar proposed at the end of `day`, which must have been decided. Raises NothingToPromoteError where there is no forecast."""
    from learning.promotions import depth_band, promotion_effects

    terms = house.shop.promotions
    forecast = warehouse.read(
        "select product_id, location_id, business_day, forecast_units from demand.forecast_daily where as_of_day = ? order by all", [day]
    )
    if forecast.is_empty():
        raise NothingToPromoteError(f"Nothing was forecast for {day}: run `countinghouse run --day {day}` first.")
    orders = warehouse.read("select * from decisions.replenishment_orders where as_of_day = ? order by all", [day])
    inputs, weeks = read_demand_inputs(house, warehouse, day), calendar_weeks(day, terms)
    panel, announced = inputs.panel(day), inputs.promotions.as_of(day)
    base = base_units(forecast, held_days(announced, forecast), weeks)
    bands = {name: depth_band(share * terms.take_up.get(name, 1.0)) for name, share in terms.kinds.items()}
    products = _products(inputs, panel, weeks)
    offered = candidates(base, products, promotion_effects(panel, day), terms, bands, house.shop.assumptions.cost_share)
    decisions = read_versions(warehouse, "fct_promotion_decisions", day).as_of(day)
    frames = CalendarFrames(
        candidates=offered.select(list(CANDIDATE_COLUMNS)),
        stock=stock_for_lifts(orders, forecast, weeks),
        conflicts=conflict_pairs(terms),
        decisions=rejected(decisions, weeks),
        held=held_weeks(announced, weeks, terms.cool_down_weeks),
    )
    return Calendar(plan_promotions(frames, program_limits(terms)), weeks, offered)


def _products(inputs: DemandInputs, panel: pl.DataFrame, weeks: CalendarWeeks) -> pl.DataFrame:
    """Products that will be sold in the calendar's weeks: product_id, category, unit_price (regular, newest), unit_cost."""
    newest = pl.coalesce("regular_price", "unit_price").sort_by("business_day").drop_nulls().last()
    prices = panel.group_by("product_id", "location_id").agg(unit_price=newest).group_by("product_id").agg(pl.col("unit_price").mean())
    known = inputs.products.as_of(weeks.day)
    staying = pl.col("discontinued_on").is_null() | (pl.col("discontinued_on") > weeks.last_day)
    goods = known.filter(~pl.col("is_service") & staying).select("product_id", "category", "unit_cost")
    return goods.join(prices, on="product_id").sort("product_id")


def _rows(calendar: Calendar) -> pl.DataFrame:
    """The calendar's rows with dates, and what the promotion named in each rests on: the one that runs, else the best."""
    rows = calendar.plan.calendar.join(calendar.weeks.starts(), on="week").with_columns(
        named=pl.coalesce("promotion_id", "best_promotion_id"), causal=pl.lit(False)
    )
    behind = calendar.offered.select("product_id", "week", "promotion_id", *RESTS_ON)
    joined = rows.join(behind, left_on=["product_id", "week", "named"], right_on=["product_id", "week", "promotion_id"], how="left")
    return joined.drop("named").rename({"promotion_id": "promotion_name", "best_promotion_id": "best_promotion_name"})


def make_calendar_tables(warehouse: Warehouse) -> None:
    """Make the tables, empty, where there are none, so that whoever reads the warehouse finds every table that is documented."""
    for name in TABLES:
        if not warehouse.exists(name):
            warehouse.replace_days(table_contracts()[name], table_contracts()[name].empty(), [])


def proposed(warehouse: Warehouse, day: date) -> pl.DataFrame:
    """The promotions proposed at the end of `day`, best first."""
    return warehouse.read(
        f"select * from {CALENDAR} where as_of_day = ? and is_promoted order by week, profit - loss_together desc, product_id", [day]
    )


__all__ = ["NothingToPromoteError", "calendar_on", "make_calendar_tables", "promotion_calendar", "proposed"]
