"""Bias: do forecasts lie to one side, in the whole shop or in a category? Categories too, since two wrong ones can cancel in the total.

Decides when a lean is more than chance. An item's day is set beside the mean of its forecasts made 1 to 7 days ahead; days without stock
are left out. Over the last 28 days, *bias* is forecast over sold less 1, and the *tracking signal* is the sum of the daily errors over
their mean size (Brown 1963): with errors that owe nothing to each other it stays within two of its standard deviations, 2.5 x sqrt(days),
19 times in 20. Biased means: from two weeks of judged days on, a bias more than 15 points away from both 0 and that of the replayed
forecasts (and from what lies between), and a signal beyond its band. Errors of neighbouring days are alike, so the signal alone would call
too often; the 15 points keep it quiet.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from assets.review.alerts import DRIFT_BIAS_POINTS, DRIFT_DAYS, DRIFT_HORIZON_DAYS, DRIFT_LEAST_DAYS

ITEM = ["product_id", "location_id"]
NODE = ["level", "node"]
SIGNAL_BAND = 2.5
DAILY_SCHEMA = {
    "as_of_day": pl.Date,
    "level": pl.String,
    "node": pl.String,
    "items": pl.Int64,
    "units": pl.Float64,
    "forecast_units": pl.Float64,
}


def daily_bias(forecasts: pl.DataFrame, sold: pl.DataFrame, categories: pl.DataFrame, day: date) -> pl.DataFrame:
    """One row for the total and one per category (DAILY_SCHEMA), none where nothing can be judged.

    forecasts: product_id, location_id, horizon_days, forecast_units of `day`; sold: product_id, location_id, units without stock-out items;
    categories: product_id, category.
    """
    near = forecasts.filter(pl.col("horizon_days") <= DRIFT_HORIZON_DAYS).sort(*ITEM, "horizon_days").group_by(ITEM)
    judged = near.agg(pl.col("forecast_units").mean()).join(sold, on=ITEM).join(categories, on="product_id", how="left").sort(ITEM)
    sums = {"items": pl.len().cast(pl.Int64), "units": pl.col("units").sum(), "forecast_units": pl.col("forecast_units").sum()}
    nodes = (
        judged.with_columns(level=pl.lit("total"), node=pl.lit("all")),
        judged.with_columns(level=pl.lit("category"), node=pl.col("category").fill_null("uncategorised")),
    )
    rows = pl.concat([each.group_by(NODE).agg(**sums) for each in nodes]).with_columns(as_of_day=pl.lit(day))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in DAILY_SCHEMA.items()).sort(NODE)


def with_window(daily: pl.DataFrame, promised: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """The rows of `days` with what the last 28 days say: review.forecast_bias.

    daily: DAILY_SCHEMA of these days and the 27 before each; promised: as_of_day, bias_total of demand.training_runs.
    """
    ordered = daily.sort("as_of_day", *NODE)
    windows = [_window(ordered.filter(pl.col("as_of_day").is_between(day - timedelta(days=DRIFT_DAYS - 1), day)), day) for day in days]
    rows = ordered.join(pl.concat(windows), on=[*NODE, "as_of_day"])
    rows = rows.join(promised.select("as_of_day", replayed_bias=pl.col("bias_total").cast(pl.Float64)), on="as_of_day", how="left")
    bias = pl.when(pl.col("window_units") > 0).then(pl.col("window_forecast_units") / pl.col("window_units") - 1)
    replayed = pl.col("replayed_bias").fill_null(0.0)
    is_far = ~pl.col("bias").is_between(
        pl.min_horizontal(replayed, 0.0) - DRIFT_BIAS_POINTS, pl.max_horizontal(replayed, 0.0) + DRIFT_BIAS_POINTS
    )
    never_sold = (pl.col("window_units") == 0) & (pl.col("window_forecast_units") > 0)  # no bias can be told, and none is larger
    is_one_sided = pl.col("tracking_signal").abs() > SIGNAL_BAND * pl.col("window_days").sqrt()
    return (
        rows.with_columns(bias=bias)
        .with_columns(is_biased=((pl.col("window_days") >= DRIFT_LEAST_DAYS) & (is_far | never_sold) & is_one_sided).fill_null(False))
        .sort("as_of_day", *NODE)
    )


def _window(daily: pl.DataFrame, day: date) -> pl.DataFrame:
    """Sums are taken anew for every day, in the order of days: a running sum would depend on the day it began with."""
    error = pl.col("forecast_units") - pl.col("units")
    return daily.group_by(NODE).agg(
        as_of_day=pl.lit(day),
        window_days=pl.len().cast(pl.Int64),
        window_units=pl.col("units").sum(),
        window_forecast_units=pl.col("forecast_units").sum(),
        tracking_signal=pl.when(error.abs().mean() > 0).then(error.sum() / error.abs().mean()),
    )
