"""The distribution of demand summed over a lead time: conformal quantiles from replayed forecasts.

A replayed sum gives a *score* = (actual - forecast) / spread, where spread**2 = dispersion x forecast + (0.25 x forecast)**2 + floor:
noise of single sales plus error of the level. Scores are pooled by segment, horizon and volume of the forecast; a coming sum's
quantile is forecast + spread x the pool's score quantile. Daily quantiles are never added. Without replayed sums a negative
binomial with the same mean and variance is assumed, and the table says so.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.grid import DemandGrid, Floats
from learning.demand.settings import DemandSettings, quantile_column
from learning.demand.windows import Windows

HORIZON_BUCKETS = (1, 3, 7, 14, 21, 28, 42, 56, 84)
VOLUME_EDGES = (0.3, 1.0, 3.0, 8.0, 20.0, 50.0, 150.0)
LEVEL_ERROR_SHARE = 0.25
VARIANCE_FLOOR = 0.05
LEAST_DISPERSION = 1.01  # a negative binomial needs more variance than mean
MIN_POOL = 120
DISPERSION_DAYS = 112
DISPERSION_EVIDENCE_DAYS = 28.0
DISPERSION_BOUNDS = (0.3, 50.0)
ANY_KEY = ("any", 0, -1)
# which of segment, horizon bucket and volume band a pool ignores, in the order in which wider pools are tried
WIDENING = (
    (False, False, False),
    (True, False, False),
    (False, True, False),
    (True, True, False),
    (False, False, True),
    (True, False, True),
    (True, True, True),
)
POOL_KEY = ["segment", "horizon_bucket", "volume_band"]


@dataclass(frozen=True)
class Calibration:
    """table: segment, horizon_bucket (0 = any), volume_band (-1 = any), sums (evidence) and one score column per level (q05, …)."""

    table: pl.DataFrame


def dispersion(grid: DemandGrid) -> Floats:
    """Variance over mean of daily units per item in the last 16 weeks, shrunk to the shop's; between 0.3 and 50."""
    mean, square = Windows(grid.units, grid.valid), Windows(grid.units**2, grid.valid)
    origin = grid.n_days - 1
    days = mean.count(origin, DISPERSION_DAYS)
    units = mean.mean(origin, DISPERSION_DAYS)
    variance = np.maximum(square.mean(origin, DISPERSION_DAYS) - units**2, 0.0)
    ratio = np.divide(variance, units, out=np.full(units.shape, np.nan), where=units > 0)
    known = ~np.isnan(ratio)
    shop = float(np.median(ratio[known])) if known.any() else 1.0
    weight = np.where(known, days / (days + DISPERSION_EVIDENCE_DAYS), 0.0)
    return np.clip(weight * np.nan_to_num(ratio) + (1 - weight) * shop, *DISPERSION_BOUNDS)


def spread(forecast: Floats, dispersion_ratio: Floats) -> Floats:
    """Standard deviation that scores are measured in, in units."""
    return np.sqrt(dispersion_ratio * forecast + (LEVEL_ERROR_SHARE * forecast) ** 2 + VARIANCE_FLOOR)


