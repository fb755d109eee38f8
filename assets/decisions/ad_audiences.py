"""Audience lists of each day: who is shown the campaigns that ads run for, and why not the others."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
import polars as pl

from assets.as_of import read_versions
from assets.house import House
from assets.partitions import partition_window
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from optimization.ad_audiences import AudienceSettings, choose_audience

TABLE = "decisions.ad_audiences"
KEY = dg.AssetKey(TABLE.split("."))
LIVE_DAYS = 28


@dg.multi_asset(
    name="ad_audiences",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="decisions",
            kinds={"polars"},
            deps=[["marts", "fct_ad_spend"], ["marts", "customer_profile"], ["response", "purchase_propensity"]],
            description="Which customers are on each ad campaign's audience list; those who would buy anyway are not.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def ad_audiences(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> dg.MaterializeResult[None]:
    """One list per campaign with spend in the last four weeks."""
    window = partition_window(context)
    customers = warehouse.read(
        "select profiles.as_of_day, customer_key, rfm_segment as segment, purchase_probability, model_version, "
        "margin_365 / nullif(orders_365, 0) as margin_per_order, email_consent as has_consent "
        "from marts.customer_profile as profiles left join response.purchase_propensity using (as_of_day, customer_key) "
        "where profiles.as_of_day between ? and ? order by all",
        [window.start, window.last_day],
    )
    spend = read_versions(warehouse, "fct_ad_spend", window.last_day, ("business_day", "channel", "campaign_id", "spend"))
    settings = audience_settings(house)
    made = [table_contracts()[TABLE].empty()]
    for day in window.days:
        known = spend.as_of(day)
        today = customers.filter(pl.col("as_of_day") == day)
        version = today.select("customer_key", "model_version")
        for campaign, channels in live_campaigns(known):
            chosen = choose_audience(campaign, today, settings).join(version, on="customer_key", how="left", maintain_order="left")
            stamp = {"as_of_day": day, "channels": channels, "run_id": context.run_id}
            made.append(chosen.with_columns(**{name: pl.lit(value) for name, value in stamp.items()}).select(made[0].columns))
    frame = pl.concat(made, how="vertical_relaxed")
    rows = warehouse.replace_days(table_contracts()[TABLE], frame, window.days)
    newest = frame.filter(pl.col("as_of_day") == window.last_day)
    reasons = newest.group_by("campaign_id", "reason_code").len().sort("campaign_id", "reason_code")
    table = "\n".join(["| campaign | reason | customers |", "|---|---|---|", *(f"| {a} | {b} | {n} |" for a, b, n in reasons.iter_rows())])
    return dg.MaterializeResult(asset_key=KEY, metadata={"dagster/row_count": rows, "reasons": dg.MetadataValue.md(table)})


def audience_settings(house: House) -> AudienceSettings:
    """What shop.toml says about lists; the hold-out is that of coupons."""
    terms = house.shop.ads
    return AudienceSettings(
        buys_anyway=terms.buys_anyway,
        unlikely=terms.unlikely,
        most=terms.audience_size,
        segments=terms.audience_segments,
        holdout_share=house.shop.coupons.holdout_share,
    )


def live_campaigns(spend: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Campaigns with spend in the last four weeks whose spend is known, with their channels; spend: of one day's knowledge."""
    if spend.is_empty():
        return
    last = spend["business_day"].max()
    recent = spend.filter((pl.col("business_day") > last - timedelta(days=LIVE_DAYS)) & (pl.col("spend") > 0))
    grouped = recent.group_by("campaign_id").agg(pl.col("channel").unique().sort().str.join(", ")).sort("campaign_id")
    yield from grouped.iter_rows()
