"""What lies on the shelf and what is on its way, per item and day.

With a stock feed the last count decides. Without one Countinghouse keeps a perpetual ledger: a declared opening position, less sales,
plus its own orders as they fall due (`stock_source = 'ledger'`). Units in transit are the shop's open purchase orders, or Countinghouse's
own orders where the shop hands in none. An overdue delivery is expected tomorrow and flagged."""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from assets.as_of import Versions, read_versions
from assets.house import House
from assets.warehouse import Warehouse

KEY = ["product_id", "location_id"]
OPENING_RATE_DAYS = 56
STALE_AFTER_DAYS = 2
OWN_ORDERS_SCHEMA = {
    "as_of_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "order_units": pl.Float64,
    "expected_arrival_on": pl.Date,
}


@dataclass(frozen=True)
class StockInputs:
    """Version tables of stock and purchase orders, the daily sales, and what the shop declared about its opening stock."""

    stock: Versions
    purchase_orders: Versions
    sales: Versions
    opening_day: date | None
    opening_cover_days: int


def read_stock_inputs(house: House, warehouse: Warehouse, last_day: date) -> StockInputs:
    """Read once what every day up to `last_day` needs. Counts older than ten weeks say nothing and are left out."""
    shop = house.shop
    return StockInputs(
        stock=read_versions(warehouse, "fct_stock_daily", last_day),
        purchase_orders=read_versions(warehouse, "fct_purchase_orders", last_day),
        sales=read_versions(
            warehouse, "fct_sales_daily", last_day, ("business_day", "product_id", "location_id", "units", "units_returned")
        ),
        opening_day=shop.stock.opening_day or shop.last_day,
        opening_cover_days=shop.stock.opening_cover_days,
    )


def stock_position(inputs: StockInputs, day: date, items: pl.DataFrame, own_orders: pl.DataFrame) -> pl.DataFrame:
    """The position of `items` (product_id, location_id, order_day, lead_time_days) at the end of `day`.

    Adds as_of_day, on_hand, on_hand_flag, stock_source, in_transit_units (arriving by the order's own arrival) and overdue_units.
    own_orders: Countinghouse's earlier orders (OWN_ORDERS_SCHEMA).
    """
    counts = inputs.stock.as_of(day).filter(pl.col("business_day") <= day)
    has_feed = not counts.is_empty()
    on_hand = _counted(counts, day) if has_feed else _ledger(inputs, day, own_orders)
    bought = inputs.purchase_orders.as_of(day)
    waiting = _own_open(own_orders, day) if bought.is_empty() else _shop_open(bought, day)
    position = items.join(on_hand, on=KEY, how="left").join(waiting, on=KEY, how="left")
    arrival = pl.col("order_day") + pl.duration(days=pl.col("lead_time_days"))
    return (
        position.with_columns(
            as_of_day=pl.lit(day),
            stock_source=pl.lit("feed" if has_feed else "ledger"),
            on_hand_flag=pl.col("on_hand_flag").fill_null("never_counted" if has_feed else "no_opening_position"),
            arrival=arrival,
        )
        .with_row_index("row")
        .pipe(_in_transit)
    )


def open_orders(inputs: StockInputs, day: date, own_orders: pl.DataFrame) -> pl.DataFrame:
    """Orders of days up to `day` that have not arrived: product_id, location_id, due_on, due_units, due_late, one row per delivery."""
    bought = inputs.purchase_orders.as_of(day)
    waiting = _own_open(own_orders, day) if bought.is_empty() else _shop_open(bought, day)
    return waiting.explode("due_on", "due_units", "due_late")


def _in_transit(position: pl.DataFrame) -> pl.DataFrame:
    lists = position.select("row", "arrival", "due_on", "due_units", "due_late").explode("due_on", "due_units", "due_late")
    sums = (
        lists.filter(pl.col("due_on") <= pl.col("arrival"))
        .group_by("row")
        .agg(in_transit_units=pl.col("due_units").sum(), overdue_units=pl.col("due_units").filter(pl.col("due_late")).sum())
    )
    joined = position.join(sums, on="row", how="left").with_columns(pl.col("in_transit_units", "overdue_units").fill_null(0.0))
    late = pl.when(pl.col("overdue_units") > 0).then(pl.lit("overdue_delivery"))
    flags = pl.concat_str([pl.when(pl.col("on_hand_flag") != "").then(pl.col("on_hand_flag")), late], separator=";", ignore_nulls=True)
    return joined.with_columns(on_hand_flag=flags).drop("row", "arrival", "due_on", "due_units", "due_late").sort(KEY)


