-- The prices customers were last seen to pay, per item, from each day on (`effective_on`) on which they changed. A price is
-- seen on the day the sale became known, so nothing here is ever revised:
--   seen_price    average price of the last day with sales, coupons aside; sales for nothing show no price
--   shelf_price   the same for the last such day without promotion
--   usual_price   median shelf price of the last 15 such days: stands in for a regular price nobody stated
with sales as (
    select
        sales.product_id,
        sales.location_id,
        sales.business_day,
        sales.known_on,
        (sales.gross_revenue - sales.discount_amount + sales.coupon_discount_amount) / sales.units as price,
        sales.business_day < max(sales.business_day) over (
            partition by sales.product_id, sales.location_id order by sales.known_on
        ) as is_old_news
    from {{ ref('fct_sales_daily') }} as sales
    where sales.units > 0 and sales.gross_revenue - sales.discount_amount + sales.coupon_discount_amount > 0
),

promoted as (
    select distinct business_day, product_id, location_id, known_on, superseded_on from {{ ref('int_promotion_days') }}
),

seen as (
    select sales.product_id, sales.location_id, sales.known_on as effective_on, sales.price, bool_or(promoted.product_id is not null) as on_promotion
    from sales
    left join promoted
        on sales.business_day = promoted.business_day
        and sales.product_id = promoted.product_id
        and sales.location_id = promoted.location_id
        and {{ in_force_on('promoted', 'sales.known_on') }}
    where not sales.is_old_news
    group by all
),

states as (
    select
        seen.product_id,
        seen.location_id,
        seen.effective_on,
        seen.price as seen_price,
        last_value(case when not seen.on_promotion then seen.price end ignore nulls) over history as shelf_price,
        median(case when not seen.on_promotion then seen.price end) over (history rows between 14 preceding and current row) as usual_price
    from seen
    window history as (partition by seen.product_id, seen.location_id order by seen.effective_on)
),

compared as (
    select
        *,
        row(seen_price, shelf_price, usual_price) is not distinct from lag(row(seen_price, shelf_price, usual_price)) over (
            partition by product_id, location_id order by effective_on
        ) as is_repetition
    from states
)

select product_id, location_id, effective_on, seen_price, shelf_price, usual_price
from compared
where not coalesce(is_repetition, false)
