{{ config(tags=["facts"], meta={"dagster": {"ref": {"name": "sales_panel"}}}) }}

-- The panel sells what goods sold, services left out, on every day this run replaced, as known today.
with days as (
    select business_day from {{ ref('int_panel_days') }}
),

panel as (
    select business_day, sum(cast(units as decimal(18, 4))) as units, sum(cast(net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('sales_panel') }}
    where superseded_on is null and business_day in (select business_day from days)
    group by business_day
),

goods as (
    select sales.business_day, sum(cast(sales.units as decimal(18, 4))) as units, sum(cast(sales.net_revenue as decimal(18, 4))) as net_revenue
    from {{ ref('fct_sales_daily') }} as sales
    inner join {{ ref('dim_products') }} as products
        on sales.product_id = products.product_id and products.superseded_on is null
    where sales.superseded_on is null and not products.is_service and sales.business_day in (select business_day from days)
    group by sales.business_day
)

select business_day, panel.units as panel_units, goods.units as goods_units, panel.net_revenue as panel_revenue, goods.net_revenue as goods_revenue
from panel
full join goods using (business_day)
where coalesce(panel.units, 0) <> coalesce(goods.units, 0) or coalesce(panel.net_revenue, 0) <> coalesce(goods.net_revenue, 0)
