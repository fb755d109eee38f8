"""Demand on days when stock ran out: what would probably have been sold, and how much of it was lost.

The estimate is the item's base mean of the eight weeks before x its location's weekday pattern x the promotion's lift,
and never below what was sold. It fills totals for Prophet and is reported as lost demand; it is never a training target.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from learning.demand.grid import DemandGrid, Floats
from learning.demand.promotion_lift import PromotionLift
from learning.demand.reference import weekday_pattern
from learning.demand.settings import DemandSettings
from learning.demand.windows import Windows


@dataclass(frozen=True)
class UsualDemand:
    """Items x days: base (units if open and without promotion), expected (base x lift x open), filled (demand incl. stock-outs)."""

    base: Floats
    expected: Floats
    filled: Floats


def usual_demand(grid: DemandGrid, lift: PromotionLift, settings: DemandSettings) -> UsualDemand:
    """What each item would usually have sold on each day, from the eight weeks before it; null base before an item's first weeks."""
    categories = [str(name) for name in grid.items["category"]]
    past_lift = lift.factors(categories, grid.on_promotion.astype(np.float64), grid.discount)
    windows = Windows(grid.units / past_lift, grid.valid)
    pattern = weekday_pattern(windows, grid.n_days - 1, grid, settings.weekday_weeks)
    weekday = (np.arange(grid.n_days) - (grid.n_days - 1)) % 7
    base = np.nan_to_num(windows.trailing_means(settings.level_days)) * pattern[:, weekday]
    expected = base * past_lift * grid.is_open
    filled = np.where(grid.censored & grid.is_open, np.maximum(grid.units, expected), grid.units)
    return UsualDemand(base, expected, filled)


def lost_demand(grid: DemandGrid, lift: PromotionLift, settings: DemandSettings) -> pl.DataFrame:
    """business_day, product_id, location_id, units (sold), expected_units, lost_units: one row per open stock-out day."""
    filled = usual_demand(grid, lift, settings).filled
    item, day = np.nonzero(grid.censored & grid.is_open)
    rows = grid.items.select("product_id", "location_id")[item.tolist()]
    return rows.with_columns(
        business_day=pl.Series([grid.first_day + timedelta(days=int(step)) for step in day], dtype=pl.Date),
        units=pl.Series(grid.units[item, day]),
        expected_units=pl.Series(filled[item, day]),
        lost_units=pl.Series(filled[item, day] - grid.units[item, day]),
    ).select("business_day", "product_id", "location_id", "units", "expected_units", "lost_units")
