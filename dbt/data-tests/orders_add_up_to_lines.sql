{{ config(tags=["facts"], meta={"dagster": {"ref": {"name": "fct_order_lines"}}}) }}

-- The orders of known customers come to what their lines come to, as known today.
with affected_days as (
    select business_day from {{ ref('int_affected_days') }} where scope = 'sales'
),

lines as (
    select business_day, sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_order_lines') }}
    where superseded_on is null and customer_key is not null and business_day in (select business_day from affected_days)
    group by business_day
),

orders as (
    select business_day, sum(net_revenue) as net_revenue
    from {{ ref('int_orders') }}
    where superseded_on is null and business_day in (select business_day from affected_days)
    group by business_day
)

select business_day, lines.net_revenue as line_revenue, orders.net_revenue as order_revenue
from lines
full join orders using (business_day)
where coalesce(lines.net_revenue, 0) <> coalesce(orders.net_revenue, 0)
