{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_as_of": "as_of_day"},
    )
}}

-- What was known at the end of each as-of day about every product that is goods, over all its locations.
{%- set windows = [28, 84, 365] %}
with days as (
    select cast(unnest(generate_series({{ as_of_start() }}, {{ as_of_end() }} - 1, interval 1 day)) as date) as as_of_day
),

spine as (
    select days.as_of_day, products.*
    from days
    inner join {{ ref('dim_products') }} as products on {{ in_force_on('products', 'days.as_of_day') }}
    where not products.is_service
),

bounds as (
    select min(as_of_day) as first_day, max(as_of_day) as last_day from days
),

-- First and last sale as far as was known, one row per day on which news came.
sale_news as (
    select product_id, known_on, min(business_day) as earliest, max(business_day) as latest
    from {{ ref('fct_sales_daily') }}
    where units > 0
    group by product_id, known_on
),

ever_sold as (
    select
        product_id,
        known_on,
        min(earliest) over history as first_sale_day,
        max(latest) over history as last_sale_day
    from sale_news
    window history as (partition by product_id order by known_on)
),

-- Sums in decimals: the same rows add up to the same number in whatever order they are read.
sales as (
    select
        sales.product_id,
        sales.business_day,
        cast(sales.units as decimal(18, 4)) as units,
        cast(sales.units_returned as decimal(18, 4)) as units_returned,
        cast(sales.gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(sales.discount_amount as decimal(18, 4)) as discount_amount,
        cast(sales.net_revenue as decimal(18, 4)) as net_revenue,
        bounds.first_day,
        bounds.last_day,
        greatest(sales.known_on, bounds.first_day) as enters_on,
        coalesce(sales.superseded_on, date '9999-12-31') as leaves_on
    from {{ ref('fct_sales_daily') }} as sales
    inner join bounds
        on sales.known_on <= bounds.last_day
        and coalesce(sales.superseded_on, date '9999-12-31') > bounds.first_day
        and sales.business_day > bounds.first_day - 365
),

sold as (
    {{ rolling_windows('sales', 'product_id', {
        28: {"units_28": "units", "net_revenue_28": "net_revenue"},
        84: {
            "units_84": "units",
            "net_revenue_84": "net_revenue",
            "gross_revenue_84": "gross_revenue",
            "discount_amount_84": "discount_amount",
            "selling_item_days_84": "cast(units > 0 as integer)",
            "squared_units_84": "units * units",
        },
        365: {"units_365": "units", "net_revenue_365": "net_revenue", "units_returned_365": "units_returned"},
    }) }}
),

existing as (
    select
        days.as_of_day,
        items.product_id,
        count(distinct items.location_id) as location_count,
        sum(least(84, days.as_of_day - items.first_day + 1)) as item_days_84
    from days
    inner join {{ ref('int_item_first_days') }} as items on items.known_on <= days.as_of_day
    where items.until_day is null
        or not exists (
            select 1 from {{ ref('int_item_first_days') }} as later
            where later.product_id = items.product_id
                and later.location_id = items.location_id
                and later.known_on > items.known_on
                and later.known_on <= days.as_of_day
        )
    group by days.as_of_day, items.product_id
),

counted as (
    select
        days.as_of_day,
        stock.product_id,
        stock.location_id,
        arg_max(stock.on_hand, stock.business_day) as on_hand,
        count(*) as counted_days,
        count(*) filter (stock.on_hand <= 0) as stockout_days
    from days
    inner join {{ ref('fct_stock_daily') }} as stock
        on stock.business_day <= days.as_of_day
        and stock.business_day > days.as_of_day - 28
        and {{ in_force_on('stock', 'days.as_of_day') }}
    group by days.as_of_day, stock.product_id, stock.location_id
),

stocked as (
    select
        as_of_day,
        product_id,
        cast(sum(cast(on_hand as decimal(18, 4))) as double) as on_hand,
        sum(stockout_days) / sum(counted_days) as stockout_share_28
    from counted
    group by as_of_day, product_id
),

gathered as (
    select
        spine.as_of_day,
        spine.product_id,
        spine.category,
        spine.department,
        spine.supplier_id,
        spine.unit_cost,
        spine.regular_price,
        ever_sold.first_sale_day,
        ever_sold.last_sale_day,
        {%- for n in windows %}
        cast(coalesce(sold.units_{{ n }}, 0) as double) as units_{{ n }},
        cast(coalesce(sold.net_revenue_{{ n }}, 0) as double) as net_revenue_{{ n }},
        {%- endfor %}
        cast(coalesce(sold.units_returned_365, 0) as double) as units_returned_365,
        coalesce(greatest(sold.net_revenue_365, 0), 0) as earned_365,
        cast(sold.gross_revenue_84 - sold.discount_amount_84 as double) / nullif(cast(sold.units_84 as double), 0) as mean_price_84,
        {{ share('sold.discount_amount_84', 'sold.gross_revenue_84') }} as discount_share_84,
        cast(coalesce(sold.selling_item_days_84, 0) as bigint) as selling_item_days_84,
        coalesce(existing.location_count, 0) as location_count,
        coalesce(existing.item_days_84, 0) as item_days_84,
        -- variance by squared mean, from the sums
        cast(sold.squared_units_84 as double) * cast(sold.selling_item_days_84 as double) / nullif(cast(sold.units_84 as double) ** 2, 0) - 1 as size_cv2_84,
        stocked.on_hand,
        stocked.stockout_share_28
    from spine
    asof left join ever_sold on spine.product_id = ever_sold.product_id and spine.as_of_day >= ever_sold.known_on
    asof left join sold on spine.product_id = sold.product_id and spine.as_of_day >= sold.changed_on
    left join existing on spine.product_id = existing.product_id and spine.as_of_day = existing.as_of_day
    left join stocked on spine.product_id = stocked.product_id and spine.as_of_day = stocked.as_of_day
),

measured as (
    select
        *,
        item_days_84 / nullif(selling_item_days_84, 0) as demand_interval_days,
        net_revenue_365 - (units_365 - units_returned_365)
            * coalesce(unit_cost, net_revenue_365 / nullif(units_365 - units_returned_365, 0) * {{ cost_share() }}, 0) as margin_365,
        sum(earned_365) over (
            partition by as_of_day order by earned_365 desc, product_id rows between unbounded preceding and 1 preceding
        ) as earned_before,
        sum(earned_365) over (partition by as_of_day) as earned_by_all,
        sum(earned_365) over (partition by as_of_day, category) as earned_by_category
    from gathered
)

select
    as_of_day,
    product_id,
    category,
    department,
    supplier_id,
    unit_cost,
    regular_price,
    first_sale_day,
    last_sale_day,
    as_of_day - last_sale_day as days_since_last_sale,
    location_count,
    units_28,
    units_84,
    units_365,
    net_revenue_28,
    net_revenue_84,
    net_revenue_365,
    margin_365,
    coalesce(units_returned_365 / nullif(units_365, 0), 0.0) as return_rate,
    mean_price_84,
    discount_share_84,
    coalesce(3 * units_28 / nullif(units_84, 0), 0.0) as units_trend,
    demand_interval_days,
    size_cv2_84,
    -- the usual cut of demand patterns: interval 1.32 days, squared coefficient of variation 0.49 (Syntetos, Boylan, Croston 2005)
    case
        when first_sale_day is null or selling_item_days_84 = 0 then 'none'
        when as_of_day - first_sale_day < 28 then 'new'
        when demand_interval_days < 1.32 and size_cv2_84 < 0.49 then 'smooth'
        when demand_interval_days < 1.32 then 'erratic'
        when size_cv2_84 < 0.49 then 'intermittent'
        else 'lumpy'
    end as demand_pattern,
    on_hand,
    stockout_share_28,
    on_hand / nullif(units_28 / 28, 0) as cover_days,
    {{ share('earned_365', 'earned_by_category') }} as category_revenue_share,
    case
        when earned_365 = 0 then 'C'
        when coalesce(earned_before, 0) < 0.8 * earned_by_all then 'A'
        when earned_before < 0.95 * earned_by_all then 'B'
        else 'C'
    end as abc_class
from measured
order by as_of_day, product_id
