{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'prices') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(product_id as varchar) as product_id,
        cast(location_id as varchar) as location_id,
        cast(price_type as varchar) as price_type,

        -- days and times
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        cast(business_day as date) as business_day,

        -- numbers
        cast(price as double) as price,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
