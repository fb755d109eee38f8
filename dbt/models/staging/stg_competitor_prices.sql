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
        {{ where_recorded() }}
    from source
)

select * from renamed
