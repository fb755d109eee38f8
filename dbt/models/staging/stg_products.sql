{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'products') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(product_id as varchar) as product_id,
        cast(product_name as varchar) as product_name,
        cast(category as varchar) as category,
        cast(department as varchar) as department,
        cast(brand as varchar) as brand,
        cast(supplier_id as varchar) as supplier_id,

        -- days and times
        cast(launched_on as date) as launched_on,
        cast(discontinued_on as date) as discontinued_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(unit_cost as double) as unit_cost,
        cast(regular_price as double) as regular_price,
        cast(pack_units as bigint) as pack_units,
        cast(moq_units as bigint) as moq_units,
        cast(volume_m3 as double) as volume_m3,
        cast(shelf_life_days as bigint) as shelf_life_days,

        -- flags
        cast(is_service as boolean) as is_service,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
