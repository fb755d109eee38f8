"""Ad budget of each day: what every channel gets in the coming weeks, planned on the curves of `response.ad_curves`."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.decisions.ad_channels import ad_channels, ad_draws, known_limits
from assets.decisions.pictures import ad_budget_picture
from assets.decisions.plan_checks import plan_check_results, plan_check_specs
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.ad_budget import AdBudgetPlan, AdSettings, plan_ad_budget
from optimization.certificate import PlanCertificate, certificates_frame

BUDGET, CURVE = "decisions.ad_budget", "decisions.ad_budget_curve"
LIMITS, CERTIFICATES = "decisions.ad_limits", "decisions.ad_certificates"
TABLES = (BUDGET, CURVE, LIMITS, CERTIFICATES)
KEYS = {name: dg.AssetKey(name.split(".")) for name in TABLES}
UPSTREAM = [["response", "ad_curves"], ["response", "ad_curve_draws"], ["marts", "fct_ad_spend"]]
ABOUT = {
    BUDGET: "What every ad channel gets in each of the coming weeks, what it is expected to bring and why.",
    CURVE: "What half to twice the ad budget would bring.",
    LIMITS: "What each ad limit allows, what is used and what one more unit of it is worth.",
    CERTIFICATES: "How near to the best plan the ad plan is proven to be.",
}
TARGET_GAP = 1e-4  # responses are known to a tenth at best


@dg.multi_asset(
    name="ad_plan",
    specs=[dg.AssetSpec(KEYS[name], group_name="decisions", kinds={"pulp"}, deps=UPSTREAM, description=ABOUT[name]) for name in TABLES],
    check_specs=plan_check_specs(KEYS[BUDGET], KEYS[LIMITS], "every limit and the value"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def ad_plan(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> Iterator[Any]:
    """Plan each day of the window; a day without curves has an empty plan."""
    window = partition_window(context)
    bounds = [window.start, window.last_day]
    curves = warehouse.read("select * from response.ad_curves where as_of_day between ? and ? order by all", bounds)
    draws = warehouse.read("select * from response.ad_curve_draws where as_of_day between ? and ? order by all", bounds)
    spend = read_versions(warehouse, "fct_ad_spend", window.last_day, ("business_day", "channel", "spend"))
    made: dict[str, list[pl.DataFrame]] = {name: [table_contracts()[name].empty()] for name in TABLES}
    proofs: list[tuple[date, PlanCertificate]] = []
    strangers: set[str] = set()
    for day in window.days:
        today = curves.filter(pl.col("as_of_day") == day)
        plan, unknown = _plan_day(house, day, today, draws.filter(pl.col("as_of_day") == day), spend.as_of(day))
        strangers |= unknown
        proofs.append((day, plan.certificate))
        for name, frame in _frames(plan, today, day).items():
            made[name].append(frame.with_columns(as_of_day=pl.lit(day), run_id=pl.lit(context.run_id)).select(made[name][0].columns))
    if strangers:
        context.log.warning("[ads] of shop.toml names channels or groups without spend so far, left out: %s", ", ".join(sorted(strangers)))
    for name in TABLES:
        frame = pl.concat(made[name], how="vertical_relaxed")
        rows = warehouse.replace_days(table_contracts()[name], frame, window.days)
        newest = frame.filter(pl.col("as_of_day") == window.last_day)
        extra = {"budget curve": ad_budget_picture(newest, house.shop.currency)} if name == CURVE else {}
        yield dg.MaterializeResult(asset_key=KEYS[name], metadata={"dagster/row_count": rows, **extra})
    yield from plan_check_results(KEYS[BUDGET], KEYS[LIMITS], proofs)


def _plan_day(house: House, day: date, curves: pl.DataFrame, draws: pl.DataFrame, spend: pl.DataFrame) -> tuple[AdBudgetPlan, set[str]]:
    """The plan, and names in shop.toml that nothing is known of yet."""
    terms = house.shop.ads
    channels = ad_channels(curves, spend, day, terms.groups)
    limits, strangers = known_limits(terms, channels)
    settings = AdSettings(periods=terms.weeks, target_gap=TARGET_GAP, threads=1)
    return plan_ad_budget(channels, limits, settings, ad_draws(curves, draws, spend, day)), strangers


def _frames(plan: AdBudgetPlan, curves: pl.DataFrame, day: date) -> dict[str, pl.DataFrame]:
    comparison, proof = plan.comparison, plan.certificate
    known = curves.select("channel", "is_identified", "causal", "model_version")
    budget = plan.budget.rename({"period": "week"}).join(known, on="channel", how="left", maintain_order="left")
    told = {
        "gain_over_today": comparison.gain,
        "gain_over_today_low": comparison.gain_low,
        "gain_over_today_high": comparison.gain_high,
        "chance_better_than_today": comparison.chance_better,
    }
    return {
        BUDGET: budget.with_columns(
            week_starts_on=pl.lit(day + timedelta(days=1)) + pl.duration(days=7 * (pl.col("week") - 1)),
            today_keeps_limits=pl.lit(comparison.today_keeps_limits),
            input_version=pl.lit(proof.input_hash),
            **{name: pl.lit(value, dtype=pl.Float64) for name, value in told.items()},
        ),
        CURVE: plan.curve,
        LIMITS: plan.limits.with_columns(plan=pl.lit("ad_budget"), input_version=pl.lit(proof.input_hash)),
        CERTIFICATES: certificates_frame([proof]).drop("seconds"),
    }
