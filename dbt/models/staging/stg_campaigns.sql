{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'campaigns') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(campaign_id as varchar) as campaign_id,
        cast(campaign_name as varchar) as campaign_name,
        cast(campaign_type as varchar) as campaign_type,
        cast(channel as varchar) as channel,

        -- days and times
        cast(starts_on as date) as starts_on,
        cast(ends_on as date) as ends_on,
        cast(business_day as date) as business_day,

        -- flags
        cast(is_randomised as boolean) as is_randomised,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
