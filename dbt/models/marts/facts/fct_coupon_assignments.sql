-- Versions of who was given which coupon; a row without coupon is the control group.
with versions as (
    {{ record_versions(
        ref('stg_coupon_assignments'),
        ['campaign_id', 'customer_key'],
        ['coupon_id', 'assigned_on', 'propensity']
    ) }}
)

select
    campaign_id,
    customer_key,
    coupon_id,
    assigned_on,
    propensity,
    known_on,
    superseded_on
from versions
order by campaign_id, customer_key, known_on
