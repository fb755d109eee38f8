"""Order days of customers as they were known on a day: what outlooks are learned from and made for."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.as_of import in_force_on
from assets.warehouse import Warehouse

# intermediate.int_orders is what customer profiles are made of: one row per version of an order of a known customer
ORDERS = """
select
    customer_key,
    business_day,
    cast(sale_lines > 0 as bigint) as orders,
    cast(sale_revenue as double) as sale_revenue,
    cast(net_revenue as double) as net_revenue,
    known_on,
    superseded_on
from intermediate.int_orders
where known_on <= $last_day and coalesce(superseded_on, date '9999-12-31') > $first_day and business_day <= $last_day
    and (sale_lines > 0 or net_revenue <> 0)
order by customer_key, business_day, order_id, known_on
"""


@dataclass(frozen=True)
class OrderVersions:
    """Versions of orders, read once for all days of a run."""

    frame: pl.DataFrame

    def as_of(self, day: date) -> pl.DataFrame:
        """One row per customer and business day up to `day`: columns of `learning.customer_value.ORDER_DAYS`, sorted."""
        known = self.frame.filter(in_force_on(day) & (pl.col("business_day") <= day))
        return known.group_by("customer_key", "business_day", maintain_order=True).agg(
            pl.col("orders", "sale_revenue", "net_revenue").sum()
        )


def read_orders(warehouse: Warehouse, first_day: date, last_day: date) -> OrderVersions:
    """What some day from `first_day` to `last_day` knows of orders."""
    return OrderVersions(warehouse.read(ORDERS, {"first_day": first_day, "last_day": last_day}))
