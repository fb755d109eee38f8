-- Versions of redeemed coupons.
with versions as (
    {{ record_versions(
        ref('stg_coupon_redemptions'),
        ['coupon_id', 'customer_key', 'redeemed_on', 'order_id'],
        ['campaign_id', 'discount_amount']
    ) }}
)

select
    coupon_id,
    customer_key,
    campaign_id,
    order_id,
    redeemed_on,
    discount_amount,
    known_on,
    superseded_on
from versions
order by coupon_id, customer_key, redeemed_on, order_id, known_on
