"""What recommendations read of the marts, as known on a day: purchases of some customers, customers, and products that can be sold.

A large shop is not read whole: methods and models learn from a sample of customers (pseudonyms are random, so the first keys are a fair
lot), and purchases of those served are added to it.

Public: `purchases_on`, `sampled_customers`, `served_customers`, `products_on`, `product_words_on`, `GOODS_SOLD`,
`SALES`.
"""

from datetime import date

import polars as pl

from assets.response.ad_days import IN_FORCE
from assets.warehouse import Warehouse

HISTORY_DAYS = 730
SERVED_DAYS = 365
GOODS_SOLD = f"""
    select lines.customer_key, lines.product_id, lines.business_day, lines.units, lines.net_revenue, lines.order_id
    from marts.fct_order_lines as lines
    anti join (
        select product_id from marts.dim_products as products where products.is_service and {IN_FORCE.format("products")}
    ) as services on lines.product_id = services.product_id
    where {IN_FORCE.format("lines")}
        and not lines.is_cancelled
        and lines.line_type = 'sale'
        and lines.units > 0
        and lines.product_id is not null
        and lines.business_day <= $day
"""
SALES = f"{GOODS_SOLD} and lines.customer_key is not null and lines.business_day > cast($day as date) - {HISTORY_DAYS}"
PURCHASES = f"""
with sales as ({SALES})

select
    customer_key,
    product_id,
    business_day,
    cast(sum(cast(units as decimal(18, 4))) as double) as units,
    cast(sum(cast(net_revenue as decimal(18, 4))) as double) as net_revenue
from sales
semi join asked using (customer_key)
group by all
order by all
"""
SAMPLE = f"""
select
    customers.customer_key,
    coalesce(least(customers.acquired_on, bought.first_day), customers.acquired_on, bought.first_day) as started_on,
    customers.acquisition_channel as channel,
    customers.region
from marts.dim_customers as customers
left join (select customer_key, min(business_day) as first_day from ({SALES}) group by customer_key) as bought using (customer_key)
where {IN_FORCE.format("customers")}
order by customers.customer_key
limit $most
"""
SERVED = f"""
with sales as ({SALES})

select customer_key, max(business_day) as last_day
from sales
group by customer_key
having max(business_day) > cast($day as date) - {SERVED_DAYS}
order by last_day desc, customer_key
limit $most
"""
PRODUCTS = f"""
with due as (
    select distinct product_id
    from marts.fct_purchase_orders as orders
    where {IN_FORCE.format("orders")}
        and orders.ordered_on <= $day
        and orders.received_on is null
        and orders.units_ordered > 0
        and orders.expected_on > $day
        and orders.expected_on <= cast($day as date) + cast($due_days as integer)
)

select
    profiles.product_id,
    products.product_name,
    profiles.category,
    products.brand,
    coalesce(profiles.mean_price_84, profiles.regular_price) as unit_price,
    profiles.unit_cost,
    profiles.on_hand,
    due.product_id is not null as is_due,
    cast($day as date) - profiles.first_sale_day as days_on_sale,
    coalesce(products.discontinued_on > $day, true)
        and coalesce(products.launched_on <= $day, true)
        and coalesce(coalesce(profiles.mean_price_84, profiles.regular_price) > 0, false)
        and (profiles.on_hand is null or profiles.on_hand > 0 or due.product_id is not null) as is_sellable
from marts.product_profile as profiles
inner join marts.dim_products as products on profiles.product_id = products.product_id and {IN_FORCE.format("products")}
left join due on profiles.product_id = due.product_id
where profiles.as_of_day = $day
order by profiles.product_id
"""
DESCRIBED = f"""
select product_id, product_name, category, brand, regular_price as unit_price
from marts.dim_products as products
where {IN_FORCE.format("products")} and not products.is_service
order by product_id
"""


def sampled_customers(warehouse: Warehouse, day: date, most: int) -> pl.DataFrame:
    """Customers that are learned from: customer_key, started_on (first known day), channel, region; whoever never bought included."""
    return warehouse.read(SAMPLE, {"day": day, "most": most})


def served_customers(warehouse: Warehouse, day: date, most: int) -> pl.DataFrame:
    """Customers with a purchase in the last year, the latest buyers first: customer_key, last_day."""
    return warehouse.read(SERVED, {"day": day, "most": most})


def purchases_on(warehouse: Warehouse, day: date, customers: pl.Series) -> pl.DataFrame:
    """Sales of the last two years to `customers`, one row per customer, product and day: units, net_revenue in the shop's currency."""
    with warehouse.connect() as connection:
        connection.register("asked", pl.DataFrame({"customer_key": customers}))
        return connection.execute(PURCHASES, {"day": day}).pl()


def product_words_on(warehouse: Warehouse, day: date) -> pl.DataFrame:
    """product_id and words of all goods as known on `day`, for methods fitted to a day that no profile was made for."""
    return with_words_of_products(warehouse.read(DESCRIBED, {"day": day}))


def products_on(warehouse: Warehouse, day: date, due_days: int = 7) -> pl.DataFrame:
    """Goods as known on `day`, with price, stock and whether they can be sold.

    Sellable: launched and not discontinued, with a price, and in stock or due within `due_days`; where a product's stock is not counted it
    is taken to be there. words: what content scores compare. price_tier: low, middle or high third of its category's prices.
    """
    return with_words_of_products(warehouse.read(PRODUCTS, {"day": day, "due_days": due_days}))


def with_words_of_products(products: pl.DataFrame) -> pl.DataFrame:
    """Add price_tier and words to product_id, product_name, category, brand, unit_price."""
    rank = (pl.col("unit_price").rank("average").over("category") - 0.5) / pl.col("unit_price").count().over("category")
    tier = pl.when(rank.is_null()).then(None).when(rank < 1 / 3).then(pl.lit("low")).when(rank < 2 / 3).then(pl.lit("middle"))
    return products.with_columns(price_tier=tier.otherwise(pl.lit("high"))).with_columns(
        words=pl.concat_str(
            "product_name",
            pl.format("category:{}", pl.col("category").str.replace_all(r"\W", "")),
            pl.format("brand:{}", pl.col("brand").str.replace_all(r"\W", "")),
            pl.format("tier:{}", "price_tier"),
            separator=" ",
            ignore_nulls=True,
        )
    )
