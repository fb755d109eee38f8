-- Versions of promoted products: what the shop announces, and what a merchandiser approved. A rejection takes an approval back: it ends the
-- version before it and leaves none of its own.
with announced as (
    select
        promotion_id,
        product_id,
        location_id,
        starts_on,
        ends_on,
        promotion_type,
        discount_share,
        true as is_running,
        known_on,
        recorded_at,
        source_file,
        source_row
    from {{ ref('stg_promotions') }}
),

decided as (
    select
        'approved ' || cast(starts_on as varchar) as promotion_id,
        product_id,
        location_id,
        starts_on,
        coalesce(ends_on, starts_on + 6) as ends_on,
        coalesce(promotion_name, 'approved') as promotion_type,
        discount_share,
        action = 'approve' as is_running,
        known_on,
        recorded_at,
        source_file,
        source_row
    from {{ ref('stg_promotion_decisions') }}
),

records as (
    select * from announced
    union all by name
    select * from decided
),

versions as (
    {{ record_versions(
        'records',
        ['promotion_id', 'product_id', 'location_id'],
        ['starts_on', 'ends_on', 'promotion_type', 'discount_share', 'is_running']
    ) }}
)

select
    promotion_id,
    product_id,
    location_id,
    starts_on,
    ends_on,
    promotion_type,
    discount_share,
    known_on,
    superseded_on
from versions
where is_running
order by promotion_id, product_id, location_id, known_on
