{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'ad_spend') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(channel as varchar) as channel,
        cast(campaign_id as varchar) as campaign_id,

        -- days and times
        cast(business_day as date) as business_day,

        -- numbers
        cast(spend as double) as spend,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
