with source as (
    select * from {{ source('landing', 'web_events') }}
),

renamed as (
    select
        -- keys and names
        cast(event_id as varchar) as event_id,
        cast(session_id as varchar) as session_id,
        cast(customer_key as varchar) as customer_key,
        cast(event_type as varchar) as event_type,
        cast(product_id as varchar) as product_id,
        cast(traffic_source as varchar) as traffic_source,

        -- days and times
        cast(event_ts as timestamp) as event_ts,
        cast(business_day as date) as business_day,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
