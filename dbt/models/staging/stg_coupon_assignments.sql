{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'coupon_assignments') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(campaign_id as varchar) as campaign_id,
        cast(customer_key as varchar) as customer_key,
        cast(coupon_id as varchar) as coupon_id,

        -- days and times
        cast(assigned_on as date) as assigned_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(propensity as double) as propensity,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
