"""Audience lists of each day by purpose, under consent and contact caps, with the value of contacting."""

from datetime import date

import dagster as dg
import polars as pl

from assets.house import House
from assets.partitions import partition_window
from assets.retention import thin_out
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window
from optimization.audiences import ListSettings, choose_lists

TABLE = "decisions.audiences"
KEY = dg.AssetKey(TABLE.split("."))
UPSTREAM = (
    *(("marts", "customer_profile"), ("marts", "fct_coupon_assignments"), ("response", "coupon_scores")),
    *(("decisions", "ad_audiences"), ("customers", "segments"), ("customers", "purchase_outlook")),
)
OUTLOOK = """
select as_of_day, customer_key, p_buy_28d as purchase_probability, model_version
from customers.purchase_outlook
where as_of_day between ? and ?
"""
BEST_COUPONS = """
select as_of_day, customer_key, unnest(max_by(
    {
        'coupon_id': coupon_id,
        'coupon_value': value,
        'coupon_value_low': expected_gain_low - expected_cost,
        'coupon_value_high': expected_gain_high - expected_cost,
        'coupon_source': effect_source
    },
    row(value, coupon_id)
))
from response.coupon_scores
where causal and value is not null and as_of_day between ? and ?
group by as_of_day, customer_key
"""
CONTACTS = """
with days as (select cast(unnest(generate_series($first, $last, interval 1 day)) as date) as as_of_day),

contacts as (
    select days.as_of_day, assignments.customer_key, assignments.campaign_id
    from days
    inner join marts.fct_coupon_assignments as assignments
        on assignments.assigned_on > days.as_of_day - cast($contact_days as integer)
        and assignments.assigned_on <= days.as_of_day
        and assignments.known_on <= days.as_of_day
        and coalesce(assignments.superseded_on, date '9999-12-31') > days.as_of_day
    where assignments.coupon_id is not null
    union all
    select as_of_day, customer_key, campaign_id
    from decisions.ad_audiences
    where is_in and as_of_day between $first and $last
)

select as_of_day, customer_key, count(*) as contacts from contacts group by as_of_day, customer_key
"""
CUSTOMERS = """
select
    profiles.as_of_day,
    profiles.customer_key,
    profiles.lifecycle,
    segments.cluster_name as segment,
    profiles.recency_days,
    profiles.expected_gap_days,
    profiles.orders_lifetime,
    profiles.m_score,
    profiles.margin_365 / nullif(profiles.orders_365, 0) as margin_of_year,
    profiles.margin_lifetime / profiles.orders_lifetime as margin_of_life,
    profiles.email_consent as has_consent
from marts.customer_profile as profiles
left join customers.segments as segments using (as_of_day, customer_key)
where profiles.as_of_day between ? and ?
"""


@dg.multi_asset(
    name="audiences",
    specs=[
        dg.AssetSpec(
            KEY,
            group_name="decisions",
            kinds={"polars"},
            deps=[list(key) for key in UPSTREAM],
            description="Whom to win back, remind, keep or thank, what contacting is worth, and why not the others.",
        )
    ],
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def audiences(context: dg.AssetExecutionContext, house: House, warehouse: Warehouse) -> dg.MaterializeResult[None]:
    """One list per purpose and day."""
    window, settings, contract = partition_window(context), list_settings(house), table_contracts()[TABLE]
    customers = known_customers(warehouse, window, house.shop.customers.contact_days)
    made = [contract.empty()]
    for day in window.days:
        today = customers.filter(pl.col("as_of_day") == day)
        chosen = choose_lists(today, settings).join(today.select("customer_key", "model_version"), on="customer_key", maintain_order="left")
        made.append(chosen.with_columns(as_of_day=pl.lit(day), run_id=pl.lit(context.run_id)).select(made[0].columns))
    rows = warehouse.replace_days(contract, pl.concat(made, how="vertical_relaxed"), window.days)
    thin_out(warehouse, contract, window.start, house.shop.customers.snapshot_days)
    return dg.MaterializeResult(asset_key=KEY, metadata={"dagster/row_count": rows, "reasons": _reasons(made[-1], window.last_day)})


def list_settings(house: House) -> ListSettings:
    """What shop.toml says about lists; the hold-out is that of coupons."""
    terms = house.shop.customers
    return ListSettings(
        most_contacts=terms.most_contacts,
        most=terms.audience_size,
        cost_per_contact=terms.cost_per_contact,
        assumed_lift=terms.assumed_lift,
        holdout_share=house.shop.coupons.holdout_share,
    )


def purchase_outlook(warehouse: Warehouse, window: Window) -> pl.DataFrame:
    """How likely customers are to buy within 28 days: as_of_day, customer_key, purchase_probability, model_version.

    The one place that says which model is asked. A customer without a row, or with an empty chance, has nothing known of him.
    """
    return warehouse.read(OUTLOOK, [window.start, window.last_day])


def known_customers(warehouse: Warehouse, window: Window, contact_days: int) -> pl.DataFrame:
    """What lists are chosen from (grain: as_of_day, customer_key), as `choose_lists` wants it, with model_version."""
    days = [window.start, window.last_day]
    key = ["as_of_day", "customer_key"]
    contacts = warehouse.read(CONTACTS, {"first": window.start, "last": window.last_day, "contact_days": contact_days})
    joined = warehouse.read(CUSTOMERS, days)
    for part in (purchase_outlook(warehouse, window), warehouse.read(BEST_COUPONS, days), contacts):
        joined = joined.join(part, on=key, how="left")
    return joined.with_columns(
        contacts=pl.col("contacts").fill_null(0), margin_per_order=pl.coalesce("margin_of_year", "margin_of_life")
    ).sort(key)


def _reasons(newest: pl.DataFrame, day: date) -> dg.MetadataValue:
    """Customers per purpose and reason on the newest day, and what the list is worth."""
    told = newest.filter(pl.col("as_of_day") == day).group_by("purpose", "reason_code")
    counts = told.agg(pl.len(), pl.col("expected_value").filter("is_in").sum()).sort("purpose", "reason_code")
    rows = [f"| {purpose} | {reason} | {count} | {value:,.0f} |" for purpose, reason, count, value in counts.iter_rows()]
    return dg.MetadataValue.md("\n".join(["| purpose | reason | customers | expected value |", "|---|---|---|---|", *rows]))
