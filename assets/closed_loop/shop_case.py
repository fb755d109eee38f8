"""A shop of the contract as a case of the closed loop: weekly review over its own panel, with the terms it has on the day.

Decides what a week-by-week replay of a shop assumes. Weeks end on the day asked for; a week in which an item was out of stock on some day
is not taken for demand. Lead times are rounded to weeks, orders go out once a week, prices, costs, packs and suppliers' terms are those of
the day. A shop of more than `MOST_ITEMS` items is replayed with evenly spaced ones, its budget and suppliers' minimums in proportion.

Public: `shop_case`, `MOST_ITEMS`.
"""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl

from assets.closed_loop.cases import Case
from assets.closed_loop.history import Floats, History
from assets.demand.panels import DemandInputs
from assets.house import House
from assets.supply_terms import Supply
from optimization.closed_loop import LoopTerms, SupplyLimits

KEY = ["product_id", "location_id"]
MOST_ITEMS = 2_000
WEEK = 7
LEAST_COST = 0.01
USUAL_WEEKS = 13


class NothingToReplayError(ValueError):
    """The shop has no items with history, cost and price; the message says what is missing."""


def shop_case(house: House, inputs: DemandInputs, supply: Supply, day: date, most_items: int = MOST_ITEMS) -> Case:
    """The case of a shop as it was known on `day`. Raises NothingToReplayError where there is nothing to order."""
    panel = inputs.panel(day)
    every = _items(house, panel, supply, day)
    if every.is_empty():
        raise NothingToReplayError(f"No item has sales, a price and a cost on {day}: nothing can be replayed.")
    usual = float(every.select((pl.col("recent_units") * pl.col("unit_cost")).sum()).item())
    items = every.gather_every(-(-every.height // most_items)) if every.height > most_items else every
    share = float(items.select((pl.col("recent_units") * pl.col("unit_cost")).sum()).item()) / usual if usual > 0 else 1.0
    history = _history(panel.join(items.select(KEY), on=KEY, how="semi"), items, inputs, day)
    assumptions = house.shop.assumptions
    cost, price = items["unit_cost"].to_numpy(), items["unit_price"].to_numpy()
    terms = LoopTerms(
        np.rint(items["lead_time_days"].to_numpy() / WEEK).astype(np.int64),
        cost * assumptions.holding_cost_per_year * WEEK / 365,
        np.maximum(price - cost, 0.0) * assumptions.lost_sale_cost_share,
    )
    budget = house.shop.limits.purchase_budget
    weekly = np.inf if budget is None else budget * WEEK / house.shop.limits.purchase_budget_days * share
    return Case(history, terms, _limits(items, supply.suppliers_on(day), share, weekly), ends=False)


def _items(house: House, panel: pl.DataFrame, supply: Supply, day: date) -> pl.DataFrame:
    """product_id, location_id, category, unit_price, unit_cost, recent_units and the supplier's terms; items of products that may be
    ordered."""
    recent = pl.col("business_day") > day - timedelta(days=WEEK * USUAL_WEEKS)
    known = (
        panel.sort("business_day")
        .group_by(KEY)
        .agg(
            pl.col("category").last(),
            pl.col("unit_price").drop_nulls().last(),
            recent_units=pl.col("units").filter(recent).sum(),
        )
    )
    terms = (
        supply.products_on(day)
        .filter(pl.col("discontinued_on").is_null() | (pl.col("discontinued_on") > day))
        .drop("category", strict=False)
    )
    cost = pl.coalesce("unit_cost", pl.col("unit_price") * house.shop.assumptions.cost_share)
    joined = known.join(terms, on="product_id").with_columns(unit_cost=cost)
    return joined.filter(pl.col("unit_price").is_not_null() & (pl.col("unit_cost") >= LEAST_COST)).sort(KEY)


def _history(panel: pl.DataFrame, items: pl.DataFrame, inputs: DemandInputs, day: date) -> History:
    first_sold = panel["business_day"].min()
    assert isinstance(first_sold, date)
    weeks = ((day - first_sold).days + 1) // WEEK
    first = day - timedelta(days=weeks * WEEK - 1)
    rows = items.select(KEY).with_row_index("item")
    weekly = (
        panel.filter(pl.col("business_day") >= first)
        .join(rows, on=KEY)
        .group_by("item", ((pl.col("business_day") - first).dt.total_days() // WEEK).alias("week"))
        .agg(pl.col("units").sum(), in_stock=~pl.col("is_censored").fill_null(False).any())
        .sort("item", "week")
    )
    at = weekly["item"].to_numpy(), weekly["week"].to_numpy()
    shape = (items.height, weeks)
    units, in_stock, told = np.zeros(shape), np.ones(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    units[at], in_stock[at], told[at] = weekly["units"].to_numpy(), weekly["in_stock"].to_numpy(), True
    return History(
        items=items.select(item_id="product_id", location_id="location_id", category="category"),
        starts=[first + timedelta(days=WEEK * week) for week in range(weeks)],
        period_days=WEEK,
        units=np.maximum(units, 0.0),
        in_stock=in_stock,
        started=told.cumsum(axis=1) > 0,
        daily=panel,
        events=inputs.holidays(day),
    )


def _limits(items: pl.DataFrame, suppliers: pl.DataFrame, share: float, weekly_budget: float) -> Callable[[int, int], SupplyLimits]:
    names = suppliers.select("supplier_id", "min_order_value", "fixed_order_cost").sort("supplier_id")
    at = {name: row for row, name in enumerate(names["supplier_id"])}
    limits = SupplyLimits(
        pack=_at_least(items, "pack_units", 1.0),
        moq=_at_least(items, "moq_units", 0.0),
        unit_cost=items["unit_cost"].to_numpy(),
        supplier=np.array([at[name] for name in items["supplier_id"]], dtype=np.int64),
        minimum=names["min_order_value"].to_numpy() * share,
        fixed=names["fixed_order_cost"].to_numpy() * share,
        budget=np.zeros(0),
    )
    return lambda _, rounds: SupplyLimits(
        limits.pack, limits.moq, limits.unit_cost, limits.supplier, limits.minimum, limits.fixed, np.full(rounds, weekly_budget)
    )


def _at_least(items: pl.DataFrame, column: str, least: float) -> Floats:
    return items[column].cast(pl.Float64).fill_null(least).clip(lower_bound=least).to_numpy()


__all__ = ["MOST_ITEMS", "NothingToReplayError", "shop_case"]
