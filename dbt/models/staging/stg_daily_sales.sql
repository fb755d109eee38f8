{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'daily_sales') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(product_id as varchar) as product_id,
        cast(location_id as varchar) as location_id,

        -- days and times
        cast(business_day as date) as business_day,

        -- numbers
        cast(units as double) as units,
        cast(unit_price as double) as unit_price,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
