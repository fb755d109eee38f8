"""M5 stores as cases of the closed loop: real weekly demand, made-up terms.

Decides the terms, which the data do not tell, seeded and the same in every run: a unit costs 50 to 80 % of its price, a lost sale costs the
margin, holding a unit for a week a fifth of the margin (the ratio that inventory challenges set); packs of 1, 6 or 12, a quarter of the
items with an MOQ of two packs; twelve suppliers, half of them with a minimum of half to 1.2 of a usual week; lead time two weeks, ordered
weekly; a purchase budget that is a share of the last eight weeks' sales at cost.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from assets.closed_loop.cases import Case, recent_mean
from assets.closed_loop.history import History
from benchmarks.demand.panels import data_folder, m5
from optimization.closed_loop import LoopTerms, SupplyLimits

LEAD_WEEKS, SUPPLIERS, HOLDING_SHARE = 2, 12, 0.2
BUDGET_WEEKS, USUAL_WEEKS = 8, (10, 30)
SEED = 11


def m5_case(store: str, items: int, budget_share: float) -> Case:
    """A store's evenly spaced items by week, with the daily panel of the whole store to learn from; nothing ends with a stretch."""
    whole = m5(data_folder(), (store,))
    panel = whole.sample(items)
    first = panel.rows["business_day"].min()
    assert first is not None
    first += timedelta(days=(7 - first.weekday()) % 7)  # pyright: ignore[reportAttributeAccessIssue]
    weeks = ((panel.last_day - first).days + 1) // 7  # pyright: ignore[reportOperatorIssue]
    keys = panel.rows.group_by("product_id", "location_id").agg(pl.col("category").first()).sort("product_id")
    at = {name: row for row, name in enumerate(keys["product_id"])}
    weekly = (
        panel.rows.with_columns(week=(pl.col("business_day") - first).dt.total_days().floordiv(7))
        .filter(pl.col("week").is_between(0, weeks - 1))
        .group_by("product_id", "week")
        .agg(pl.col("units").sum(), pl.col("unit_price").mean())
        .with_columns(item=pl.col("product_id").replace_strict(at, return_dtype=pl.Int64))
        .sort("item", "week")
    )
    cells = weekly["item"].to_numpy(), weekly["week"].to_numpy()
    units, told = np.zeros((keys.height, weeks)), np.zeros((keys.height, weeks), dtype=np.bool_)
    units[cells], told[cells] = weekly["units"].to_numpy(), True
    price = weekly.group_by("item").agg(pl.col("unit_price").mean()).sort("item")["unit_price"].to_numpy()
    history = History(
        items=keys.select(item_id="product_id", location_id="location_id", category="category"),
        starts=[first + timedelta(days=7 * week) for week in range(weeks)],  # pyright: ignore[reportOperatorIssue]
        period_days=7,
        units=units,
        in_stock=np.ones_like(told),
        started=told.cumsum(axis=1) > 0,
        daily=whole.rows,
        events=whole.events,
    )
    rng = np.random.default_rng(SEED)
    margin = price * rng.uniform(0.2, 0.5, price.size)
    terms = LoopTerms(LEAD_WEEKS, HOLDING_SHARE * margin, margin)
    limits = _limits(history, price - margin, rng)

    def of_rounds(period: int, rounds: int) -> SupplyLimits:
        usual = float(recent_mean(history, period, BUDGET_WEEKS) @ limits.unit_cost)
        return replace(limits, budget=np.full(rounds, budget_share * usual))

    return Case(history, terms, of_rounds, ends=False)


def _limits(history: History, unit_cost: np.ndarray, rng: np.random.Generator) -> SupplyLimits:
    items = unit_cost.size
    pack = rng.choice([1.0, 6.0, 12.0], items, p=[0.4, 0.35, 0.25])
    moq = np.where(rng.random(items) < 0.25, 2 * pack, pack)
    supplier = rng.integers(0, SUPPLIERS, items)
    usual = np.bincount(supplier, history.units[:, slice(*USUAL_WEEKS)].mean(axis=1) * unit_cost, minlength=SUPPLIERS)
    minimum = np.where(rng.random(SUPPLIERS) < 0.5, usual * rng.uniform(0.5, 1.2, SUPPLIERS), 0.0)
    return SupplyLimits(pack, moq, unit_cost, supplier, minimum, np.zeros(SUPPLIERS), np.full(1, np.inf))
