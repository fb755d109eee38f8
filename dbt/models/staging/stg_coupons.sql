{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'coupons') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(coupon_id as varchar) as coupon_id,
        cast(campaign_id as varchar) as campaign_id,
        cast(category as varchar) as category,

        -- days and times
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        cast(business_day as date) as business_day,

        -- numbers
        cast(face_value as double) as face_value,
        cast(min_basket as double) as min_basket,
        cast(issuance_limit as bigint) as issuance_limit,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
