"""What segments are decided from: recency, orders and net revenue of customers on past days, as known on one day.

Terms: a *decision day* is a Sunday (a training day) on which groups are decided; the twelve weeks before it are looked at again with what
is known on it. A *month end* is a day on which the model in force is tested on a sample of customers, with what was known on that day.
"""

from datetime import date, timedelta

import polars as pl

from assets.warehouse import Warehouse

WEEKS, WEEK = 12, timedelta(days=7)
CHUNK = 250_000  # customers read at a time
MEASURES = """
    {day} - max(orders.business_day) filter (orders.sale_lines > 0) as recency_days,
    count(*) filter (orders.sale_lines > 0 and orders.business_day > {day} - 365) as orders_365,
    cast(coalesce(sum(orders.net_revenue) filter (orders.business_day > {day} - 365), 0) as double) as net_revenue_365,
    cast(coalesce(sum(orders.net_revenue) filter (orders.business_day > {day} - 84), 0) as double) as net_revenue_84
"""
COUNT = "select count(distinct customer_key) as customers from intermediate.int_orders where known_on <= ? and sale_lines > 0"
HISTORY = f"""
with days as (select cast(unnest(generate_series($first, $day, interval 7 day)) as date) as day),

orders as (
    select customer_key, business_day, sale_lines, net_revenue
    from intermediate.int_orders
    where known_on <= $day and coalesce(superseded_on, date '9999-12-31') > $day
        and md5_number_lower(customer_key) % $chunks = $chunk
)

select days.day, orders.customer_key, {MEASURES.format(day="days.day")}
from days
inner join orders on orders.business_day <= days.day
group by days.day, orders.customer_key
having count(*) filter (orders.sale_lines > 0) > 0
order by all
"""
SAMPLES = f"""
with days as (select unnest($days::date[]) as day),

first_orders as (
    select customer_key, min(known_on) as known_on, md5_number_upper(customer_key) / 18446744073709551616.0 as lot
    from intermediate.int_orders
    where sale_lines > 0
    group by customer_key
),

shares as (
    select days.day, least(1, $most / count(*)) as share
    from days
    inner join first_orders on first_orders.known_on <= days.day
    group by days.day
),

sampled as (
    select shares.day, first_orders.customer_key
    from shares
    inner join first_orders on first_orders.known_on <= shares.day and first_orders.lot < shares.share
)

select sampled.day, sampled.customer_key, {MEASURES.format(day="sampled.day")}
from sampled
inner join intermediate.int_orders as orders
    on orders.customer_key = sampled.customer_key
    and orders.business_day <= sampled.day
    and orders.known_on <= sampled.day
    and coalesce(orders.superseded_on, date '9999-12-31') > sampled.day
group by sampled.day, sampled.customer_key
having count(*) filter (orders.sale_lines > 0) > 0
order by all
"""


def month_end_samples(warehouse: Warehouse, days: list[date], most: int) -> dict[date, pl.DataFrame]:
    """RFM frames of at most about `most` customers per day, drawn by a hash of their pseudonym, as known on that day."""
    if not days:
        return {}
    rows = warehouse.read(SAMPLES, {"days": days, "most": float(most)})
    return {day: rows.filter(pl.col("day") == day).drop("day", "net_revenue_84") for day in days}


def customer_count(warehouse: Warehouse, day: date) -> int:
    """Customers who had ordered by what is known on `day`, corrections left aside."""
    return int(warehouse.read(COUNT, [day])["customers"][0])


def history_chunk(warehouse: Warehouse, decided_on: date, chunk: int, chunks: int) -> pl.DataFrame:
    """RFM frames of a decision day and of the twelve Sundays before it, with what is known on it, for one part of the customers.

    Grain: day, customer_key; also net_revenue_84, the net revenue of the 84 days up to the day (currency).
    """
    first = decided_on - WEEKS * WEEK
    return warehouse.read(HISTORY, {"first": first, "day": decided_on, "chunk": chunk, "chunks": chunks})
