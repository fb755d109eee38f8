-- Versions of merchandisers' decisions about promotions of products.
with versions as (
    {{ record_versions(
        ref('stg_promotion_decisions'),
        ['product_id', 'location_id', 'starts_on'],
        ['ends_on', 'action', 'promotion_name', 'discount_share']
    ) }}
)

select
    product_id,
    location_id,
    starts_on,
    coalesce(ends_on, starts_on + 6) as ends_on,
    action,
    promotion_name,
    discount_share,
    known_on,
    superseded_on
from versions
order by product_id, location_id, starts_on, known_on
