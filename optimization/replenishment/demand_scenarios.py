"""Demand as equally likely scenarios: the model's sample paths where an item has them, else read from the quantiles of two horizons.

An order placed today arrives after the lead time, and the next order can arrive `review_days` later. A sample path (`path_columns`) holds
demand until arrival and demand until the delivery after next as they go together in the model. Without paths scenario u holds the
u-quantile of lead demand and the u-quantile of cover demand: high demand before arrival goes with high demand after it, so the sum over
both keeps exactly the forecast's distribution. Either way the scenarios lie at the middles of equal slices of probability, so the outermost
1.6 % of each tail is not bought for: forecasts know little about it.

Public: `LEVELS`, `DemandScenarios`, `demand_scenarios`, `chance_above`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.replenishment.path_columns import PATH_COLUMNS, SCENARIOS, path_matrix
from optimization.replenishment.read_items import COVER_LEVELS, LEAD_LEVELS

Floats = NDArray[np.float64]

LEVELS: Floats = (np.arange(SCENARIOS) + 0.5) / SCENARIOS


@dataclass(frozen=True)
class DemandScenarios:
    """Units demanded, one row per item and one column per scenario of equal chance; `rate` is the mean demand per day."""

    until_arrival: Floats
    after_arrival: Floats
    rate: Floats
    review_days: Floats

    def part(self, rows: NDArray[np.int64]) -> "DemandScenarios":
        """Return the scenarios of some items."""
        return DemandScenarios(self.until_arrival[rows], self.after_arrival[rows], self.rate[rows], self.review_days[rows])


def demand_scenarios(items: pl.DataFrame) -> DemandScenarios:
    """Return scenarios for items as `read_items` gives them; items without a forecast must be taken out before."""
    cover = quantile_matrix(items, tuple(COVER_LEVELS))
    lead = quantile_matrix(items, tuple(LEAD_LEVELS))
    until_arrival = interpolate(lead, np.array(list(LEAD_LEVELS.values())), LEVELS)
    total = np.maximum(interpolate(cover, np.array(list(COVER_LEVELS.values())), LEVELS), 0)
    near, far = (path_matrix(items, column) for column in PATH_COLUMNS)
    sampled = ~np.isnan(far)
    until_arrival, total = np.where(sampled, near, until_arrival), np.where(sampled, far, total)
    no_wait = (items["lead_mean_units"].to_numpy() == 0)[:, None]
    until_arrival = np.where(no_wait, 0.0, np.clip(until_arrival, 0, total))
    days = (items["lead_time_days"] + items["review_days"]).cast(pl.Float64).to_numpy()
    return DemandScenarios(
        until_arrival=until_arrival,
        after_arrival=total - until_arrival,
        rate=items["cover_mean_units"].to_numpy() / days,
        review_days=items["review_days"].cast(pl.Float64).to_numpy(),
    )


def quantile_matrix(items: pl.DataFrame, columns: tuple[str, ...]) -> Floats:
    """Return the quantile columns as a matrix, each row made non-decreasing."""
    matrix = items.select(columns).to_numpy().astype(np.float64)
    return np.maximum.accumulate(matrix, axis=1)


def interpolate(quantiles: Floats, known: Floats, wanted: Floats) -> Floats:
    """Return quantiles at `wanted` levels, linear between and beyond the `known` ones, never below 0."""
    levels, points = _extended(quantiles, known)
    right = np.clip(np.searchsorted(levels, wanted), 1, len(levels) - 1)
    weight = (wanted - levels[right - 1]) / (levels[right] - levels[right - 1])
    return points[:, right - 1] * (1 - weight) + points[:, right] * weight


def chance_above(quantiles: Floats, known: Floats, threshold: Floats) -> Floats:
    """Return the chance that demand exceeds `threshold`, one number per item, by the same lines as `interpolate`."""
    levels, points = _extended(quantiles, known)
    below = (points <= threshold[:, None]).sum(axis=1)
    last = len(levels) - 1
    left, right = np.clip(below - 1, 0, last), np.clip(below, 0, last)
    rows = np.arange(len(threshold))
    low, high = points[rows, left], points[rows, right]
    share = np.where(high > low, (threshold - low) / np.where(high > low, high - low, 1), 0)
    return 1 - np.where(below == 0, 0, levels[left] + share * (levels[right] - levels[left]))


def _extended(quantiles: Floats, known: Floats) -> tuple[Floats, Floats]:
    """Return levels from 0 to 1 and their quantiles: the outermost lines are drawn on, cut at 0."""
    first = quantiles[:, 0] - (quantiles[:, 1] - quantiles[:, 0]) * known[0] / (known[1] - known[0])
    last = quantiles[:, -1] + (quantiles[:, -1] - quantiles[:, -2]) * (1 - known[-1]) / (known[-1] - known[-2])
    points = np.column_stack([np.maximum(first, 0), quantiles, last])
    return np.concatenate([[0.0], known, [1.0]]), points
