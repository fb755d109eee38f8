{{ config(tags=["facts"], meta={"dagster": {"ref": {"name": "fct_sales_daily"}}}) }}

-- What the lines of a day come to, as known today, is what the day's sales say; a day whose lines were all moved to another
-- day has sales of nothing. Shops without lines have nothing to compare.
with affected_days as (
    select business_day from {{ ref('int_affected_days') }} where scope = 'sales'
),

lines as (
    select
        business_day,
        sum(cast(units as decimal(18, 4))) as units,
        sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_order_lines') }}
    where superseded_on is null and business_day in (select business_day from affected_days)
    group by business_day
),

days as (
    select
        business_day,
        sum(cast(units - units_returned as decimal(18, 4))) as units,
        sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_sales_daily') }}
    where superseded_on is null and business_day in (select business_day from affected_days)
    group by business_day
)

select business_day, lines.units as line_units, days.units as day_units, lines.net_revenue as line_revenue, days.net_revenue as day_revenue
from lines
full join days using (business_day)
where {{ 'true' if has_order_lines() else 'false' }}
    and (coalesce(lines.units, 0) <> coalesce(days.units, 0) or coalesce(lines.net_revenue, 0) <> coalesce(days.net_revenue, 0))
