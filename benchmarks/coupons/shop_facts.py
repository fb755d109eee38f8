"""A simulated shop's campaigns as the read-out's SQL finds them in the warehouse, without landing and dbt: sound records only, nothing
late.

Public: `shop_facts` (a DuckDB in memory with the tables that `assets.review.campaign_outcomes` reads), `simulated_trials` (the truth beside
it).
"""

import tempfile
from pathlib import Path

import duckdb
import polars as pl

from shops.simulated import simulate, sizes

FACTS_SQL = """
create schema intermediate; create schema marts; create schema staging;

create table lines as
select distinct on (order_id, line_id) *, cast(order_ts as date) as business_day
from read_parquet('{shop}/order_lines.parquet')
where order_id is not null and order_id not like 'X%' and order_id not like 'U%' and product_id is not null and customer_id is not null
    and line_type in ('sale', 'return') and unit_price >= 0;

create table products as
select distinct on (product_id) product_id, unit_cost from read_parquet('{shop}/products.parquet') order by product_id, recorded_at desc;

create table intermediate.int_orders as
with valued as (
    select
        lines.*,
        line_type = 'sale' as is_sale,
        if(line_type = 'sale', units, -abs(units)) as signed_units,
        if(line_type = 'sale', 1, -1) * (abs(units) * unit_price - coalesce(discount_amount, 0)) as paid
    from lines
)
select
    business_day, order_id, customer_id as customer_key, count(*) filter (is_sale) as sale_lines, sum(paid) as net_revenue,
    sum(paid - signed_units * coalesce(unit_cost, 0.6 * unit_price)) as margin, business_day as known_on, cast(null as date) as
superseded_on from valued
left join products using (product_id)
group by all;

create table marts.fct_order_lines as
select business_day, order_id, customer_id as customer_key, line_type, coupon_id, discount_amount,
    business_day as known_on, cast(null as date) as superseded_on
from lines;

create table marts.fct_coupon_assignments as
select campaign_id, customer_id as customer_key, coupon_id, assigned_on, propensity,
    assigned_on as known_on, cast(null as date) as superseded_on
from read_parquet('{shop}/coupon_assignments.parquet');

create table marts.fct_coupon_redemptions as
select coupon_id, customer_id as customer_key, order_id, redeemed_on, discount_amount,
    redeemed_on as known_on, cast(null as date) as superseded_on
from read_parquet('{shop}/coupon_redemptions.parquet');

create table marts.dim_coupons as
select coupon_id, face_value, cast(recorded_at as date) as known_on, cast(null as date) as superseded_on
from read_parquet('{shop}/coupons.parquet');

create table staging.stg_web_events as
select customer_id as customer_key, cast(event_ts as date) as business_day, cast(event_ts as date) as known_on
from read_parquet('{shop}/web_events.parquet');
"""


def shop_facts(shop: Path) -> duckdb.DuckDBPyConnection:
    """The tables of one shop folder, in memory."""
    connection = duckdb.connect()
    connection.execute(FACTS_SQL.format(shop=str(shop).replace("'", "''")))
    return connection


def simulated_trials(customers: int, seed: int) -> tuple[duckdb.DuckDBPyConnection, pl.DataFrame]:
    """Facts of a small shop with two settled trials, and what its coupons truly do: assigned_on, customer_key, face_value, uplifts."""
    size = sizes.ShopSize("small", 200, 24, 1, 3, customers, 4, (50, 110), 400, 1.0, 0.4, 60.0)
    usual, sizes.SIZES["small"] = sizes.SIZES["small"], size
    try:
        with tempfile.TemporaryDirectory() as folder:
            shop, truth = Path(folder) / "shop", Path(folder) / "truth"
            simulate("small", shop, truth, seed=seed)
            true_uplift = pl.read_parquet(truth / "true_uplift.parquet").rename({"as_of_day": "assigned_on", "customer_id": "customer_key"})
            return shop_facts(shop), true_uplift
    finally:
        sizes.SIZES["small"] = usual
