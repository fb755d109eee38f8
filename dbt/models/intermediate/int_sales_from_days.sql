{{ config(materialized="view") }}

-- Sales of a shop that hands in daily sums instead of order lines. Days without a price of their own take the list price.
with records as (
    select *
    from {{ ref('stg_daily_sales') }}
    where business_day in (select business_day from {{ ref('int_affected_days') }} where scope = 'sales')
),

versions as (
    {{ record_versions('records', ['business_day', 'product_id', 'location_id'], ['units', 'unit_price']) }}
),

priced as (
    select versions.*, coalesce(versions.unit_price, {{ list_price('list_prices', 'versions.business_day') }}, 0.0) as price
    from versions
    asof left join {{ ref('int_list_prices') }} as list_prices
        on versions.product_id = list_prices.product_id
        and versions.location_id = list_prices.location_id
        and versions.business_day >= list_prices.effective_on
)

select
    business_day,
    product_id,
    location_id,
    known_on as changed_on,
    cast(units as decimal(18, 4)) as units,
    cast(0 as decimal(18, 4)) as units_returned,
    cast(units * price as decimal(18, 4)) as gross_revenue,
    cast(units * price as decimal(18, 4)) as net_revenue,
    cast(0 as decimal(18, 4)) as discount_amount,
    cast(0 as decimal(18, 4)) as coupon_discount_amount,
    cast(null as bigint) as order_count
from priced
