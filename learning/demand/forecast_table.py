"""Forecasts as tables: daily units per item, and the distribution of summed demand over a lead time."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from learning.demand.grid import KEY, DemandGrid
from learning.demand.lead_time import dispersion, quantiles_of_sums
from learning.demand.parts import Forecasts
from learning.demand.settings import quantile_column

if TYPE_CHECKING:
    from learning.demand.model import DemandModel

DAILY_SCHEMA = {
    "as_of_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "business_day": pl.Date,
    "horizon_days": pl.Int64,
    "forecast_units": pl.Float64,
    "seasonal_naive_units": pl.Float64,
    "level_units": pl.Float64,
    "model": pl.String,
    "segment": pl.String,
}


def daily_table(grid: DemandGrid, forecasts: Forecasts, as_of_day: date) -> pl.DataFrame:
    """One row per item and coming day (DAILY_SCHEMA), sorted by item and day; level_units is the item's base demand per open day."""
    horizon = forecasts.combined.shape[1]
    item = np.repeat(np.arange(grid.n_items), horizon)
    step = np.tile(np.arange(1, horizon + 1), grid.n_items)
    labels = grid.items.select(KEY).with_columns(
        level_units=pl.Series(forecasts.reference.level),
        model=pl.Series(forecasts.model.tolist(), dtype=pl.String),
        segment=pl.Series(forecasts.segment.tolist(), dtype=pl.String),
    )
    rows = labels[item.tolist()].with_columns(
        horizon_days=pl.Series(step.astype(np.int64)),
        forecast_units=pl.Series(forecasts.combined.ravel()),
        seasonal_naive_units=pl.Series(forecasts.reference.seasonal_naive.ravel()),
    )
    rows = rows.with_columns(as_of_day=pl.lit(as_of_day), business_day=pl.lit(as_of_day) + pl.duration(days=pl.col("horizon_days")))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in DAILY_SCHEMA.items())


def lead_time_quantiles(
    model: "DemandModel", panel: pl.DataFrame, future: pl.DataFrame | None, horizons: pl.DataFrame, as_of_day: date
) -> pl.DataFrame:
    """The distribution of each item's demand summed over the days after `as_of_day`.

    horizons: product_id, location_id, horizon_days (0 gives zero demand); items without sales so far get the rows of their own
    with `calibration = 'no history'` and null units. Out, one row per row of `horizons`, sorted: as_of_day, product_id, location_id,
    horizon_days, mean_units, one column per quantile level (q05 … q99, units), segment, model, calibration ('backtest',
    'assumed', 'extrapolated' beyond the model's horizon, or 'no history').
    """
    grid, forecasts = model.forecast(panel, future, as_of_day, model.settings.horizon_days)
    return sums_table(model, grid, forecasts, horizons, as_of_day)


def sums_table(model: "DemandModel", grid: DemandGrid, forecasts: Forecasts, horizons: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
    """The same from forecasts already made over the model's whole horizon."""
    columns = [quantile_column(level) for level in model.settings.quantile_levels]
    asked = horizons.select(*KEY, pl.col("horizon_days").cast(pl.Int64)).unique().sort(*KEY, "horizon_days")
    found = asked.join(grid.items.select(KEY).with_row_index("item"), on=KEY, how="left", maintain_order="left")
    known = found.drop_nulls("item")
    item, days = known["item"].to_numpy(), known["horizon_days"].to_numpy()
    reach = model.settings.horizon_days
    running = np.concatenate([np.zeros((grid.n_items, 1)), np.cumsum(forecasts.combined, axis=1)], axis=1)
    beyond = np.maximum(days - reach, 0) * forecasts.combined[item, -28:].mean(axis=1)
    mean = running[item, np.clip(days, 0, reach)] + beyond
    quantiles, how = quantiles_of_sums(mean, dispersion(grid)[item], forecasts.segment[item], days, model.calibration, model.settings)
    how = ["extrapolated" if day > reach else kind for day, kind in zip(days, how, strict=True)]
    answered = known.select(*KEY, "horizon_days").with_columns(
        pl.Series("mean_units", mean),
        *(pl.Series(name, quantiles[:, i]) for i, name in enumerate(columns)),
        pl.Series("segment", forecasts.segment[item].tolist(), dtype=pl.String),
        pl.Series("model", forecasts.model[item].tolist(), dtype=pl.String),
        pl.Series("calibration", how, dtype=pl.String),
    )
    table = asked.join(answered, on=[*KEY, "horizon_days"], how="left", maintain_order="left")
    return table.select(
        pl.lit(as_of_day).alias("as_of_day"),
        *KEY,
        "horizon_days",
        "mean_units",
        *columns,
        "segment",
        "model",
        pl.col("calibration").fill_null("no history"),
    )
