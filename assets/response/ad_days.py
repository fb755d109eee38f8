"""What ad learning reads: daily sales in the groups that an outcome can be chosen from, and daily spend, as they were known on a day."""

from datetime import date

import polars as pl

from assets.warehouse import Warehouse

IN_FORCE = "{0}.known_on <= $day and coalesce({0}.superseded_on, date '9999-12-31') > $day"
ORDERS = f"""
with lines as (
    select
        lines.business_day,
        lines.order_id,
        lines.customer_key is null as is_anonymous,
        coalesce(lower(locations.location_type) = 'web', false) as is_online,
        lines.net_revenue,
        lines.net_revenue - lines.units * coalesce(products.unit_cost, lines.unit_price * $cost_share) as margin
    from marts.fct_order_lines as lines
    left join marts.dim_locations as locations on lines.location_id = locations.location_id and {IN_FORCE.format("locations")}
    left join marts.dim_products as products on lines.product_id = products.product_id and {IN_FORCE.format("products")}
    where {IN_FORCE.format("lines")} and not lines.is_cancelled and lines.line_type = 'sale' and lines.business_day <= $day
)

select
    business_day,
    count(distinct order_id) filter (is_online and is_anonymous) as anonymous_online_orders,
    coalesce(sum(margin) filter (is_online and is_anonymous), 0) as anonymous_online_orders_margin,
    count(distinct order_id) filter (is_online and not is_anonymous) as known_online_orders,
    count(distinct order_id) filter (is_online) as online_orders,
    coalesce(sum(margin) filter (is_online), 0) as online_orders_margin,
    count(distinct order_id) filter (not is_online) as other_orders,
    count(distinct order_id) as orders,
    coalesce(sum(margin), 0) as orders_margin,
    null::double as online_revenue,
    null::double as online_revenue_margin,
    null::double as other_revenue,
    null::double as revenue,
    null::double as revenue_margin
from lines
group by business_day
order by business_day
"""
REVENUE = f"""
with sales as (
    select
        sales.business_day,
        coalesce(lower(locations.location_type) = 'web', false) as is_online,
        sales.net_revenue,
        sales.net_revenue
        - (sales.units - sales.units_returned) * coalesce(
            products.unit_cost, sales.gross_revenue / nullif(sales.units, 0) * $cost_share, 0
        ) as margin
    from marts.fct_sales_daily as sales
    left join marts.dim_locations as locations on sales.location_id = locations.location_id and {IN_FORCE.format("locations")}
    left join marts.dim_products as products on sales.product_id = products.product_id and {IN_FORCE.format("products")}
    where {IN_FORCE.format("sales")} and sales.business_day <= $day
)

select
    business_day,
    null::double as anonymous_online_orders,
    null::double as anonymous_online_orders_margin,
    null::double as known_online_orders,
    null::double as online_orders,
    null::double as online_orders_margin,
    null::double as other_orders,
    null::double as orders,
    null::double as orders_margin,
    coalesce(sum(net_revenue) filter (is_online), 0) as online_revenue,
    coalesce(sum(margin) filter (is_online), 0) as online_revenue_margin,
    coalesce(sum(net_revenue) filter (not is_online), 0) as other_revenue,
    coalesce(sum(net_revenue), 0) as revenue,
    coalesce(sum(margin), 0) as revenue_margin
from sales
group by business_day
order by business_day
"""


def ad_spend_on(warehouse: Warehouse, day: date) -> pl.DataFrame:
    """Spend per business_day and channel, all campaigns together, as known on `day`."""
    return warehouse.read(
        "select business_day, channel, sum(coalesce(spend, 0)) as spend from marts.fct_ad_spend as spend "
        f"where {IN_FORCE.format('spend')} and business_day <= $day group by all order by all",
        {"day": day},
    )


def ad_sales_on(warehouse: Warehouse, day: date, cost_share: float) -> pl.DataFrame:
    """Sales per business_day in the groups of `learning.ad_response.OUTCOMES`, with margins, as known on `day`.

    Of orders where the shop tells any, else of revenue.
    """
    parameters = {"day": day, "cost_share": cost_share}
    orders = warehouse.read(ORDERS, parameters)
    return orders if orders.height else warehouse.read(REVENUE, parameters)
