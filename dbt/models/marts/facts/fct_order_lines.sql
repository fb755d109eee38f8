{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_affected_days", "replaced_scope": "sales"},
    )
}}

-- Versions of order lines. A cancellation is the version that voids its line: it counts nothing from its known_on on.
with affected_days as (
    select business_day from {{ ref('int_affected_days') }} where scope = 'sales'
),

lines_of_affected_days as (
    select distinct order_id, line_id from {{ ref('stg_order_lines') }} semi join affected_days using (business_day)
),

records as (
    select * from {{ ref('stg_order_lines') }} semi join lines_of_affected_days using (order_id, line_id)
),

versions as (
    {{ record_versions('records', ['order_id', 'line_id']) }}
),

counted as (
    select *, line_type = 'cancellation' as is_cancelled, coalesce(discount_amount, 0.0) as line_discount
    from versions
    semi join affected_days using (business_day)
)

select
    business_day,
    order_id,
    line_id,
    order_ts,
    line_type,
    product_id,
    location_id,
    customer_key,
    case when is_cancelled then 0.0 else units end as units,
    unit_price,
    case when is_cancelled then 0.0 else line_discount end as discount_amount,
    cast(
        case
            when is_cancelled then 0
            -- a return gives back what was paid: the price less the discount
            when line_type = 'return' then -(cast(abs(units) * unit_price as decimal(18, 4)) - cast(line_discount as decimal(18, 4)))
            else cast(units * unit_price as decimal(18, 4)) - cast(line_discount as decimal(18, 4))
        end as double
    ) as net_revenue,
    coupon_id,
    promotion_id,
    channel,
    is_cancelled,
    known_on,
    superseded_on
from counted
order by business_day, order_id, line_id, known_on
