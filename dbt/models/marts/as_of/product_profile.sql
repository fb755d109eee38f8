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

first_sales as (
    select product_id, business_day, min(known_on) as known_on
    from {{ ref('fct_sales_daily') }}
    where units > 0
    group by product_id, business_day
),

ever_sold as (
    select days.as_of_day, first_sales.product_id, min(first_sales.business_day) as first_sale_day, max(first_sales.business_day) as last_sale_day
    from days
    inner join first_sales on first_sales.known_on <= days.as_of_day
    group by days.as_of_day, first_sales.product_id
),

-- Sums in decimals: the same rows add up to the same number in whatever order they are read.
exact_sales as (
    select
        business_day,
        product_id,
        cast(units as decimal(18, 4)) as units,
        cast(units_returned as decimal(18, 4)) as units_returned,
        cast(gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(discount_amount as decimal(18, 4)) as discount_amount,
        cast(net_revenue as decimal(18, 4)) as net_revenue,
        known_on,
        superseded_on
    from {{ ref('fct_sales_daily') }}
),

sold as (
    select
        days.as_of_day,
        sales.product_id,
        {%- for n in windows %}
        sum(sales.units) filter (sales.business_day > days.as_of_day - {{ n }}) as units_{{ n }},
        sum(sales.net_revenue) filter (sales.business_day > days.as_of_day - {{ n }}) as net_revenue_{{ n }},
        {%- endfor %}
        sum(sales.units_returned) as units_returned_365,
        sum(sales.gross_revenue) filter (sales.business_day > days.as_of_day - 84) as gross_revenue_84,
        sum(sales.discount_amount) filter (sales.business_day > days.as_of_day - 84) as discount_amount_84,
        count(*) filter (sales.units > 0 and sales.business_day > days.as_of_day - 84) as selling_item_days_84,
        sum(sales.units * sales.units) filter (sales.business_day > days.as_of_day - 84) as squared_units_84
    from days
    inner join exact_sales as sales
        on sales.business_day <= days.as_of_day
        and sales.business_day > days.as_of_day - 365
        and {{ in_force_on('sales', 'days.as_of_day') }}
    group by days.as_of_day, sales.product_id
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
        coalesce(sold.selling_item_days_84, 0) as selling_item_days_84,
        coalesce(existing.location_count, 0) as location_count,
        coalesce(existing.item_days_84, 0) as item_days_84,
        -- variance by squared mean, from the sums
        cast(sold.squared_units_84 as double) * sold.selling_item_days_84 / nullif(cast(sold.units_84 as double) ** 2, 0) - 1 as size_cv2_84,
        stocked.on_hand,
        stocked.stockout_share_28
    from spine
    left join ever_sold using (as_of_day, product_id)
    left join sold using (as_of_day, product_id)
    left join existing using (as_of_day, product_id)
    left join stocked using (as_of_day, product_id)
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
