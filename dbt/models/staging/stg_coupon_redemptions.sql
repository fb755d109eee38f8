{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'coupon_redemptions') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(coupon_id as varchar) as coupon_id,
        cast(customer_key as varchar) as customer_key,
        cast(campaign_id as varchar) as campaign_id,
        cast(order_id as varchar) as order_id,

        -- days and times
        cast(redeemed_on as date) as redeemed_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(discount_amount as double) as discount_amount,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