def horizon_bucket(horizon_days: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket nearest in ratio to each horizon."""
    edges = np.array(HORIZON_BUCKETS, dtype=np.float64)
    away = np.abs(np.log(np.maximum(horizon_days, 1))[:, None] - np.log(edges)[None, :])
    return np.array(HORIZON_BUCKETS, dtype=np.int64)[away.argmin(axis=1)]


def volume_band(forecast: Floats) -> NDArray[np.int64]:
    """0..7 by the size of the forecast sum."""
    return np.digitize(forecast, VOLUME_EDGES).astype(np.int64)


def calibrate(residuals: pl.DataFrame, settings: DemandSettings) -> Calibration:
    """Score quantiles per pool of replayed sums.

    residuals: segment, horizon_days, forecast_units, actual_units, spread_units. Pools with fewer than 120 sums are left
    out; wider ones (any segment, any horizon, any volume) take their place. Quantiles are the finite-sample conformal ones.
    """
    scored = residuals.with_columns(
        score=(pl.col("actual_units") - pl.col("forecast_units")) / pl.col("spread_units"),
        horizon_bucket=pl.Series(horizon_bucket(residuals["horizon_days"].to_numpy().astype(np.int64)), dtype=pl.Int64),
        volume_band=pl.Series(volume_band(residuals["forecast_units"].to_numpy()), dtype=pl.Int64),
    )
    wider = {
        name: pl.lit(value) if isinstance(value, str) else pl.lit(value, pl.Int64) for name, value in zip(POOL_KEY, ANY_KEY, strict=True)
    }
    every = tuple(wider)
    schemes = [[name for name, dropped in zip(every, mask, strict=True) if dropped] for mask in WIDENING]
    pools = [_pooled(scored, names).with_columns(wider[name].alias(name) for name in names) for names in schemes]
    levels = [
        pl.col("score").quantile(min(level * (1 + 1e-9), 1.0), "higher").alias(quantile_column(level)) for level in settings.quantile_levels
    ]
    table = pl.concat([pool.group_by(POOL_KEY).agg(pl.len().cast(pl.Int64).alias("sums"), *levels) for pool in pools])
    return Calibration(table.unique(POOL_KEY, keep="first", maintain_order=True).filter(pl.col("sums") >= MIN_POOL).sort(POOL_KEY))


def _pooled(scored: pl.DataFrame, ignored: list[str]) -> pl.DataFrame:
    """The sums that a pool may take in. The smallest forecasts are told by their horizon: next to nothing expected in a quarter is another
    thing than next to nothing expected tomorrow, and one relaunch scores in the hundreds."""
    over_horizons = "horizon_bucket" in ignored and "volume_band" not in ignored
    return scored.filter(pl.col("volume_band") > 0) if over_horizons else scored


def quantiles_of_sums(
    forecast: Floats,
    dispersion_ratio: Floats,
    segment: NDArray[np.str_],
    horizon_days: NDArray[np.int64],
    calibration: Calibration,
    settings: DemandSettings,
) -> tuple[Floats, list[str]]:
    """Quantiles (sums x levels, units, rising, >= 0) and how each was calibrated: `backtest` or `assumed`."""
    table = calibration.table
    columns = [quantile_column(level) for level in settings.quantile_levels]
    pools = {tuple(row[:3]): np.array(row[3:], dtype=np.float64) for row in table.select(*POOL_KEY, *columns).iter_rows()}
    buckets, bands = horizon_bucket(horizon_days), volume_band(forecast)
    width = spread(forecast, dispersion_ratio)
    quantiles = _assumed(forecast, np.maximum(width**2, 1.05 * forecast), settings)
    how = ["assumed"] * forecast.size
    for row in range(forecast.size):
        own: tuple[str | int, ...] = (str(segment[row]), int(buckets[row]), int(bands[row]))
        for mask in WIDENING:
            key = tuple(any_value if dropped else value for any_value, value, dropped in zip(ANY_KEY, own, mask, strict=True))
            if key in pools:
                quantiles[row] = forecast[row] + width[row] * pools[key]
                how[row] = "backtest"
                break
    quantiles = np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=1)
    quantiles[horizon_days <= 0] = 0.0
    return quantiles, how


def at_levels(quantiles: Floats, levels: Floats, wanted: Floats) -> Floats:
    """Quantiles (rows x levels) at other levels, in units, at least 0: linear between the known ones, beyond them by the slope of the last
    stretch. wanted: one row of levels for all, or one for each row."""
    wanted = np.broadcast_to(wanted, (quantiles.shape[0], wanted.shape[-1]))
    right = np.clip(np.searchsorted(levels, wanted.ravel()).reshape(wanted.shape), 1, levels.size - 1)
    low, high = (np.take_along_axis(quantiles, right - back, axis=1) for back in (1, 0))
    slope = (high - low) / (levels[right] - levels[right - 1])
    return np.maximum(low + slope * (wanted - levels[right - 1]), 0.0)


def _assumed(mean: Floats, variance: Floats, settings: DemandSettings) -> Floats:
    """Quantiles of a negative binomial with this mean and variance; zero where the mean is zero."""
    from scipy.stats import nbinom

    chance = np.clip(mean / variance, 1e-9, 1 - 1e-9)
    size = np.maximum(mean, 1e-9) * chance / (1 - chance)
    columns = [np.where(mean > 0, nbinom.ppf(level, size, chance), 0.0) for level in settings.quantile_levels]
    return np.nan_to_num(np.stack(columns, axis=1))
