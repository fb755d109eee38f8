{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'customers') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(customer_key as varchar) as customer_key,
        cast(region as varchar) as region,
        cast(acquisition_channel as varchar) as acquisition_channel,
        cast(customer_group as varchar) as customer_group,

        -- days and times
        cast(acquired_on as date) as acquired_on,
        cast(business_day as date) as business_day,

        -- flags
        cast(email_consent as boolean) as email_consent,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
