"""Pools of replayed sums: which sums speak for which forecast."""

import numpy as np
import polars as pl

from learning.demand.lead_time import MIN_POOL, calibrate, quantiles_of_sums
from learning.demand.settings import DemandSettings


def replayed(segment: str, horizon_days: int, forecast: float, actual: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment": [segment] * actual.size,
            "horizon_days": pl.Series([horizon_days] * actual.size, dtype=pl.Int64),
            "forecast_units": [forecast] * actual.size,
            "actual_units": actual.astype(np.float64),
            "spread_units": [0.25 + 0.25 * forecast] * actual.size,
        }
    )


def test_one_relaunch_in_a_quarter_says_nothing_about_next_week() -> None:
    """Forecasts of next to nothing over 84 days of which some sold hundreds must not widen next week's, of which there is no own pool."""
    settings = DemandSettings()
    luck = np.random.default_rng(5)
    quiet = replayed("intermittent", 7, 5.0, luck.poisson(5.0, 2 * MIN_POOL))
    relaunched = replayed("intermittent", 84, 0.1, np.where(luck.random(2 * MIN_POOL) < 0.1, 400.0, 0.0))
    calibration = calibrate(pl.concat([quiet, relaunched]), settings)
    small, ratio, segment = np.array([0.1]), np.array([1.5]), np.array(["intermittent"])
    week, how = quantiles_of_sums(small, ratio, segment, np.array([7]), calibration, settings)
    assert how == ["backtest"]
    assert week[0, -1] < 5.0
    quarter, _ = quantiles_of_sums(small, ratio, segment, np.array([84]), calibration, settings)
    assert quarter[0, -1] > 100.0  # over that horizon it did happen


def test_larger_forecasts_may_learn_from_other_horizons() -> None:
    settings = DemandSettings()
    luck = np.random.default_rng(6)
    calibration = calibrate(replayed("smooth", 28, 40.0, luck.poisson(40.0, 2 * MIN_POOL)), settings)
    found, how = quantiles_of_sums(np.array([40.0]), np.array([1.0]), np.array(["smooth"]), np.array([7]), calibration, settings)
    assert how == ["backtest"]
    assert 40.0 < found[0, -1] < 90.0
