-- What the price list said from each day on (`effective_on`), per product and location: the newest regular and the newest
-- promotional price known by then. A price counts from the later of its first day and the day it became known; a price
-- older than one already in force is history and changes nothing.
with prices as (
    {{ at_every_location(ref('fct_prices')) }}
),

started as (
    select
        product_id,
        location_id,
        price_type,
        price,
        valid_from,
        valid_to,
        greatest(valid_from, known_on) as effective_on,
        max(valid_from) over (
            partition by product_id, location_id, price_type
            order by greatest(valid_from, known_on), valid_from
        ) as newest_valid_from
    from prices
    where superseded_on is null or superseded_on > valid_from
),

states as (
    select
        product_id,
        location_id,
        effective_on,
        arg_max({'price': price, 'valid_to': valid_to}, valid_from) filter (price_type = 'regular') as regular,
        arg_max({'price': price, 'valid_to': valid_to}, valid_from) filter (price_type = 'promotion') as promotion
    from started
    where valid_from = newest_valid_from
    group by product_id, location_id, effective_on
),

carried as (
    select
        product_id,
        location_id,
        effective_on,
        last_value(regular ignore nulls) over history as regular,
        last_value(promotion ignore nulls) over history as promotion
    from states
    window history as (partition by product_id, location_id order by effective_on)
)

select
    product_id,
    location_id,
    effective_on,
    regular.price as regular_price,
    regular.valid_to as regular_valid_to,
    promotion.price as promotion_price,
    promotion.valid_to as promotion_valid_to
from carried
