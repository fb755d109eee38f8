{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

with source as (
    select * from {{ source('landing', 'purchase_orders') }} where {{ landed_in_window() }}
),

renamed as (
    select
        -- keys and names
        cast(po_id as varchar) as po_id,
        cast(line_id as varchar) as line_id,
        cast(product_id as varchar) as product_id,
        cast(location_id as varchar) as location_id,
        cast(supplier_id as varchar) as supplier_id,

        -- days and times
        cast(ordered_on as date) as ordered_on,
        cast(expected_on as date) as expected_on,
        cast(received_on as date) as received_on,
        cast(business_day as date) as business_day,

        -- numbers
        cast(units_ordered as double) as units_ordered,
        cast(units_received as double) as units_received,
        cast(unit_cost as double) as unit_cost,

        -- where and when the record came from
        {{ where_recorded() }}
    from source
)

select * from renamed
