{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_affected_days", "replaced_scope": "sales"},
    )
}}

-- depends_on: {{ ref('int_affected_days') }}
-- Versions of what one order of one customer came to on one day; an order that only returns goods, or whose lines were all
-- cancelled, has no sale lines.
with changes as (
    select business_day, order_id, customer_key, known_on as changed_on from {{ ref('int_valued_lines') }}
    union
    select business_day, order_id, customer_key, superseded_on from {{ ref('int_valued_lines') }} where superseded_on is not null
),

states as (
    select
        changes.*,
        min(lines.channel) as channel,
        min(lines.order_hour) filter (lines.is_sale) as order_hour,
        count(*) filter (lines.is_sale) as sale_lines,
        count(*) filter (lines.is_cancelled) as cancelled_lines,
        count(*) filter (not lines.is_sale and not lines.is_cancelled) as return_lines,
        coalesce(sum(lines.units) filter (lines.is_sale and not lines.is_service), 0) as units,
        coalesce(-sum(lines.units) filter (not lines.is_sale and not lines.is_cancelled and not lines.is_service), 0) as units_returned,
        coalesce(sum(lines.gross_revenue) filter (lines.is_sale), 0) as gross_revenue,
        coalesce(sum(lines.discount_amount) filter (lines.is_sale), 0) as discount_amount,
        coalesce(sum(lines.net_revenue) filter (lines.is_sale), 0) as sale_revenue,
        coalesce(sum(lines.net_revenue) filter (lines.is_sale and lines.is_promoted), 0) as promoted_revenue,
        coalesce(sum(lines.net_revenue), 0) as net_revenue,
        coalesce(sum(lines.net_revenue - lines.cost), 0) as margin,
        coalesce(bool_or(lines.has_coupon and lines.is_sale), false) as has_coupon
    from changes
    left join {{ ref('int_valued_lines') }} as lines
        on changes.business_day = lines.business_day
        and changes.order_id = lines.order_id
        and changes.customer_key = lines.customer_key
        and {{ in_force_on('lines', 'changes.changed_on') }}
    group by changes.business_day, changes.order_id, changes.customer_key, changes.changed_on
)

select
    business_day,
    order_id,
    customer_key,
    channel,
    order_hour,
    sale_lines,
    cancelled_lines,
    return_lines,
    cast(units as decimal(18, 4)) as units,
    cast(units_returned as decimal(18, 4)) as units_returned,
    cast(gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    cast(sale_revenue as decimal(18, 4)) as sale_revenue,
    cast(promoted_revenue as decimal(18, 4)) as promoted_revenue,
    cast(net_revenue as decimal(18, 4)) as net_revenue,
    cast(margin as decimal(18, 4)) as margin,
    has_coupon,
    changed_on as known_on,
    lead(changed_on) over (partition by business_day, order_id, customer_key order by changed_on) as superseded_on
from states
order by customer_key, business_day, order_id, known_on
