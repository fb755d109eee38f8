-- Versions of the kinds of coupons.
with versions as (
    {{ record_versions(
        ref('stg_coupons'),
        ['coupon_id'],
        ['campaign_id', 'face_value', 'min_basket', 'category', 'valid_from', 'valid_to', 'issuance_limit']
    ) }}
)

select
    coupon_id,
    campaign_id,
    face_value,
    min_basket,
    category,
    valid_from,
    valid_to,
    issuance_limit,
    known_on,
    superseded_on
from versions
order by coupon_id, known_on
