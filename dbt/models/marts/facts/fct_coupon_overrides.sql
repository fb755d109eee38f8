-- Versions of merchandisers' decisions about coupons.
with versions as (
    {{ record_versions(
        ref('stg_coupon_overrides'),
        ['override_id'],
        ['action', 'coupon_id', 'customer_key', 'segment', 'coupons', 'valid_from', 'valid_to']
    ) }}
)

select
    override_id,
    action as override_action,
    coupon_id,
    customer_key,
    segment,
    coupons as override_count,
    valid_from,
    coalesce(valid_to, valid_from) as valid_to,
    known_on,
    superseded_on
from versions
order by override_id, known_on
