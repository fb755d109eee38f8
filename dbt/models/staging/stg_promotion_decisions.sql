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
        cast(known_on as date) as known_on,
        cast(recorded_at as timestamp) as recorded_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from source
)

select * from renamed
