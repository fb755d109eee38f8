-- Versions of the lines of known customers on the days this run replaces, with the category and cost of the product as
-- known when the line became known. Without a cost, the assumed share of the line's price stands in. A cancelled line is no
-- sale and comes to nothing; it is kept to be counted. An order of exactly midnight is one whose hour is not told.
with lines as (
    select *
    from {{ ref('fct_order_lines') }}
    where customer_key is not null
        and business_day in (select business_day from {{ ref('int_affected_days') }} where scope = 'sales')
)

select
    lines.business_day,
    lines.order_id,
    lines.customer_key,
    lines.channel,
    products.category,
    products.is_service,
    lines.line_type = 'sale' as is_sale,
    lines.is_cancelled,
    case when cast(lines.order_ts as time) <> time '00:00:00' then hour(lines.order_ts) end as order_hour,
    lines.coupon_id is not null as has_coupon,
    lines.promotion_id is not null or (lines.coupon_id is null and lines.discount_amount > 0) as is_promoted,
    cast(lines.units as decimal(18, 4)) as units,
    cast(lines.units * lines.unit_price as decimal(18, 4)) as gross_revenue,
    cast(lines.discount_amount as decimal(18, 4)) as discount_amount,
    cast(lines.net_revenue as decimal(18, 4)) as net_revenue,
    cast(lines.units * coalesce(products.unit_cost, lines.unit_price * {{ cost_share() }}) as decimal(18, 4)) as cost,
    lines.known_on,
    lines.superseded_on
from lines
inner join {{ ref('dim_products') }} as products
    on lines.product_id = products.product_id and {{ in_force_on('products', 'lines.known_on') }}
