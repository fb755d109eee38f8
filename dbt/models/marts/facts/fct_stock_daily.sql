{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_affected_days", "replaced_scope": "stock"},
    )
}}

-- Versions of the stock counted at the end of each day. A count below zero is a count of nothing, and says so.
with affected_days as (
    select business_day from {{ ref('int_affected_days') }} where scope = 'stock'
),

records as (
    select * from {{ ref('stg_stock_levels') }} semi join affected_days using (business_day)
),

versions as (
    {{ record_versions('records', ['business_day', 'product_id', 'location_id'], ['on_hand']) }}
)

select
    business_day,
    product_id,
    location_id,
    greatest(on_hand, 0.0) as on_hand,
    on_hand < 0 as was_negative,
    known_on,
    superseded_on
from versions
order by business_day, product_id, location_id, known_on
