"""Demand on days when stock ran out: what would probably have been sold, and how much of it was lost.

The estimate is the item's base mean of the eight weeks before x its location's weekday pattern x the promotion's lift,
and never below what was sold. It fills totals for Prophet and is reported as lost demand; it is never a training target.
"""

from datetime import timedelta

import numpy as np
import polars as pl

from learning.demand.grid import DemandGrid, Floats
from learning.demand.promotion_lift import PromotionLift
from learning.demand.reference import weekday_pattern
from learning.demand.settings import DemandSettings
from learning.demand.windows import Windows


def filled_demand(grid: DemandGrid, lift: PromotionLift, settings: DemandSettings) -> Floats:
    """Items x days: units on valid days; on open stock-out days the larger of units and the expected demand."""
    categories = [str(name) for name in grid.items["category"]]
    past_lift = lift.factors(categories, grid.on_promotion.astype(np.float64), grid.discount)
    base = Windows(grid.units / past_lift, grid.valid)
    expected = np.zeros(grid.units.shape)
    short = grid.censored & grid.is_open
    pattern = weekday_pattern(base, grid.n_days - 1, grid, settings.weekday_weeks)
    for day in np.flatnonzero(short.any(axis=0)):
        here = short[:, day]
        mean = np.nan_to_num(base.mean(int(day) - 1, settings.level_days)) if day > 0 else np.zeros(grid.n_items)
        weekday = (int(day) - (grid.n_days - 1)) % 7
        expected[here, day] = (mean * pattern[:, weekday] * past_lift[:, day])[here]
    return np.where(short, np.maximum(grid.units, expected), grid.units)


def lost_demand(grid: DemandGrid, lift: PromotionLift, settings: DemandSettings) -> pl.DataFrame:
    """business_day, product_id, location_id, units (sold), expected_units, lost_units: one row per open stock-out day."""
    filled = filled_demand(grid, lift, settings)
    item, day = np.nonzero(grid.censored & grid.is_open)
    rows = grid.items.select("product_id", "location_id")[item.tolist()]
    return rows.with_columns(
        business_day=pl.Series([grid.first_day + timedelta(days=int(step)) for step in day], dtype=pl.Date),
        units=pl.Series(grid.units[item, day]),
        expected_units=pl.Series(filled[item, day]),
        lost_units=pl.Series(filled[item, day] - grid.units[item, day]),
    ).select("business_day", "product_id", "location_id", "units", "expected_units", "lost_units")
