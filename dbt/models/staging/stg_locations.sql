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
        cast(known_on as date) as known_on,
        cast(recorded_at as timestamp) as recorded_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from source
)

select * from renamed
