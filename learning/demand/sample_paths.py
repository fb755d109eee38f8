"""Sample paths of daily demand, for programs that must live through a season day by day: the same model, drawn instead of summed.

A path starts as a draw: an error of the level for the whole path (gamma, the share that the spread of sums assumes) times the forecast,
then a negative binomial for each day with the item's own dispersion. Its running sums are then moved, at every horizon that the replays
calibrated, to the calibrated quantile of their rank among the item's paths, and the days in between in proportion. So the paths' sums over
a lead time have the distribution of `lead_time_quantiles`, while days keep the course of the forecast and the streaks of real sales.

Between the published quantiles the distribution is linear, beyond the outermost ones it goes on by the slope of the last stretch.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from learning.demand.grid import KEY, Floats
from learning.demand.lead_time import HORIZON_BUCKETS, LEAST_DISPERSION, LEVEL_ERROR_SHARE, at_levels, dispersion, quantiles_of_sums
from learning.demand.lead_time_paths import item_seeds
from learning.demand.model import DemandModel


@dataclass(frozen=True)
class SamplePaths:
    """items: product_id, location_id, sorted; units: items x paths x days from the day after `as_of_day`, in units, at least 0."""

    as_of_day: date
    items: pl.DataFrame
    units: Floats


def sample_paths(
    model: DemandModel,
    panel: pl.DataFrame,
    future: pl.DataFrame | None,
    as_of_day: date,
    paths: int,
    items: pl.DataFrame | None = None,
    horizon_days: int | None = None,
) -> SamplePaths:
    """`paths` draws for every item of the panel (or those of `items`: product_id, location_id), seeded by settings and item.

    Raises ValueError on fewer than 2 paths and where `DemandModel.predict` would.
    """
    if paths < 2:
        raise ValueError(f"Expected at least 2 paths; got {paths}.")
    horizon = horizon_days or model.settings.horizon_days
    grid, forecasts = model.forecast(panel, future, as_of_day, horizon)
    asked = grid.items.select(KEY).with_row_index("item")
    if items is not None:
        asked = asked.join(items.select(KEY).unique(), on=KEY, how="semi").sort(KEY)
    at = asked["item"].to_numpy().astype(np.int64)
    ratio = dispersion(grid)[at]
    daily, segment = forecasts.combined[at], forecasts.segment[at]
    units = _drawn(daily, ratio, paths, item_seeds(asked, model.settings.seed))
    ends = np.array([*(bucket for bucket in HORIZON_BUCKETS if bucket < horizon), horizon], dtype=np.int64)
    levels = np.array(model.settings.quantile_levels)
    sells = daily.sum(axis=1) > 0
    begin, before, drawn_before = 0, np.zeros((at.size, paths)), np.zeros((at.size, paths))
    for end in ends:
        days = np.full(at.size, end, dtype=np.int64)
        quantiles, _ = quantiles_of_sums(daily[:, :end].sum(axis=1), ratio, segment, days, model.calibration, model.settings)
        drawn = drawn_before + units[:, :, begin:end].sum(axis=2)
        moved = np.maximum(_at_ranks(drawn, quantiles, levels), before)
        closed = (daily[:, begin:end].sum(axis=1) <= 0) & sells
        moved[closed] = before[closed]
        _share_out(units[:, :, begin:end], moved - before, daily[:, begin:end])
        begin, before, drawn_before = int(end), moved, drawn
    return SamplePaths(as_of_day, asked.select(KEY), units)


def _drawn(daily: Floats, ratio: Floats, paths: int, seeds: list[int]) -> Floats:
    """Items x paths x days; one generator per item, so that an item's paths do not depend on the others asked for."""
    units = np.empty((daily.shape[0], paths, daily.shape[1]))
    shape = LEVEL_ERROR_SHARE**-2.0
    for item, (course, own) in enumerate(zip(daily, np.maximum(ratio, LEAST_DISPERSION), strict=True)):
        rng = np.random.default_rng(seeds[item])
        rate = rng.gamma(shape, 1.0 / shape, size=(paths, 1)) * course[None, :]
        # a day with mean m and variance d m is Poisson with a gamma rate of shape m / (d - 1) and scale d - 1
        units[item] = rng.poisson(np.where(rate > 0, rng.gamma(np.maximum(rate, 1e-12) / (own - 1.0), own - 1.0), 0.0))
    return units


def _at_ranks(sums: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """Items x paths: the calibrated quantile at each sum's rank among its item's paths; equal sums keep the order of the paths."""
    ranks = np.argsort(np.argsort(sums, axis=1, kind="stable"), axis=1, kind="stable")
    return at_levels(quantiles, levels, (ranks + 0.5) / sums.shape[1])


def _share_out(units: Floats, wanted: Floats, course: Floats) -> None:
    """Scales each path's days to the wanted sum, in place; a path that drew nothing takes the course of the forecast."""
    sums = units.sum(axis=2)
    usual = course / np.where(course.sum(axis=1, keepdims=True) > 0, course.sum(axis=1, keepdims=True), 1.0)
    flat = np.where(course.sum(axis=1, keepdims=True) > 0, usual, 1.0 / course.shape[1])
    scaled = units * np.divide(wanted, sums, out=np.zeros(sums.shape), where=sums > 0)[:, :, None]
    units[:] = np.where(sums[:, :, None] > 0, scaled, wanted[:, :, None] * flat[:, None, :])
