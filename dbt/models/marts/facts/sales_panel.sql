{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_panel_days"},
    )
}}

-- depends_on: {{ ref('int_panel_days') }}
-- What each item sold on each day since its first, days without sales included, with what surrounded it. Sales, stock,
-- promotions and opening are those known on the version's known_on; list prices and carried prices those of the day itself.
with promotions as (
    select
        versions.business_day,
        versions.product_id,
        versions.location_id,
        versions.known_on,
        max(promotions.discount_share) as promotion_share
    from {{ ref('int_panel_versions') }} as versions
    inner join {{ ref('int_promotion_days') }} as promotions
        on versions.business_day = promotions.business_day
        and versions.product_id = promotions.product_id
        and versions.location_id = promotions.location_id
        and {{ in_force_on('promotions', 'versions.known_on') }}
    group by all
),

gathered as (
    select
        versions.*,
        coalesce(sales.units, 0.0) as units,
        coalesce(sales.net_revenue, 0.0) as net_revenue,
        -- sales for nothing (gifts, daily sums without a price) show no price
        nullif(sales.gross_revenue - sales.discount_amount + sales.coupon_discount_amount, 0) / nullif(sales.units, 0) as paid_price,
        stock.on_hand,
        promotions.known_on is not null as on_promotion,
        coalesce(promotions.promotion_share, 0.0) as promotion_share,
        coalesce(open_days.is_open, true) as is_open,
        products.regular_price as stated_price,
        {{ regular_list_price('list_prices', 'versions.business_day') }} as list_price,
        {{ promotional_list_price('list_prices', 'versions.business_day') }} as promotional_price,
        seen_prices.shelf_price,
        seen_prices.seen_price,
        seen_prices.usual_price
    from {{ ref('int_panel_versions') }} as versions
    inner join {{ ref('dim_products') }} as products
        on versions.product_id = products.product_id and {{ in_force_on('products', 'versions.known_on') }}
    left join {{ ref('fct_sales_daily') }} as sales
        on versions.business_day = sales.business_day
        and versions.product_id = sales.product_id
        and versions.location_id = sales.location_id
        and {{ in_force_on('sales', 'versions.known_on') }}
    left join {{ ref('fct_stock_daily') }} as stock
        on versions.business_day = stock.business_day
        and versions.product_id = stock.product_id
        and versions.location_id = stock.location_id
        and {{ in_force_on('stock', 'versions.known_on') }}
    left join promotions
        on versions.business_day = promotions.business_day
        and versions.product_id = promotions.product_id
        and versions.location_id = promotions.location_id
        and versions.known_on = promotions.known_on
    left join {{ ref('int_open_days') }} as open_days
        on versions.business_day = open_days.business_day
        and versions.location_id = open_days.location_id
        and {{ in_force_on('open_days', 'versions.known_on') }}
    asof left join {{ ref('int_list_prices') }} as list_prices
        on versions.product_id = list_prices.product_id
        and versions.location_id = list_prices.location_id
        and versions.business_day >= list_prices.effective_on
    asof left join {{ ref('int_seen_prices') }} as seen_prices
        on versions.product_id = seen_prices.product_id
        and versions.location_id = seen_prices.location_id
        and versions.business_day >= seen_prices.effective_on
    where not products.is_service
),

priced as (
    select
        *,
        coalesce(list_price, stated_price, usual_price) as regular_price,
        coalesce(
            paid_price,
            promotional_price,
            coalesce(list_price, shelf_price, stated_price) * (1 - promotion_share),
            seen_price
        ) as unit_price
    from gathered
)

select
    business_day,
    product_id,
    location_id,
    units,
    net_revenue,
    unit_price,
    regular_price,
    case when regular_price > 0 then least(greatest(1 - unit_price / regular_price, 0.0), 1.0) else 0.0 end as discount_share,
    on_promotion,
    on_hand,
    case when on_hand is null then 'none' else 'feed' end as stock_source,
    coalesce(on_hand <= 0, false) as is_censored,
    is_open,
    known_on,
    superseded_on
from priced
order by business_day, product_id, location_id, known_on
