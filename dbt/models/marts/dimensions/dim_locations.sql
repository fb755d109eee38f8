-- Versions of locations. A location that sales or stock speak of before the shop has described it gets a placeholder row.
with described as (
    {{ record_versions(
        ref('stg_locations'),
        ['location_id'],
        ['location_name', 'location_type', 'region', 'volume_capacity_m3', 'latitude', 'longitude']
    ) }}
),

mentions as (
    select location_id, known_on from {{ ref('fct_order_lines') }}
    union all
    select location_id, known_on from {{ ref('stg_daily_sales') }}
    union all
    select location_id, known_on from {{ ref('fct_stock_daily') }}
),

first_mentions as (
    select location_id, min(known_on) as known_on from mentions group by location_id
),

first_descriptions as (
    select location_id, min(known_on) as described_on from described group by location_id
),

placeholders as (
    select first_mentions.location_id, first_mentions.known_on, first_descriptions.described_on as superseded_on
    from first_mentions
    left join first_descriptions using (location_id)
    where first_descriptions.described_on is null or first_descriptions.described_on > first_mentions.known_on
),

locations as (
    select *, false as is_placeholder from described
    union all by name
    select *, true as is_placeholder from placeholders
)

select
    location_id,
    coalesce(location_name, location_id) as location_name,
    coalesce(location_type, 'store') as location_type,
    region,
    volume_capacity_m3,
    latitude,
    longitude,
    is_placeholder,
    known_on,
    superseded_on
from locations
order by location_id, known_on
