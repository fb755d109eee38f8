"""Features of one coming item-day as seen from an origin, for the global model that forecasts directly.

The target is the units of the day divided by the item's level at the origin, so that all items speak one language. Every
history feature looks back from the origin; of the target day only what is known ahead enters (weekday, season, events,
closing, announced promotions).
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.day_lift import DayLift
from learning.demand.future import Coming
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.holiday_days import names_by_day
from learning.demand.reference import shrunk_level
from learning.demand.settings import DemandSettings
from learning.demand.smoothing import running_means
from learning.demand.weekdays import weekday_pattern
from learning.demand.windows import Windows

LEVEL_FLOOR = 0.02  # units per day: below it a ratio to the level says nothing
YEAR_DAYS = 364  # whole weeks, so that weekdays match
EVENT_REACH_DAYS = 7
SMOOTHING_WEIGHTS = (0.02, 0.05, 0.1, 0.25)
CHANCE_WEIGHTS = (0.05, 0.15)
SIZE_WEIGHTS = (0.1,)
TYPICAL_WEIGHTS = (0.02, 0.05, 0.1)
BULK_SIZES = 3.0  # a day above so many usual selling days is cut to them in typical demand
LEAST_BULK = 3.0  # units

HISTORY = (
    "mean_7",
    "mean_14",
    "mean_28",
    "mean_112",
    "zero_share_28",
    "zero_share_112",
    "days_since_sale",
    "spread_56",
    "age_days",
    "log_level",
    "stockout_share_28",
    "promotion_share_28",
    "promoted_today",
    "price_to_mean_56",
    "price_in_category",
    "category_trend",
    "smoothed_02",
    "smoothed_05",
    "smoothed_10",
    "smoothed_25",
    "sale_chance_05",
    "sale_chance_15",
    "sale_size_10",
    "typical_02",
    "typical_05",
    "typical_10",
)
TARGET = (
    "horizon",
    "weekday",
    "month_day",
    "season_sin",
    "season_cos",
    "weekday_factor",
    "same_weekday_mean",
    "promoted",
    "discount",
    "promotion_lift",
    "event_lift",
    "is_event",
    "days_to_event",
    "days_since_event",
    "last_year_ratio",
    "last_year_category_ratio",
)
FEATURES = (*HISTORY, *TARGET)


@dataclass(frozen=True)
class Picks:
    """Which cells of items x horizon to describe: parallel arrays of item rows and steps (0 is the day after the origin)."""

    item: Codes
    step: Codes


class FeatureMaker:
    """Describes coming item-days from any origin of one grid; reads nothing after the origin."""

    def __init__(self, grid: DemandGrid, lift: DayLift, holidays: pl.DataFrame, settings: DemandSettings) -> None:
        self.grid, self.lift, self.settings, self.holidays = grid, lift, settings, holidays
        self.category = grid.codes("category")
        base = grid.units / lift.past(grid)
        self.base = Windows(base, grid.valid)
        self.squares = Windows(base**2, grid.valid)
        self.smoothed = running_means(base, grid.valid, SMOOTHING_WEIGHTS)
        sold = grid.units > 0
        self.chance = running_means(sold.astype(np.float64), grid.valid, CHANCE_WEIGHTS)
        self.size = running_means(base, grid.valid & sold, SIZE_WEIGHTS)
        self.typical = running_means(_without_bulk(base, self.size[0]), grid.valid, TYPICAL_WEIGHTS)
        self.zeros = Windows((grid.units == 0).astype(np.float64), grid.valid)
        everywhere = np.ones(grid.units.shape, dtype=bool)
        self.stockouts = Windows(grid.censored.astype(np.float64), everywhere)
        self.promotions = Windows(grid.on_promotion.astype(np.float64), grid.is_open)
        self.prices = Windows(np.nan_to_num(grid.price), ~np.isnan(grid.price))

    def level(self, origin: int) -> Floats:
        """What targets are divided by: the shrunk level at the origin, never below the floor."""
        return np.maximum(shrunk_level(self.base, origin, self.grid, self.settings), LEVEL_FLOOR)

    def rows(self, origin: int, level: Floats, coming: Coming, picks: Picks) -> Floats:
        """Feature matrix (picks x FEATURES), float64, nan where unknown."""
        history = self._history(origin, level)[picks.item]
        return np.concatenate([history, self._target(origin, level, coming, picks)], axis=1)

    def _history(self, origin: int, level: Floats) -> Floats:
        grid, base = self.grid, self.base
        mean_28, mean_56 = base.mean(origin, 28), base.mean(origin, 56)
        variance = np.maximum(self.squares.mean(origin, 56) - mean_56**2, 0.0)
        sold = np.where(grid.units[:, : origin + 1] > 0, np.arange(origin + 1)[None, :], -1).max(axis=1)
        price = grid.price[:, origin]
        mean_price = self.prices.mean(origin, 56)
        with np.errstate(invalid="ignore", divide="ignore"):
            columns = [
                base.mean(origin, 7) / level,
                base.mean(origin, 14) / level,
                mean_28 / level,
                base.mean(origin, 112) / level,
                self.zeros.mean(origin, 28),
                self.zeros.mean(origin, 112),
                np.where(sold >= 0, origin - sold, np.nan),
                np.sqrt(variance) / level,
                np.minimum(base.age(origin), 400.0),
                np.log(level),
                self.stockouts.mean(origin, 28),
                self.promotions.mean(origin, 28),
                grid.on_promotion[:, origin].astype(np.float64),
                price / mean_price,
                price / self._category_mean(np.where(np.isnan(price), 0.0, price), ~np.isnan(price)),
                self._category_ratio(base.total(origin, 14), base.count(origin, 14), base.total(origin, 84), base.count(origin, 84)),
                *(self.smoothed[:, origin] / level),
                *self.chance[:, origin],
                *(self.size[:, origin] / level),
                *(self.typical[:, origin] / level),
            ]
        return np.stack(columns, axis=1)

    def _target(self, origin: int, level: Floats, coming: Coming, picks: Picks) -> Floats:
        item, step = picks.item, picks.step
        days = coming.days
        pattern = weekday_pattern(self.base, origin, self.grid, self.settings.weekday_weeks)
        sums, counts = self.base.weekday_totals(origin, 8)
        same = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0) / level[:, None]
        year_day = np.array([day.timetuple().tm_yday for day in days]) * (2 * np.pi / 365.25)
        lifted = self.lift.promoted(self.grid, coming)
        is_event, ahead, behind = self._events(coming)
        own_year, category_year = self._last_year(origin, coming.horizon)
        weekday = (step + 1) % 7
        columns = [
            step + 1.0,
            np.array([float(day.weekday()) for day in days])[step],
            np.array([float(day.day) for day in days])[step],
            np.sin(year_day)[step],
            np.cos(year_day)[step],
            pattern[item, weekday],
            same[item, weekday],
            coming.promoted[item, step],
            coming.discount[item, step],
            np.where(np.isnan(coming.promoted), np.nan, lifted)[item, step],
            self.lift.of_events(self.grid, coming)[item, step],
            is_event[step],
            ahead[step],
            behind[step],
            own_year[item, step],
            category_year[item, step],
        ]
        return np.stack(columns, axis=1).astype(np.float64)

    def _events(self, coming: Coming) -> tuple[Floats, Floats, Floats]:
        """Per coming day: event or not, days until the next and since the last event, capped at a week."""
        reach = EVENT_REACH_DAYS
        around = [coming.origin + timedelta(days=step) for step in range(1 - reach, coming.horizon + reach + 1)]
        named = np.array([name != "" for name in names_by_day(self.holidays, around)], dtype=bool)
        named[reach : reach + coming.horizon] |= np.array([name != "" for name in coming.events], dtype=bool)
        ahead, behind = np.full(named.size, float(reach)), np.full(named.size, float(reach))
        for step in range(named.size):
            behind[step] = 0.0 if named[step] else min(reach, behind[step - 1] + 1 if step else reach)
        for step in reversed(range(named.size)):
            ahead[step] = 0.0 if named[step] else min(reach, ahead[step + 1] + 1 if step + 1 < named.size else reach)
        inner = slice(reach, reach + coming.horizon)
        return named[inner].astype(np.float64), ahead[inner], behind[inner]

    def _last_year(self, origin: int, horizon: int) -> tuple[Floats, Floats]:
        """Demand around the same day a year ago over the eight weeks before that origin: own (week wide) and category."""
        own = np.full((self.grid.n_items, horizon), np.nan)
        category = own.copy()
        past = origin - YEAR_DAYS
        if past < 28:
            return own, category
        total_before, count_before = self.base.total(past, 56), self.base.count(past, 56)
        with np.errstate(invalid="ignore", divide="ignore"):
            for step in range(horizon):
                middle = past + step + 1
                end = min(middle + 3, origin)
                total, count = self.base.total(end, end - middle + 4), self.base.count(end, end - middle + 4)
                ratio = (total / count) / (total_before / count_before)
                own[:, step] = np.where(total_before >= 10.0, np.minimum(ratio, 10.0), np.nan)
                category[:, step] = self._category_ratio(total, count, total_before, count_before)
        return own, category

    def _category_mean(self, values: Floats, known: np.ndarray) -> Floats:
        total = np.bincount(self.category, weights=values * known)
        return (total / np.maximum(np.bincount(self.category, weights=known.astype(np.float64)), 1.0))[self.category]

    def _category_ratio(self, total: Floats, count: Floats, total_before: Floats, count_before: Floats) -> Floats:
        """Ratio of a category's mean per item-day in two windows; nan where either is empty."""
        sums = [np.bincount(self.category, weights=values) for values in (total, count, total_before, count_before)]
        return ((sums[0] / sums[1]) / (sums[2] / sums[3]))[self.category]


def _without_bulk(base: Floats, size: NDArray[np.float32]) -> Floats:
    """Items x days: base demand with single bulk orders cut, by the size of a usual selling day as known the day before (days x items)."""
    before = np.concatenate([np.full((1, base.shape[0]), np.nan), size[:-1]]).T
    return np.minimum(base, np.where(np.isnan(before), np.inf, np.maximum(BULK_SIZES * before, LEAST_BULK)))
