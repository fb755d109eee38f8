with source as (
    select * from {{ source('landing', 'competitor_prices') }}
),

renamed as (
    select
        -- keys and names
        cast(competitor as varchar) as competitor,
        cast(product_id as varchar) as product_id,

        -- days and times
        cast(observed_on as date) as observed_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(price as double) as price,

        -- flags
        cast(in_stock as boolean) as in_stock,

        -- where and when the record came from
        cast(known_on as date) as known_on,
        cast(recorded_at as timestamp) as recorded_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
    from source
)

select * from renamed
