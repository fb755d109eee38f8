{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'locations') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(location_id as varchar) as location_id,
        cast(location_name as varchar) as location_name,
        cast(location_type as varchar) as location_type,
        cast(region as varchar) as region,

        -- days and times
        cast(business_day as date) as business_day,

        -- numbers
        cast(volume_capacity_m3 as double) as volume_capacity_m3,
        cast(latitude as double) as latitude,
        cast(longitude as double) as longitude,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
