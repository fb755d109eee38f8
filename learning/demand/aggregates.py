"""Prophet for the shop's total and its categories; items take their share of it.

Decides the daily course of trend, year, week and holidays where there are enough sales to see it. Stock-out days enter the
totals with their expected demand, so that a total is demand and not merely sales. Categories beyond `max_category_models`
(the smallest) share one model. The category forecasts are drawn half-way to the total's own forecast.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import numpy as np
import polars as pl

from learning.demand.grid import DemandGrid, Floats
from learning.demand.settings import DemandSettings

TOTAL = "total"
REST = "other categories"
YEARLY_FROM_DAYS = 400
FLOAT_SCHEMA = {"node": pl.String, "business_day": pl.Date, "units": pl.Float64, "is_fitted": pl.Boolean}


def node_of_category(grid: DemandGrid, settings: DemandSettings) -> dict[str, str]:
    """Which Prophet model serves each category: its own for the largest, the shared one for the rest."""
    sold = pl.DataFrame({"category": grid.items["category"], "units": grid.units.sum(axis=1)})
    ranked = sold.group_by("category").agg(pl.col("units").sum()).sort(["units", "category"], descending=[True, False])
    names = [str(name) for name in ranked["category"]]
    return {name: f"category: {name}" if rank < settings.max_category_models else REST for rank, name in enumerate(names)}


def forecast_aggregates(
    grid: DemandGrid, demand: Floats, holidays: pl.DataFrame, nodes: dict[str, str], until: date, settings: DemandSettings
) -> pl.DataFrame:
    """Prophet's daily course of every node: node, business_day, units (>= 0), is_fitted (true for days of the past).

    demand: items x days, with stock-out days filled. Days on which every location was closed are left out of the fit.
    """
    last = grid.first_day + timedelta(days=grid.n_days - 1)
    ahead = [last + timedelta(days=step + 1) for step in range((until - last).days)]
    owners = np.array([nodes[name] for name in grid.items["category"].to_list()])
    open_days = grid.is_open.any(axis=0)
    frames: list[pl.DataFrame] = []
    for node in [TOTAL, *sorted(set(owners.tolist()))]:
        series = demand.sum(axis=0) if node == TOTAL else demand[owners == node].sum(axis=0)
        began = int(np.argmax(series > 0)) if (series > 0).any() else 0
        kept = open_days.copy()
        kept[:began] = False
        frames.append(_fit_one(node, grid.first_day, series, kept, ahead, holidays, settings))
    return pl.concat(frames)


def _fit_one(
    node: str, first_day: date, series: Floats, kept: np.ndarray, ahead: list[date], holidays: pl.DataFrame, settings: DemandSettings
) -> pl.DataFrame:
    days = [first_day + timedelta(days=int(step)) for step in np.flatnonzero(kept)]
    values = series[kept]
    if len(days) < settings.min_shop_days or values.max(initial=0.0) <= 0.0:
        return pl.DataFrame(schema=FLOAT_SCHEMA)
    import pandas as pd

    with quiet_prophet():
        from prophet import Prophet

        named = holidays.filter(pl.col("business_day").is_between(days[0], days[-1]))["holiday"].unique().to_list()
        known = holidays.filter(pl.col("holiday").is_in(named)).select(ds="business_day", holiday="holiday")
        model = Prophet(
            holidays=pd.DataFrame(known.to_dict(as_series=False)).assign(ds=lambda f: pd.to_datetime(f["ds"])) if known.height else None,
            yearly_seasonality=6 if (days[-1] - days[0]).days >= YEARLY_FROM_DAYS else False,
            weekly_seasonality=True,
            daily_seasonality=False,
            seasonality_mode="multiplicative",
            uncertainty_samples=0,
        )
        model.fit(pd.DataFrame({"ds": pd.to_datetime(pd.Series(days)), "y": values}), seed=settings.seed)
        course = model.predict(pd.DataFrame({"ds": pd.to_datetime(pd.Series(days + ahead))}))["yhat"].to_numpy()
    return pl.DataFrame(
        {
            "node": [node] * (len(days) + len(ahead)),
            "business_day": days + ahead,
            "units": np.maximum(course, 0.0),
            "is_fitted": [True] * len(days) + [False] * len(ahead),
        },
        schema=FLOAT_SCHEMA,
    )


@contextmanager
def quiet_prophet() -> Iterator[None]:
    """Keeps Prophet's and cmdstanpy's messages out of the run's output; errors still raise."""
    names = ("prophet", "prophet.plot", "prophet.models", "cmdstanpy")
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).disabled) for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
        logging.getLogger(name).disabled = True
    try:
        yield
    finally:
        for name, (level, disabled) in before.items():
            logging.getLogger(name).setLevel(level)
            logging.getLogger(name).disabled = disabled
