"""Why a forecast is what it is: its factors for every item and day, and what the gradient model looks at, per category or per item.

The factors multiply to the forecast exactly: level x weekday x promotion x event x open x model x course. *model* is what the weighed
methods together say beyond the item's plain average (season, price, streaks), *course* how far its category's course moved the item.
Where the plain average is 0 the forecast is the model's alone and the factors are null.

Contributions of the gradient model are Shapley values in its own scale, the logarithm of demand over level (Lundberg et al., "From local
explanations to global understanding with explainable AI for trees", 2020, as LightGBM computes them): a contribution of 0.1 is 10 % more.
They say what the model used, not what would happen if the merchant changed it.
"""

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.features import FEATURES, FeatureMaker, Picks
from learning.demand.future import coming_from_frame
from learning.demand.grid import KEY, DemandGrid, Floats
from learning.demand.model import DemandModel

CELLS_PER_CATEGORY = 400
FACTORS = ("weekday", "promotion", "event", "open", "model", "course")
FACTOR_SCHEMA = {
    "as_of_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "business_day": pl.Date,
    "forecast_units": pl.Float64,
    "level_units": pl.Float64,
    **{f"{name}_factor": pl.Float64 for name in FACTORS},
}
DRIVER_SCHEMA = {
    "as_of_day": pl.Date,
    "category": pl.String,
    "feature": pl.String,
    "mean_contribution": pl.Float64,
    "mean_absolute_contribution": pl.Float64,
    "share": pl.Float64,
    "cells": pl.Int64,
}
ITEM_SCHEMA = {
    **{name: dtype for name, dtype in DRIVER_SCHEMA.items() if name != "category"},
    "product_id": pl.String,
    "location_id": pl.String,
}


def forecast_factors(
    model: DemandModel, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date, items: pl.DataFrame | None = None
) -> pl.DataFrame:
    """One row per item and coming day (FACTOR_SCHEMA), sorted; only the items of `items` (product_id, location_id) where given."""
    horizon = model.settings.horizon_days
    grid, forecasts = model.forecast(panel, future, as_of_day, horizon)
    coming = coming_from_frame(grid, future, model.parts.holidays, horizon, model.settings)
    promotion, event = model.parts.lift.promoted(grid, coming), model.parts.lift.of_events(grid, coming)
    level = np.repeat(forecasts.reference.level[:, None], horizon, axis=1)
    parts = {
        "weekday": _over(forecasts.reference.base, level),
        "promotion": promotion,
        "event": event,
        "open": coming.is_open.astype(np.float64),
        "model": _over(forecasts.own, forecasts.reference.moving_average),
        "course": _over(forecasts.combined, forecasts.own),
    }
    told = forecasts.reference.moving_average > 0
    at = np.repeat(np.arange(grid.n_items), horizon)
    table = grid.items.select(KEY)[at.tolist()].with_columns(
        as_of_day=pl.lit(as_of_day),
        business_day=pl.Series(coming.days * grid.n_items, dtype=pl.Date),
        forecast_units=pl.Series(forecasts.combined.ravel()),
        level_units=pl.Series(level.ravel()),
        **{f"{name}_factor": pl.Series(np.where(told, values, np.nan).ravel()).fill_nan(None) for name, values in parts.items()},
    )
    if items is not None:
        table = table.join(items.select(KEY).unique(), on=KEY, how="semi")
    return table.select(FACTOR_SCHEMA.keys()).cast(FACTOR_SCHEMA).sort(*KEY, "business_day")  # pyright: ignore[reportArgumentType]


def category_drivers(model: DemandModel, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date) -> pl.DataFrame:
    """What the gradient model looks at in each category (DRIVER_SCHEMA), largest share first; empty in a shop too small for it.

    Of a category at most `CELLS_PER_CATEGORY` item-days are explained, evenly spaced over items and days.
    """
    grid = model.grid(panel, as_of_day, model.settings.horizon_days)
    category = np.repeat(grid.items["category"].to_numpy().astype(str), model.settings.horizon_days)
    cells = np.concatenate([_evenly(np.flatnonzero(category == name)) for name in sorted(set(category))])
    labels = pl.DataFrame({"category": category[cells]})
    return _drivers(model, grid, future, as_of_day, cells, labels).select(DRIVER_SCHEMA.keys())


def item_drivers(
    model: DemandModel, panel: pl.DataFrame, future: pl.DataFrame | None, as_of_day: date, items: pl.DataFrame
) -> pl.DataFrame:
    """The same for single items (product_id, location_id) over the whole horizon: ITEM_SCHEMA."""
    grid = model.grid(panel, as_of_day, model.settings.horizon_days)
    asked = grid.items.select(KEY).with_row_index("item").join(items.select(KEY).unique(), on=KEY, how="semi").sort("item")
    horizon = model.settings.horizon_days
    cells = (asked["item"].to_numpy().astype(np.int64)[:, None] * horizon + np.arange(horizon)[None, :]).ravel()
    labels = asked.select(KEY)[np.repeat(np.arange(asked.height), horizon).tolist()]
    return _drivers(model, grid, future, as_of_day, cells, labels).select(ITEM_SCHEMA.keys())


def _drivers(
    model: DemandModel, grid: DemandGrid, future: pl.DataFrame | None, as_of_day: date, cells: NDArray[np.int64], labels: pl.DataFrame
) -> pl.DataFrame:
    """Contributions of the cells (row-major items x horizon), averaged per label."""
    by = labels.columns
    schema = {**dict.fromkeys(by, pl.String), **{name: dtype for name, dtype in DRIVER_SCHEMA.items() if name != "category"}}
    if model.parts.direct is None or not cells.size:
        return pl.DataFrame(schema=schema)
    horizon = model.settings.horizon_days
    coming = coming_from_frame(grid, future, model.parts.holidays, horizon, model.settings)
    maker = FeatureMaker(grid, model.parts.lift, model.parts.holidays, model.settings)
    origin = grid.n_days - 1
    rows = maker.rows(origin, maker.level(origin), coming, Picks(cells // horizon, cells % horizon))
    found = np.asarray(model.parts.direct.booster.predict(rows, pred_contrib=True, num_threads=model.settings.threads), dtype=np.float64)
    wide = labels.with_columns(pl.Series(name, found[:, column]) for column, name in enumerate(FEATURES))
    mean = wide.group_by(by).agg(pl.col(name).mean() for name in FEATURES)
    size = wide.group_by(by).agg(*(pl.col(name).abs().mean() for name in FEATURES), pl.len().cast(pl.Int64).alias("cells"))
    long = mean.unpivot(index=by, variable_name="feature", value_name="mean_contribution").join(
        size.unpivot(FEATURES, index=[*by, "cells"], variable_name="feature", value_name="mean_absolute_contribution"), on=[*by, "feature"]
    )
    return long.with_columns(
        as_of_day=pl.lit(as_of_day),
        share=pl.col("mean_absolute_contribution") / pl.col("mean_absolute_contribution").sum().over(by).clip(lower_bound=1e-12),
    ).sort(*by, "share", "feature", descending=[*(False for _ in by), True, False])


def _evenly(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    return cells[np.unique(np.linspace(0, cells.size - 1, min(cells.size, CELLS_PER_CATEGORY)).astype(np.int64))]


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.ones(part.shape), where=whole > 0)
