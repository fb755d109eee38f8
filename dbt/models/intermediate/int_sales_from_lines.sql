{{ config(materialized="view") }}

-- Sales per day, product and location as they stood after each change of their lines (`changed_on`). Recomputing the sums
-- at every change keeps distinct counts exact and lets decimals cancel to nothing; only few days change twice.
with lines as (
    select
        *,
        cast(units as decimal(18, 4)) as exact_units,
        cast(units * unit_price as decimal(18, 4)) as exact_gross,
        cast(discount_amount as decimal(18, 4)) as exact_discount,
        cast(net_revenue as decimal(18, 4)) as exact_net
    from {{ ref('fct_order_lines') }}
    where business_day in (select business_day from {{ ref('int_affected_days') }} where scope = 'sales')
),

changes as (
    select business_day, product_id, location_id, known_on as changed_on from lines
    union
    select business_day, product_id, location_id, superseded_on from lines where superseded_on is not null
)

select
    changes.business_day,
    changes.product_id,
    changes.location_id,
    changes.changed_on,
    coalesce(sum(lines.exact_units) filter (lines.line_type = 'sale'), 0) as units,
    coalesce(-sum(lines.exact_units) filter (lines.line_type = 'return'), 0) as units_returned,
    coalesce(sum(lines.exact_gross) filter (lines.line_type = 'sale'), 0) as gross_revenue,
    coalesce(sum(lines.exact_net), 0) as net_revenue,
    coalesce(sum(lines.exact_discount) filter (lines.line_type = 'sale'), 0) as discount_amount,
    coalesce(sum(lines.exact_discount) filter (lines.line_type = 'sale' and lines.coupon_id is not null), 0) as coupon_discount_amount,
    count(distinct lines.order_id) filter (lines.line_type = 'sale') as order_count
from changes
left join lines
    on changes.business_day = lines.business_day
    and changes.product_id = lines.product_id
    and changes.location_id = lines.location_id
    and {{ in_force_on('lines', 'changes.changed_on') }}
group by changes.business_day, changes.product_id, changes.location_id, changes.changed_on
