"""Demand on days when stock ran out: what would probably have been sold, and how much of it was lost.

The estimate is the item's base mean of the eight weeks before x the drift of its category x weekday pattern x the lift of promotions and
events, and never below what was sold. It fills totals for Prophet and is reported as lost demand; it is never a training target. It is a
cautious estimate: shelves empty on the days of highest demand, which the mean of other days cannot show.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from learning.demand.day_lift import DayLift
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.reference import DRIFT_BOUNDS, DRIFT_DAYS, DRIFT_EVIDENCE_UNITS, DRIFT_PULL
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import weekday_pattern
from learning.demand.windows import Windows


@dataclass(frozen=True)
class UsualDemand:
    """Items x days: base (units if open and without promotion), expected (base x lift x open), filled (demand incl. stock-outs)."""

    base: Floats
    expected: Floats
    filled: Floats


def usual_demand(grid: DemandGrid, lift: DayLift, settings: DemandSettings) -> UsualDemand:
    """What each item would usually have sold on each day, from the eight weeks before it; 0 before an item's first valid day."""
    past_lift = lift.past(grid)
    windows = Windows(grid.units / past_lift, grid.valid)
    pattern = weekday_pattern(windows, grid.n_days - 1, grid, settings.weekday_weeks)
    weekday = (np.arange(grid.n_days) - (grid.n_days - 1)) % 7
    total, days = windows.trailing(settings.level_days)
    mean = np.divide(total, days, out=np.zeros(total.shape), where=days > 0)
    base = mean * _trailing_drift(windows, mean, grid.codes("category")) * pattern[:, weekday]
    expected = base * past_lift * grid.is_open
    filled = np.where(grid.censored & grid.is_open, np.maximum(grid.units, expected), grid.units)
    return UsualDemand(base, expected, filled)


def _trailing_drift(windows: Windows, mean: Floats, category: Codes) -> Floats:
    """Items x days: `reference.recent_drift` as it stood before each day."""
    sold, days = windows.trailing(DRIFT_DAYS)
    summed = np.zeros((2, int(category.max()) + 1, mean.shape[1]))
    np.add.at(summed[0], category, sold)
    np.add.at(summed[1], category, mean * days)
    drift = np.clip((summed[0] + DRIFT_EVIDENCE_UNITS) / (summed[1] + DRIFT_EVIDENCE_UNITS), *DRIFT_BOUNDS) ** DRIFT_PULL
    return drift[category]


def lost_demand(grid: DemandGrid, lift: DayLift, settings: DemandSettings) -> pl.DataFrame:
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
