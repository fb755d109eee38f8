"""What the customers of a campaign did, as it was known on a day: outcomes of the window so far, and of the time before the coupon.

The time before is taken as it was known on the evening before the coupon, so that nothing the coupon brought (a return, a correction) can
reach it. The RFM segment is that of `marts.customer_profile` for that evening, computed here because a profile is kept for decided days
only.
"""

from collections.abc import Sequence
from datetime import date

import duckdb
import polars as pl

SPINES = {
    "campaign": """
        select customer_key, coupon_id, propensity, assigned_on
        from marts.fct_coupon_assignments
        where campaign_id = $subject and known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
            and assigned_on < $known_on
    """,
    "plan": """
        select customer_key, coupon_id, propensity, cast($subject as date) + 1 as assigned_on
        from decisions.coupon_assignments
        where as_of_day = cast($subject as date) and propensity is not null
    """,
    "rehearsal": """
        select
            buyers.customer_key,
            cast(null as varchar) as coupon_id,
            cast(null as double) as propensity,
            cast($subject as date) as assigned_on
        from (
            select distinct customer_key
            from intermediate.int_orders
            where sale_lines > 0 and known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
        ) as buyers
        left join marts.dim_customers as customers
            on buyers.customer_key = customers.customer_key
            and customers.known_on <= $known_on and coalesce(customers.superseded_on, date '9999-12-31') > $known_on
        where coalesce(customers.email_consent, true)
    """,
}
BEFORE = ", ".join(
    f"{aggregate.format(days=days)} as {measure}_{days}"
    for measure, aggregate in (
        ("orders", "count(*) filter (sale_lines > 0 and business_day > evening - {days})"),
        ("revenue", "coalesce(sum(net_revenue) filter (business_day > evening - {days}), 0)"),
        ("margin", "coalesce(sum(margin) filter (business_day > evening - {days}), 0)"),
    )
    for days in (28, 84, 365)
)
OUTCOMES_SQL = """
with spine as (
    select customer_key, coupon_id, propensity, assigned_on, assigned_on - 1 as evening, assigned_on + $window_days as window_end_on
    from ({spine})
),

past as (
    select evenings.evening, orders.*
    from (select distinct evening from spine) as evenings
    inner join intermediate.int_orders as orders
        on orders.known_on <= evenings.evening and coalesce(orders.superseded_on, date '9999-12-31') > evenings.evening
),

before as (
    select evening, customer_key, evening - max(business_day) filter (sale_lines > 0) as recency_days, {before}
    from past
    group by evening, customer_key
    having count(*) filter (sale_lines > 0) > 0
),

scores as (
    select
        *,
        5 - least(4, floor(5 * percent_rank() over (partition by evening order by recency_days))) as r_score,
        1 + least(4, floor(5 * percent_rank() over (partition by evening order by orders_365))) as f_score,
        1 + least(4, floor(5 * percent_rank() over (partition by evening order by revenue_365))) as m_score
    from before
),

known_orders as (
    select spine.assigned_on, spine.window_end_on, orders.*
    from spine
    inner join intermediate.int_orders as orders using (customer_key)
    where orders.business_day > spine.assigned_on and orders.business_day <= spine.window_end_on + $window_days
        and orders.business_day <= $known_on
        and orders.known_on <= $known_on and coalesce(orders.superseded_on, date '9999-12-31') > $known_on
),

outcomes as (
    select
        customer_key,
        count(*) filter (sale_lines > 0 and business_day <= window_end_on) as orders,
        coalesce(sum(net_revenue) filter (business_day <= window_end_on), 0) as revenue,
        coalesce(sum(margin) filter (business_day <= window_end_on), 0) as profit,
        count(*) filter (sale_lines > 0 and business_day > window_end_on) as orders_after
    from known_orders
    group by customer_key
),

redemption_sources as (
    select coupon_id, customer_key, order_id, redeemed_on, discount_amount as listed_discount, null as line_discount
    from marts.fct_coupon_redemptions
    where known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
    union all
    select coupon_id, customer_key, order_id, business_day, null, discount_amount
    from marts.fct_order_lines
    where coupon_id is not null and line_type = 'sale' and customer_key is not null
        and known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
),

faces as (
    select coupon_id, face_value from marts.dim_coupons
    where known_on <= $known_on and coalesce(superseded_on, date '9999-12-31') > $known_on
),

redeemed_orders as (
    select
        spine.customer_key,
        sources.order_id,
        coalesce(sum(sources.listed_discount), least(sum(sources.line_discount), any_value(faces.face_value)), 0) as discount
    from spine
    inner join redemption_sources as sources
        on spine.customer_key = sources.customer_key and spine.coupon_id = sources.coupon_id
        and sources.redeemed_on > spine.assigned_on and sources.redeemed_on <= spine.window_end_on
    left join faces on spine.coupon_id = faces.coupon_id
    group by spine.customer_key, sources.order_id
),

redemptions as (
    select customer_key, count(*) as coupon_orders, sum(discount) as cost from redeemed_orders group by customer_key
),

visits as (
    select distinct spine.customer_key
    from spine
    inner join staging.stg_web_events as events using (customer_key)
    where events.business_day > spine.assigned_on and events.business_day <= least(spine.window_end_on, $known_on)
        and events.known_on <= $known_on
)

select
    spine.customer_key,
    spine.coupon_id,
    spine.propensity,
    spine.assigned_on,
    case
        when scores.customer_key is null then 'no_order_before'
        when r_score >= 4 and f_score >= 4 and m_score >= 4 then 'champions'
        when r_score >= 3 and f_score >= 4 then 'loyal'
        when r_score >= 3 and m_score >= 4 then 'big_baskets'
        when r_score >= 4 then 'promising'
        when r_score = 3 then 'cooling'
        when f_score >= 3 or m_score >= 4 then 'slipping_away'
        else 'dormant'
    end as segment,
    coalesce(outcomes.orders, 0) as orders,
    coalesce(outcomes.revenue, 0) as revenue,
    coalesce(outcomes.profit, 0) as profit,
    coalesce(outcomes.orders_after, 0) as orders_after,
    coalesce(redemptions.coupon_orders, 0) as coupon_orders,
    coalesce(redemptions.cost, 0) as cost,
    visits.customer_key is not null as has_visited,
    {covariates}
from spine
left join scores on spine.customer_key = scores.customer_key and spine.evening = scores.evening
left join outcomes on spine.customer_key = outcomes.customer_key
left join redemptions on spine.customer_key = redemptions.customer_key
left join visits on spine.customer_key = visits.customer_key
order by spine.customer_key
"""
CAMPAIGNS_SQL = """
select campaign_id, min(assigned_on) as first_given_on, max(assigned_on) as last_given_on, avg($day - assigned_on) as mean_age_days
from marts.fct_coupon_assignments
where known_on <= $day and coalesce(superseded_on, date '9999-12-31') > $day and assigned_on < $day
group by campaign_id
having max(assigned_on) >= $day - $listed_days
order by campaign_id
"""


