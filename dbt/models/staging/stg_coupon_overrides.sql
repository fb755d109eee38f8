{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'coupon_overrides') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(override_id as varchar) as override_id,
        cast(action as varchar) as action,
        cast(coupon_id as varchar) as coupon_id,
        cast(customer_key as varchar) as customer_key,
        cast(segment as varchar) as segment,

        -- days and times
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        cast(business_day as date) as business_day,

        -- numbers
        cast(coupons as bigint) as coupons,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
