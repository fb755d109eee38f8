{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'promotion_decisions') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(product_id as varchar) as product_id,
        cast(location_id as varchar) as location_id,
        cast(action as varchar) as action,
        cast(promotion_name as varchar) as promotion_name,

        -- days and times
        cast(starts_on as date) as starts_on,
        cast(ends_on as date) as ends_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(discount_share as double) as discount_share,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
