-- Versions of products. A product that sales, stock or purchase orders speak of before the shop has described it gets a
-- placeholder row from the day it was first heard of until the day its description became known.
with described as (
    {{ record_versions(
        ref('stg_products'),
        ['product_id'],
        ['product_name', 'category', 'department', 'brand', 'unit_cost', 'regular_price', 'supplier_id', 'pack_units',
         'moq_units', 'volume_m3', 'shelf_life_days', 'launched_on', 'discontinued_on', 'is_service']
    ) }}
),

mentions as (
    select product_id, known_on from {{ ref('fct_order_lines') }}
    union all
    select product_id, known_on from {{ ref('stg_daily_sales') }}
    union all
    select product_id, known_on from {{ ref('fct_stock_daily') }}
    union all
    select product_id, known_on from {{ ref('fct_purchase_orders') }}
),

first_mentions as (
    select product_id, min(known_on) as known_on from mentions group by product_id
),

first_descriptions as (
    select product_id, min(known_on) as described_on from described group by product_id
),

placeholders as (
    select first_mentions.product_id, first_mentions.known_on, first_descriptions.described_on as superseded_on
    from first_mentions
    left join first_descriptions using (product_id)
    where first_descriptions.described_on is null or first_descriptions.described_on > first_mentions.known_on
),

products as (
    select *, false as is_placeholder from described
    union all by name
    select *, true as is_placeholder from placeholders
)

select
    product_id,
    coalesce(product_name, product_id) as product_name,
    coalesce(category, 'uncategorised') as category,
    coalesce(department, 'all') as department,
    brand,
    unit_cost,
    regular_price,
    supplier_id,
    coalesce(pack_units, 1) as pack_units,
    coalesce(moq_units, 0) as moq_units,
    volume_m3,
    shelf_life_days,
    launched_on,
    discontinued_on,
    coalesce(is_service, false) as is_service,
    is_placeholder,
    known_on,
    superseded_on
from products
order by product_id, known_on
