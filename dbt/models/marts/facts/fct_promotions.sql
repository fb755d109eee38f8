-- Versions of promoted products.
with versions as (
    {{ record_versions(
        ref('stg_promotions'),
        ['promotion_id', 'product_id', 'location_id'],
        ['starts_on', 'ends_on', 'promotion_type', 'discount_share']
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
order by promotion_id, product_id, location_id, known_on
