"""Scores of forecasts on one panel: per item, for categories and for the total; sums over 28 days; quantiles of sums.

Terms: rmsse is the root mean squared error over that of the one-day naive forecast in the past (M5's definition), wrmsse its mean weighted
by the revenue of the last 28 days. Every method is multiplied by 0 on the weekdays on which a location has been closed for six weeks. The
textbook distribution of a sum over L days is mean x L + z x sd x sqrt(L), from the item's last 56 days.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from scipy.stats import norm

from benchmarks.demand.panels import HORIZON, BenchPanel
from learning.demand.closing_days import coming_closings, learned_closings

Matrix = np.ndarray
REVENUE_DAYS = 28
TEXTBOOK_DAYS = 56
QUANTILES = (0.5, 0.8, 0.9, 0.95, 0.975)


@dataclass(frozen=True)
class Truth:
    """One fold: the past and what came, items x days, in the order of the sorted keys known at the origin."""

    origin: date
    items: pl.DataFrame
    past: Matrix
    known: Matrix
    actual: Matrix
    is_open: Matrix
    weight: Matrix

    @property
    def category(self) -> Matrix:
        return np.unique(self.items["category"].to_numpy().astype(str), return_inverse=True)[1]


@dataclass(frozen=True)
class ItemErrors:
    """Per item of one fold and method: rmsse, its weight, absolute error and units of the sum over the fold."""

    rmsse: Matrix
    weight: Matrix
    absolute_of_sum: Matrix
    units: Matrix


def truth(panel: BenchPanel, origin: date) -> Truth:
    """What a fold is judged by: the items that had sold by the origin."""
    key = ["product_id", "location_id"]
    rows = panel.rows.filter(pl.col("business_day") <= origin + timedelta(days=HORIZON))
    items = rows.filter(pl.col("business_day") <= origin).group_by(key).agg(pl.col("category").last()).sort(key).with_row_index("item")
    first = rows["business_day"].min()
    assert isinstance(first, date)
    placed = rows.join(items.select(*key, "item"), on=key).with_columns(day=(pl.col("business_day") - first).dt.total_days())
    shape = (items.height, (origin - first).days + 1 + HORIZON)
    units, known, price = np.zeros(shape), np.zeros(shape, dtype=bool), np.zeros(shape)
    at = placed["item"].to_numpy(), placed["day"].to_numpy()
    units[at], known[at], price[at] = placed["units"].to_numpy(), True, placed["unit_price"].fill_null(0.0).to_numpy()
    end = shape[1] - HORIZON
    revenue = (units * price)[:, end - REVENUE_DAYS : end].sum(axis=1)
    locations = items.select(pl.col("location_id").rank("dense") - 1).to_series().cast(pl.Int64).to_numpy()
    closed = coming_closings(learned_closings(units[:, :end], locations), HORIZON, [""] * end, [""] * HORIZON)[locations]
    return Truth(origin, items.drop("item"), units[:, :end], known[:, :end], units[:, end:], ~closed, revenue)


def usable(fold: Truth, forecast: Matrix) -> Matrix:
    """The forecast at least 0, 0 on habitual closing days, and an item's own mean where a method gave no number (too short a past)."""
    mean = (fold.past * fold.known).sum(axis=1) / np.maximum(fold.known.sum(axis=1), 1)
    return np.maximum(np.where(np.isfinite(forecast), forecast, mean[:, None]), 0.0) * fold.is_open


def item_errors(fold: Truth, forecast: Matrix) -> ItemErrors:
    """Errors of every item; rmsse is nan where the past never moved."""
    given = usable(fold, forecast)
    rmsse = _rmsse(fold.past, fold.known, fold.actual, given)
    weight = np.where(np.isnan(rmsse), 0.0, fold.weight)
    return ItemErrors(rmsse, weight, np.abs((given - fold.actual).sum(axis=1)), fold.actual.sum(axis=1))


def total_errors(fold: Truth, forecast: Matrix) -> tuple[float, float, float]:
    """rmsse of the daily total, forecast and actual units of the fold; a single row is taken for the total itself."""
    total = np.maximum(forecast[0], 0.0) * fold.is_open.any(axis=0) if forecast.shape[0] == 1 else usable(fold, forecast).sum(axis=0)
    past = fold.past.sum(axis=0)[None, :]
    rmsse = _rmsse(past, np.ones(past.shape, dtype=bool), fold.actual.sum(axis=0)[None, :], total[None, :])
    return float(rmsse[0]), float(total.sum()), float(fold.actual.sum())


def category_rmsse(fold: Truth, forecast: Matrix) -> float:
    """Mean rmsse of the categories' daily sums."""
    given = usable(fold, forecast)
    past, actual, summed = (
        np.stack([part[fold.category == code].sum(axis=0) for code in np.unique(fold.category)]) for part in (fold.past, fold.actual, given)
    )
    return float(np.nanmean(_rmsse(past, np.ones(past.shape, dtype=bool), actual, summed)))


def textbook_quantiles(fold: Truth, days: int) -> Matrix:
    """Items x QUANTILES of the sum over `days` days: normal, from mean and standard deviation of the item's last 56 days."""
    units, known = fold.past[:, -TEXTBOOK_DAYS:], fold.known[:, -TEXTBOOK_DAYS:]
    count = np.maximum(known.sum(axis=1), 1)
    mean = units.sum(axis=1) / count
    spread = np.sqrt((np.where(known, units - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(count - 1, 1))
    z = norm.ppf(np.array(QUANTILES))
    return np.maximum(mean[:, None] * days + z[None, :] * spread[:, None] * np.sqrt(days), 0.0)


def pinball(actual: Matrix, quantiles: Matrix) -> Matrix:
    """Items: mean over QUANTILES of the pinball loss, in units."""
    levels = np.array(QUANTILES)[None, :]
    error = actual[:, None] - quantiles
    return np.maximum(levels * error, (levels - 1) * error).mean(axis=1)


def _rmsse(past: Matrix, known: Matrix, actual: Matrix, forecast: Matrix) -> Matrix:
    counted = known[:, 1:] & known[:, :-1]
    steps = np.where(counted, np.diff(past, axis=1) ** 2, 0.0).sum(axis=1)
    scale = steps / np.maximum(counted.sum(axis=1), 1)
    return np.sqrt(np.divide(((actual - forecast) ** 2).mean(axis=1), scale, out=np.full(scale.shape, np.nan), where=scale > 0))