def campaigns_on(connection: duckdb.DuckDBPyConnection, day: date, listed_days: int) -> pl.DataFrame:
    """Campaigns given within the last `listed_days` before `day`, as known then: campaign_id, first_given_on, last_given_on,
    mean_age_days."""
    return connection.execute(CAMPAIGNS_SQL, {"day": day, "listed_days": listed_days}).pl()


def read_outcomes(connection: duckdb.DuckDBPyConnection, spine: str, subject: str, known_on: date, window_days: int) -> pl.DataFrame:
    """One row per customer, as `learning.experiments` reads it, with assigned_on.

    spine: a key of SPINES: `campaign` (subject: its id), `plan` (the day it was decided on; every customer with an offer) or `rehearsal`
    (a day on which nothing is given to anybody: what customers who may be written to do without).
    """
    from learning.experiments import COVARIATES

    sql = OUTCOMES_SQL.format(
        spine=SPINES[spine], before=BEFORE, covariates=", ".join(f"coalesce(scores.{name}, 0) as {name}" for name in COVARIATES)
    )
    found = connection.execute(sql, {"subject": subject, "known_on": known_on, "window_days": window_days}).pl()
    return with_outcomes(found)


def with_outcomes(found: pl.DataFrame) -> pl.DataFrame:
    """Add the outcomes that follow from others, all as numbers."""
    from learning.experiments import COVARIATES, OUTCOMES

    made = found.with_columns(
        gain=pl.col("profit") + pl.col("cost"),
        ordered=pl.col("orders") > 0,
        participated=(pl.col("orders") > 0) | pl.col("has_visited"),
        redeemed=pl.col("coupon_orders") > 0,
        orders_without_coupon=(pl.col("orders") - pl.col("coupon_orders")).clip(lower_bound=0),
    )
    numbers: Sequence[str] = (*OUTCOMES, *COVARIATES)
    return made.with_columns(pl.col(name).cast(pl.Float64) for name in numbers).drop("has_visited")
