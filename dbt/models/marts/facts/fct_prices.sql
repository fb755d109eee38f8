-- Versions of list prices.
with versions as (
    {{ record_versions(
        ref('stg_prices'),
        ['product_id', 'location_id', 'valid_from', 'price_type'],
        ['valid_to', 'price']
    ) }}
)

select
    product_id,
    location_id,
    valid_from,
    valid_to,
    price,
    price_type,
    known_on,
    superseded_on
from versions
order by product_id, location_id, valid_from, price_type, known_on
