"""What buyers decided about orders, and which day's orders it concerns.

An order that rests on the knowledge of day D goes out on D + 1, its *order day*. What the buyer decided by the end of the order day is part
of that order: deciding D again honours it. This is the one place where a decision of D takes something that was recorded after D; it is
read from no other table and by nothing but the plan of that order. Where D is not decided again, later days still count with the
quantities that went out (`as_ordered`). What is recorded after the order day comes too late and changes nothing (`review.order_overrides`).
"""

from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions, read_versions
from assets.warehouse import Warehouse

KEY = ["product_id", "location_id"]
ONE_DAY = timedelta(days=1)
DECIDED_LINES = "select unnest(?::date[]) as as_of_day, unnest(?::varchar[]) as product_id, unnest(?::varchar[]) as location_id"


def read_overrides(warehouse: Warehouse, last_day: date) -> Versions:
    """Versions of all decisions that plans up to `last_day` may honour: those known by the end of the last order day."""
    return read_versions(warehouse, "fct_order_overrides", last_day + ONE_DAY)


def overrides_of(overrides: Versions, day: date) -> pl.DataFrame:
    """The decisions in time about the orders of `day`: product_id, location_id, override_action, override_units, reason; one per key."""
    order_day = day + ONE_DAY
    known = overrides.as_of(order_day).filter((pl.col("order_day") == order_day) & pl.col("is_in_time"))
    return known.select(*KEY, "override_action", "override_units", "reason").sort(KEY)


def as_ordered(own_orders: pl.DataFrame, overrides: Versions, day: date) -> pl.DataFrame:
    """Own orders (as_of_day, product_id, location_id, order_units, expected_arrival_on) with what went out, as known that day.

    A decision about an order that was not decided again replaces the quantity proposed; own_orders must hold the rows that decisions
    concern also where nothing was proposed (`concerned`).
    """
    known = overrides.as_of(day).filter((pl.col("order_day") <= day) & pl.col("is_in_time"))
    decided = known.select(*KEY, "override_action", "override_units", as_of_day=pl.col("order_day") - pl.duration(days=1))
    joined = own_orders.join(decided, on=["as_of_day", *KEY], how="left")
    units = (
        pl.when(pl.col("override_action") == "reject")
        .then(0.0)
        .when(pl.col("override_action").is_not_null())
        .then(pl.coalesce("override_units", "order_units"))
        .otherwise("order_units")
    )
    return joined.with_columns(order_units=units).select(own_orders.columns).filter(pl.col("order_units") > 0)


def decided_lines(overrides: Versions) -> list[list]:
    """The parameters of `DECIDED_LINES`: as-of days, products and locations of all orders that somebody decided about."""
    lines = overrides.frame.select(pl.col("order_day") - pl.duration(days=1), *KEY).unique().sort("order_day", *KEY)
    return [lines[name].to_list() for name in lines.columns]


def concerned(orders: pl.DataFrame, overrides: Versions) -> pl.DataFrame:
    """The rows of orders (as_of_day, product_id, location_id, …) in which something is ordered or about which somebody decided."""
    decided = overrides.frame.select(*KEY, as_of_day=pl.col("order_day") - pl.duration(days=1)).unique()
    spoken_of = orders.join(decided, on=["as_of_day", *KEY], how="semi")
    ordered = orders.filter(pl.col("order_units") > 0)
    return pl.concat([ordered, spoken_of]).unique(["as_of_day", *KEY], keep="first").sort("as_of_day", *KEY)


def told(planned: pl.DataFrame, decided: pl.DataFrame, day: date) -> pl.DataFrame:
    """Every decision about the orders of `day` with what came of it: `planned` (`ReplenishmentPlan.overrides`) with outcome and reason.

    Outcome is `honoured`, or `not_planned` where there is no such item: nothing is ordered then, and the row says so.
    """
    asked = decided.select(*KEY, "reason", asked_action="override_action", asked_units="override_units")
    joined = asked.join(planned, on=KEY, how="left")
    is_planned = pl.col("override_action").is_not_null()
    words = pl.format("Nothing is ordered: {} at {} is no product and location that can be ordered for.", *KEY)
    return joined.with_columns(
        outcome=pl.when(is_planned).then(pl.lit("honoured")).otherwise(pl.lit("not_planned")),
        order_day=pl.lit(day + ONE_DAY),
        override_action=pl.col("asked_action"),
        override_units=pl.col("asked_units"),
        order_units=pl.col("order_units").fill_null(0.0),
        sentence=pl.when(is_planned).then("sentence").otherwise(words),
        flags=pl.col("flags").fill_null(""),
    ).drop("asked_action", "asked_units")
