"""Countinghouse in the demand benchmark: trained at the origin on the past alone, with replays and calibration, then asked."""

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.demand.panels import HORIZON
from benchmarks.demand.peers import Matrix, Task

WHOLE, CURVES = "Countinghouse", "Countinghouse batched Prophet"
LEAD_TIMES = (7, 14, 28)


def forecast_ours(method: str, given: Task, folder: Path | None) -> Matrix:
    """Items x horizon; the distribution of sums over 7, 14 and 28 days goes to quantiles.parquet of the folder."""
    return batched_prophet(given) if method == CURVES else whole(given, folder)


def whole(given: Task, folder: Path | None) -> Matrix:
    """The demand model as the daily run trains and asks it."""
    from learning.demand import DemandSettings, all_events, train

    model = train(given.past, all_events(given.events), DemandSettings(), as_of_day=given.origin)
    horizons = given.keys.join(pl.DataFrame({"horizon_days": LEAD_TIMES}), how="cross")
    daily, sums = model.score(given.past, None, horizons, given.origin)
    kept = daily.filter(pl.col("horizon_days") <= HORIZON).sort("product_id", "location_id", "horizon_days")
    if folder is not None:
        sums.write_parquet(folder / "quantiles.parquet")
    return kept["forecast_units"].to_numpy().reshape(given.keys.height, HORIZON).astype(np.float64)


def batched_prophet(given: Task) -> Matrix:
    """Prophet's model for all items at once, with the package's defaults for a history below two years (no yearly season)."""
    from learning.demand.batched_prophet import CurveSettings, fit_curves
    from learning.demand.grid import build_grid

    grid = build_grid(given.past, given.origin)
    began = (grid.units > 0).cumsum(axis=1) > 0
    return fit_curves(grid.units, began, grid.first_day, CurveSettings(yearly_order=0)).course(grid.n_days, HORIZON)
