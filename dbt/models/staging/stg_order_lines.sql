{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'order_lines') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(order_id as varchar) as order_id,
        cast(line_id as varchar) as line_id,
        cast(line_type as varchar) as line_type,
        cast(product_id as varchar) as product_id,
        cast(location_id as varchar) as location_id,
        cast(customer_key as varchar) as customer_key,
        cast(coupon_id as varchar) as coupon_id,
        cast(promotion_id as varchar) as promotion_id,
        cast(channel as varchar) as channel,
        cast(currency as varchar) as currency,

        -- days and times
        cast(order_ts as timestamp) as order_ts,
        cast(business_day as date) as business_day,

        -- numbers
        cast(units as double) as units,
        cast(unit_price as double) as unit_price,
        cast(discount_amount as double) as discount_amount,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
