"""What is reviewed for buyers: reads orders, decisions, limits and estimates; judges day by day with what was known that day."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from assets.as_of import Versions, read_versions
from assets.decisions.order_overrides import DECIDED_LINES, decided_lines
from assets.house import House
from assets.review.order_overrides import reviewed_overrides
from assets.review.orders_to_check import orders_to_check, recent_sales
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse

OVERRIDES, CHECK = "review.order_overrides", "review.orders_to_check"


def buyers_tables(house: House, warehouse: Warehouse, panel: Versions, days: Sequence[date], since: date) -> dict[str, pl.DataFrame]:
    """review.order_overrides and review.orders_to_check of `days`; panel: business_day, items, units, is_censored since `since`."""
    span = [since, days[-1]]
    assumptions = house.shop.assumptions
    overrides = read_versions(warehouse, "fct_order_overrides", days[-1])
    spoken_of = warehouse.read(
        f"with decided as ({DECIDED_LINES}) select orders.*, told.expected_cost_change from decisions.replenishment_orders as orders "
        "semi join decided using (as_of_day, product_id, location_id) "
        "left join decisions.order_overrides as told using (as_of_day, product_id, location_id) where orders.as_of_day >= ? order by all",
        [*decided_lines(overrides), since],
    )
    lost = warehouse.read(
        "select as_of_day, product_id, location_id, lost_units from demand.lost_demand where as_of_day between ? and ? order by all", span
    )
    of_days = "as_of_day in (select unnest(?::date[])) order by all"
    limits = warehouse.read(f"select * from decisions.replenishment_limits where {of_days}", [list(days)])
    decisions = warehouse.read(f"select * from decisions.order_overrides where {of_days}", [list(days)])
    past = warehouse.read(
        "select as_of_day, product_id, location_id, order_units from decisions.replenishment_orders where order_units > 0 and as_of_day "
        "between ? and ? order by all",
        span,
    )
    reviewed, checked = [table_contracts()[OVERRIDES].empty()], [table_contracts()[CHECK].empty()]
    for day in days:
        known, today = panel.as_of(day), pl.col("as_of_day") == day
        # as far back as the day alone would look, also in a range that begins earlier
        is_earlier = (pl.col("as_of_day") < day) & (pl.col("as_of_day") >= day - (days[0] - since))
        judged = reviewed_overrides(
            spoken_of.filter(is_earlier),
            overrides,
            known,
            lost.filter(pl.col("as_of_day") <= day),
            day,
            assumptions.lost_sale_cost_share,
            assumptions.holding_cost_per_year,
        )
        orders = warehouse.read("select * from decisions.replenishment_orders where as_of_day = ? order by all", [day])
        listed = orders_to_check(orders, past.filter(is_earlier), recent_sales(known, day), limits.filter(today), decisions.filter(today))
        for made, frame in ((reviewed, judged), (checked, listed)):
            made.append(frame.with_columns(as_of_day=pl.lit(day)).select(made[0].columns))
    return {OVERRIDES: pl.concat(reviewed, how="vertical_relaxed"), CHECK: pl.concat(checked, how="vertical_relaxed")}
