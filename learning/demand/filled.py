"""Demand on days when stock ran out: what would probably have been sold, and how much of it was lost.

What is usual on a day is the item's base mean of the eight weeks before x the drift of its category x weekday pattern x the lift of
promotions and events. A shelf that ran empty tells more: that at least as much was asked for as was sold. The estimate is therefore the
mean of a negative binomial around the usual demand, given that it is not below what was sold; and because shelves empty on the days of
highest demand, the base mean is found again with these estimates in the place of the missing days, `ROUNDS` times. It fills totals for
Prophet and is reported as lost demand; it is never a training target. It stays a cautious estimate: on a simulated shop, where the truth is
known, it finds two thirds of what was lost.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.day_lift import DayLift
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.lead_time import DISPERSION_BOUNDS, DISPERSION_EVIDENCE_DAYS, LEAST_DISPERSION, dispersion
from learning.demand.reference import DRIFT_BOUNDS, DRIFT_DAYS, DRIFT_EVIDENCE_UNITS, DRIFT_PULL
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import weekday_pattern
from learning.demand.windows import Windows

ROUNDS = 2
RAREST = 1e-9  # a day that rare tells of another world than the usual one


@dataclass(frozen=True)
class UsualDemand:
    """Items x days: base (units if open and without promotion), expected (base x lift x open), filled (demand incl. stock-outs)."""

    base: Floats
    expected: Floats
    filled: Floats


def usual_demand(grid: DemandGrid, lift: DayLift, settings: DemandSettings) -> UsualDemand:
    """What each item would usually have sold on each day, from the eight weeks before it; 0 before an item's first valid day."""
    past_lift = lift.past(grid)
    told = Windows(grid.units / past_lift, grid.valid)
    pattern = weekday_pattern(told, grid.n_days - 1, grid, settings.weekday_weeks)
    weekday = pattern[:, (np.arange(grid.n_days) - (grid.n_days - 1)) % 7]
    item, day = np.nonzero(grid.censored & grid.is_open)
    ratio = dispersion(grid)
    filled = grid.units.copy()
    base = _base(told, weekday, grid, settings)
    expected = base * past_lift * grid.is_open
    for turn in range(ROUNDS + 1 if item.size else 0):
        if turn:
            known = grid.valid | (grid.censored & grid.is_open)
            base = _base(Windows(filled / past_lift, known), weekday, grid, settings)
            expected = base * past_lift * grid.is_open
        first, second = _at_least(grid.units[item, day], expected[item, day], ratio[item])
        filled[item, day] = first
        ratio = _dispersion_with(first, second, item, day, expected, grid)
    return UsualDemand(base, expected, filled)


def _base(windows: Windows, weekday: Floats, grid: DemandGrid, settings: DemandSettings) -> Floats:
    """Items x days: mean of the weeks before x drift of the category x weekday."""
    total, days = windows.trailing(settings.level_days)
    mean = np.divide(total, days, out=np.zeros(total.shape), where=days > 0)
    return mean * _trailing_drift(windows, mean, grid.codes("category")) * weekday


def _at_least(sold: Floats, mean: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Mean and mean square of a negative binomial (mean, variance over mean) given that it is at least `sold`; `sold` where nothing is
    usual.

    By d x p(d; size) = mean x p(d - 1; size + 1) the sums of the tail are tails themselves.
    """
    from scipy.stats import nbinom

    over = np.maximum(ratio, LEAST_DISPERSION)
    size, chance = np.maximum(mean, 1e-9) / (over - 1.0), 1.0 / over
    above = nbinom.sf(sold - 1, size, chance)
    told = (mean > 0) & (above > RAREST)
    whole = np.where(told, above, 1.0)
    first = np.where(told, np.maximum(mean * nbinom.sf(sold - 2, size + 1.0, chance) / whole, sold), sold)
    pairs = size * (size + 1.0) * (over - 1.0) ** 2 * nbinom.sf(sold - 3, size + 2.0, chance) / whole
    return first, np.where(told, np.maximum(pairs + first, first**2), sold**2)


def _dispersion_with(
    first: Floats, second: Floats, item: NDArray[np.int64], day: NDArray[np.int64], expected: Floats, grid: DemandGrid
) -> Floats:
    """Per item variance over mean around the expected demand, with the estimates of the days that ran out; shrunk to the shop's.

    Without these days, the ones of highest demand, sales vary too little.
    """
    told = grid.valid & (expected > 0)
    squares = np.where(told, (grid.units - expected) ** 2, 0.0).sum(axis=1)
    usual, days = np.where(told, expected, 0.0).sum(axis=1), told.sum(axis=1).astype(np.float64)
    of_day = expected[item, day]
    squares += np.bincount(item, weights=second - 2.0 * first * of_day + of_day**2, minlength=grid.n_items)
    usual += np.bincount(item, weights=of_day, minlength=grid.n_items)
    days += np.bincount(item, minlength=grid.n_items)
    ratio = np.divide(squares, usual, out=np.ones(usual.shape), where=usual > 0)
    shop = float(np.median(ratio[usual > 0])) if (usual > 0).any() else 1.0
    weight = days / (days + DISPERSION_EVIDENCE_DAYS)
    return np.clip(weight * ratio + (1.0 - weight) * shop, *DISPERSION_BOUNDS)


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
