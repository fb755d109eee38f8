{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_affected_days", "replaced_scope": "sales"},
    )
}}

-- Versions of the sales of one product at one location on one day: a late, corrected or cancelled line makes a new one.
{% set measures = ['units', 'units_returned', 'gross_revenue', 'net_revenue', 'discount_amount', 'coupon_discount_amount', 'order_count'] %}
-- depends_on: {{ ref('int_affected_days') }}
-- depends_on: {{ ref('int_sales_from_lines') }}
-- depends_on: {{ ref('int_sales_from_days') }}
with states as (
    select * from {{ ref('int_sales_from_lines') if has_order_lines() else ref('int_sales_from_days') }}
),

several_states as (
    select business_day, product_id, location_id from states group by all having count(*) > 1
),

compared as (
    select
        *,
        row({{ measures | join(', ') }}) is not distinct from lag(row({{ measures | join(', ') }})) over (
            partition by business_day, product_id, location_id order by changed_on
        ) as is_repetition
    from states
    semi join several_states using (business_day, product_id, location_id)
),

versions as (
    select *, cast(null as date) as superseded_on
    from states
    anti join several_states using (business_day, product_id, location_id)
    union all by name
    select
        * exclude (is_repetition),
        lead(changed_on) over (partition by business_day, product_id, location_id order by changed_on) as superseded_on
    from compared
    where not coalesce(is_repetition, false)
)

select
    business_day,
    product_id,
    location_id,
    cast(units as double) as units,
    cast(units_returned as double) as units_returned,
    cast(gross_revenue as double) as gross_revenue,
    cast(net_revenue as double) as net_revenue,
    cast(discount_amount as double) as discount_amount,
    cast(coupon_discount_amount as double) as coupon_discount_amount,
    order_count,
    changed_on as known_on,
    superseded_on
from versions
order by business_day, product_id, location_id, known_on
