{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'suppliers') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(supplier_id as varchar) as supplier_id,
        cast(supplier_name as varchar) as supplier_name,
        cast(order_weekdays as varchar) as order_weekdays,

        -- days and times
        cast(business_day as date) as business_day,

        -- numbers
        cast(lead_time_days as bigint) as lead_time_days,
        cast(lead_time_sd_days as double) as lead_time_sd_days,
        cast(review_days as bigint) as review_days,
        cast(min_order_value as double) as min_order_value,
        cast(fixed_order_cost as double) as fixed_order_cost,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
