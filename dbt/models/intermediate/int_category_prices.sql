-- The average price paid per unit in each category over the twelve months before a month, as known when it began: the
-- yardstick for whether a customer buys cheap or dear.
with monthly as (
    select
        products.category,
        date_trunc('month', sales.business_day) as sales_month,
        date_trunc('month', sales.known_on) as known_month,
        date_trunc('month', coalesce(sales.superseded_on, date '9999-12-01')) as superseded_month,
        sum(cast(sales.units as decimal(18, 4))) as units,
        sum(cast(sales.gross_revenue - sales.discount_amount as decimal(18, 4))) as sale_revenue
    from {{ ref('fct_sales_daily') }} as sales
    inner join {{ ref('dim_products') }} as products
        on sales.product_id = products.product_id and {{ in_force_on('products', 'sales.known_on') }}
    where not products.is_service
    group by all
),

months as (
    select distinct known_month + interval 1 month as month_start from monthly
    union
    select distinct sales_month from monthly
)

select
    monthly.category,
    cast(months.month_start as date) as month_start,
    cast(cast(sum(monthly.sale_revenue) as double) / nullif(cast(sum(monthly.units) as double), 0) as decimal(18, 4)) as mean_price
from months
inner join monthly
    on monthly.sales_month < months.month_start
    and monthly.sales_month >= months.month_start - interval 12 month
    and monthly.known_month < months.month_start
    and monthly.superseded_month >= months.month_start
group by monthly.category, months.month_start
