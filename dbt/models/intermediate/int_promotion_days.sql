-- Every day of every promotion, by version of the promotion: a promotion cut short takes its last days back.
with promotions as (
    {{ at_every_location(ref('fct_promotions')) }}
)

select
    cast(unnest(generate_series(starts_on, ends_on, interval 1 day)) as date) as business_day,
    product_id,
    location_id,
    promotion_id,
    coalesce(discount_share, 0.0) as discount_share,
    known_on,
    superseded_on
from promotions
where ends_on >= starts_on
