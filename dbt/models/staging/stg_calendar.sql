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
        {{ where_recorded() }}
    from source
)

select * from renamed