def _counted(counts: pl.DataFrame, day: date) -> pl.DataFrame:
    """The last count of each item; a count older than two days is flagged as stale."""
    last = counts.sort("business_day").group_by(KEY, maintain_order=True).last()
    stale = pl.col("business_day") < day - timedelta(days=STALE_AFTER_DAYS)
    flag = pl.when("was_negative").then(pl.lit("negative_stock_as_0")).when(stale).then(pl.lit("stale_count")).otherwise(pl.lit(""))
    return last.select(*KEY, pl.col("on_hand").clip(lower_bound=0), on_hand_flag=flag)


def _ledger(inputs: StockInputs, day: date, own_orders: pl.DataFrame) -> pl.DataFrame:
    """Opening position less sales since plus own orders received; unknown before the opening day."""
    empty = pl.DataFrame(schema={"product_id": pl.String, "location_id": pl.String, "on_hand": pl.Float64, "on_hand_flag": pl.String})
    if inputs.opening_day is None or day < inputs.opening_day:
        return empty
    sales = inputs.sales.as_of(day).filter(pl.col("business_day") <= day)
    opening = _opening_position(inputs)
    since = pl.col("business_day") > inputs.opening_day
    sold = sales.filter(since).group_by(KEY).agg(sold=(pl.col("units") - pl.col("units_returned")).sum())
    received = (
        own_orders.filter((pl.col("as_of_day") < day) & (pl.col("expected_arrival_on") <= day))
        .group_by(KEY)
        .agg(received=pl.col("order_units").sum())
    )
    book = opening.join(sold, on=KEY, how="full", coalesce=True).join(received, on=KEY, how="full", coalesce=True).fill_null(0.0)
    balance = pl.col("opening") - pl.col("sold") + pl.col("received")
    return book.select(
        *KEY, on_hand=balance.clip(lower_bound=0), on_hand_flag=pl.when(balance < 0).then(pl.lit("ledger_below_0")).otherwise(pl.lit(""))
    )


def _opening_position(inputs: StockInputs) -> pl.DataFrame:
    """`opening_cover_days` of the item's mean daily sales over eight weeks, in whole units: a declared assumption, known on
    the opening day."""
    assert inputs.opening_day is not None
    since = inputs.opening_day - timedelta(days=OPENING_RATE_DAYS)
    before = inputs.sales.as_of(inputs.opening_day).filter(pl.col("business_day") <= inputs.opening_day)
    rate = pl.col("units").filter(pl.col("business_day") > since).sum() / OPENING_RATE_DAYS  # 0 for items not sold lately
    return before.group_by(KEY).agg(opening=(rate * inputs.opening_cover_days).ceil())


def _shop_open(bought: pl.DataFrame, day: date) -> pl.DataFrame:
    """Lines ordered and not received by the end of the day, as lists per item; what is overdue (or has no date) is due tomorrow."""
    waiting = bought.filter(
        (pl.col("ordered_on") <= day) & (pl.col("received_on").is_null() | (pl.col("received_on") > day)) & (pl.col("units_ordered") > 0)
    )
    tomorrow = pl.lit(day + timedelta(days=1))
    late = pl.col("expected_on").is_null() | (pl.col("expected_on") <= day)
    due = waiting.with_columns(due_late=late, due_on=pl.when(late).then(tomorrow).otherwise(pl.col("expected_on")))
    return (
        due.sort(*KEY, "due_on")
        .group_by(KEY, maintain_order=True)
        .agg("due_on", due_units=pl.col("units_ordered"), due_late=pl.col("due_late"))
    )


def _own_open(own_orders: pl.DataFrame, day: date) -> pl.DataFrame:
    waiting = own_orders.filter((pl.col("as_of_day") < day) & (pl.col("expected_arrival_on") > day))
    due = waiting.select(*KEY, due_on="expected_arrival_on", due_units="order_units", due_late=pl.lit(False))
    return due.sort(*KEY, "due_on").group_by(KEY, maintain_order=True).agg("due_on", "due_units", "due_late")


__all__ = ["OWN_ORDERS_SCHEMA", "StockInputs", "open_orders", "read_stock_inputs", "stock_position"]
