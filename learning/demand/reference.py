"""Plain forecasts that every model must beat or rest on: level, weekday pattern, seasonal naive, class rate.

Terms: an item's *level* is its base demand per open day (promotions divided out) over the last eight weeks; a *class rate*
is the level of items like it (category x location x price third), used where an item has little history of its own.
"""

from dataclasses import dataclass

import numpy as np

from learning.demand.day_lift import DayLift
from learning.demand.future import Coming
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import spread_by, weekday_pattern
from learning.demand.windows import Windows

OWN_HISTORY_DAYS = 14.0  # an item's own mean weighs n / (n + 14): field page of demand
FACTOR_EVIDENCE_UNITS = 50.0
NAIVE_WEEKS = 4
DRIFT_DAYS = 14
DRIFT_EVIDENCE_UNITS = 100.0
DRIFT_PULL = 0.7
DRIFT_BOUNDS = (0.4, 2.5)


@dataclass(frozen=True)
class Reference:
    """Items: level (units per open day). Items x horizon, units: base (open, not promoted) and the two plain forecasts."""

    level: Floats
    base: Floats
    seasonal_naive: Floats
    moving_average: Floats


def reference_forecasts(grid: DemandGrid, coming: Coming, lift: DayLift, settings: DemandSettings) -> Reference:
    """Plain forecasts from the end of the grid."""
    base = Windows(grid.units / lift.past(grid), grid.valid)
    origin = grid.n_days - 1
    level = shrunk_level(base, origin, grid, settings)
    pattern = weekday_pattern(base, origin, grid, settings.weekday_weeks)
    steps = np.arange(1, coming.horizon + 1) % 7
    usual = level[:, None] * pattern[:, steps]
    average = usual * lift.coming(grid, coming) * coming.is_open
    naive = _seasonal_naive(grid, level, coming.horizon) * coming.is_open
    return Reference(level, usual, naive, average)


def shrunk_level(base: Windows, origin: int, grid: DemandGrid, settings: DemandSettings) -> Floats:
    """Level per item at an origin: own recent mean, drawn to the class rate while the item is young."""
    own = base.mean(origin, settings.level_days)
    age = base.age(origin)
    rate = class_rate(base, origin, grid, settings.level_days)
    # an item whose recent days are all invalid (out of stock for weeks) keeps its older mean
    own = np.where(np.isnan(own), base.mean(origin, origin + 1), own)
    weight = np.where(np.isnan(own), 0.0, age / (age + OWN_HISTORY_DAYS))
    level = np.where(weight > 0, weight * np.nan_to_num(own) + (1 - weight) * rate, rate)
    return level * recent_drift(base, origin, grid, settings.level_days) ** DRIFT_PULL


def recent_drift(base: Windows, origin: int, grid: DemandGrid, days: int) -> Floats:
    """Demand of an item's category in the last two weeks over what its items' longer means would give; shrunk to 1.

    One item's last two weeks are noise, its category's are a season turning.
    """
    category = grid.codes("category")
    mean, count = np.nan_to_num(base.mean(origin, days)), base.count(origin, DRIFT_DAYS)
    sold, expected = spread_by(category, base.total(origin, DRIFT_DAYS)), spread_by(category, mean * count)
    return np.clip((sold + DRIFT_EVIDENCE_UNITS) / (expected + DRIFT_EVIDENCE_UNITS), *DRIFT_BOUNDS)


def class_rate(base: Windows, origin: int, grid: DemandGrid, days: int) -> Floats:
    """Units per open day of items like this one: category mean x location factor x price-third factor, both shrunk to 1."""
    total, count = base.total(origin, days), base.count(origin, days)
    category = grid.codes("category")
    shop = total.sum() / max(count.sum(), 1.0)
    rate = (spread_by(category, total) + shop * OWN_HISTORY_DAYS) / (spread_by(category, count) + OWN_HISTORY_DAYS)
    for group in (grid.codes("location_id"), _price_third(grid.price[:, origin], category)):
        rate = rate * (spread_by(group, total) + FACTOR_EVIDENCE_UNITS) / (spread_by(group, rate * count) + FACTOR_EVIDENCE_UNITS)
    return rate


def _seasonal_naive(grid: DemandGrid, level: Floats, horizon: int) -> Floats:
    """Units of the latest valid day with the same weekday, up to four weeks back; else the level."""
    last = np.repeat(level[:, None], 7, axis=1)
    found = np.zeros(last.shape, dtype=bool)
    for weeks_back in range(NAIVE_WEEKS):
        for step in range(1, 8):
            day = grid.n_days - 1 + step - 7 * (weeks_back + 1)
            if day < 0:
                continue
            here = grid.valid[:, day] & ~found[:, step % 7]
            last[here, step % 7] = grid.units[here, day]
            found[here, step % 7] = True
    return last[:, np.arange(1, horizon + 1) % 7]


def _price_third(price: Floats, category: Codes) -> Codes:
    """0 unknown, 1 to 3: which third of its category's prices the item lies in."""
    third = np.zeros(price.size, dtype=np.int64)
    for code in np.unique(category):
        here = np.flatnonzero((category == code) & ~np.isnan(price))
        if here.size >= 3:
            third[here] = 1 + np.searchsorted(np.quantile(price[here], [1 / 3, 2 / 3]), price[here], side="left")
    return third
