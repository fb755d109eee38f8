{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'calendar') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(location_id as varchar) as location_id,
        cast(event_name as varchar) as event_name,
        cast(event_type as varchar) as event_type,

        -- days and times
        cast(business_day as date) as business_day,

        -- flags
        cast(is_open as boolean) as is_open,

        -- where and when the record came from
        cast(known_on as date) as known_on,
        cast(recorded_at as timestamp) as recorded_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from source
)

select * from renamed
