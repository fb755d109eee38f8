"""Prophet for the shop's total and its categories; items take their share of it.

Decides the daily *base course* - trend, year, week, holidays - where there are enough sales to see it: the demand of a day as
if every item were open and none promoted. Each past day's demand (stock-out days filled) is divided by its *index*, what the open
items and their promotions would usually give over that base. Categories beyond `max_category_models` (the smallest) share a model.
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, timedelta

import numpy as np
import polars as pl

from learning.demand.event_lift import recurring_events
from learning.demand.filled import UsualDemand
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.holiday_days import general_events
from learning.demand.settings import DemandSettings

TOTAL = "total"
REST = "other categories"
YEARLY_FROM_DAYS = 365
LOWEST_INDEX = 0.05
YEARLY_ORDER = 10
EVENT_PRIOR_SCALE = 1.0  # an event seen once or twice moves a day, but not by all of its noise
COURSE_SCHEMA = {"node": pl.String, "business_day": pl.Date, "units": pl.Float64, "is_fitted": pl.Boolean}


def node_of_category(grid: DemandGrid, settings: DemandSettings) -> dict[str, str]:
    """Which Prophet model serves each category: its own for the largest, the shared one for the rest."""
    sold = pl.DataFrame({"category": grid.items["category"], "units": grid.units.sum(axis=1)})
    ranked = sold.group_by("category").agg(pl.col("units").sum()).sort(["units", "category"], descending=[True, False])
    names = [str(name) for name in ranked["category"]]
    return {name: f"category: {name}" if rank < settings.max_category_models else REST for rank, name in enumerate(names)}


def forecast_aggregates(
    grid: DemandGrid, usual: UsualDemand, holidays: pl.DataFrame, nodes: dict[str, str], until: date, settings: DemandSettings
) -> pl.DataFrame:
    """Prophet's daily base course of every node: node, business_day, units (>= 0), is_fitted (true for days of the past).

    Days with an index below `LOWEST_INDEX` (nearly everything closed) are left out of the fit.
    """
    last = grid.first_day + timedelta(days=grid.n_days - 1)
    ahead = [last + timedelta(days=step + 1) for step in range((until - last).days)]
    frames: list[pl.DataFrame] = []
    for node, members in (*node_members(grid, nodes).items(), *location_members(grid, settings).items()):
        demand, index = base_demand(usual, members)
        began = int(np.argmax(demand > 0)) if (demand > 0).any() else 0
        kept = np.asarray(index >= LOWEST_INDEX, dtype=np.bool_)
        kept[:began] = False
        frames.append(_fit_one(node, grid.first_day, demand, kept, ahead, holidays, settings))
    return pl.concat(frames)


def node_members(grid: DemandGrid, nodes: dict[str, str]) -> dict[str, Flags]:
    """Which items each node sums: the total first, then the category nodes by name; unknown categories only in the total."""
    owners = np.array([nodes.get(str(name), "") for name in grid.items["category"]])
    members: dict[str, Flags] = {TOTAL: np.ones(grid.n_items, dtype=np.bool_)}
    for node in sorted(set(owners.tolist()) - {""}):
        members[node] = np.asarray(owners == node, dtype=np.bool_)
    return members


def location_members(grid: DemandGrid, settings: DemandSettings) -> dict[str, Flags]:
    """Which items the nodes of the largest locations sum, by name; none in a shop of one location."""
    names = grid.items["location_id"].to_numpy().astype(str)
    sold = pl.DataFrame({"location": names, "units": grid.units.sum(axis=1)}).group_by("location").agg(pl.col("units").sum())
    largest = sold.sort(["units", "location"], descending=[True, False]).head(settings.max_category_models)
    if sold.height == 1:
        return {}
    return {f"location: {name}": np.asarray(names == name, dtype=np.bool_) for name in sorted(largest["location"].to_list())}


def base_demand(usual: UsualDemand, members: Flags) -> tuple[Floats, Floats]:
    """Per day: demand of the members divided by its index (0 where the index is 0), and the index; 1 before there is a base."""
    base, expected = usual.base[members].sum(axis=0), usual.expected[members].sum(axis=0)
    index = np.divide(expected, base, out=np.ones(base.shape), where=base > 0)
    demand = usual.filled[members].sum(axis=0)
    return np.divide(demand, index, out=np.zeros(base.shape), where=index > 0), index


def _fit_one(
    node: str, first_day: date, series: Floats, kept: Flags, ahead: list[date], holidays: pl.DataFrame, settings: DemandSettings
) -> pl.DataFrame:
    days = [first_day + timedelta(days=int(step)) for step in np.flatnonzero(kept)]
    values = series[kept]
    if len(days) < settings.min_shop_days or values.max(initial=0.0) <= 0.0:
        return pl.DataFrame(schema=COURSE_SCHEMA)
    named = _event_columns(holidays, days, ahead)
    with quiet_prophet():
        import pandas as pd
        from prophet import Prophet

        model = Prophet(
            yearly_seasonality=YEARLY_ORDER if (days[-1] - days[0]).days >= YEARLY_FROM_DAYS else False,  # pyright: ignore[reportArgumentType]
            weekly_seasonality=True,  # pyright: ignore[reportArgumentType]
            daily_seasonality=False,  # pyright: ignore[reportArgumentType]
            seasonality_mode="multiplicative",
            uncertainty_samples=0,
        )
        # holidays enter as 0/1 columns: the same model as Prophet's own holidays, whose date loops cost more than the fit
        for column in named:
            model.add_regressor(column, prior_scale=EVENT_PRIOR_SCALE, standardize=False, mode="multiplicative")
        whole = pd.DataFrame({"ds": pd.to_datetime(pd.Series(days + ahead)), **named})
        model.fit(whole.iloc[: len(days)].assign(y=values), seed=settings.seed)
        course = model.predict(whole)["yhat"].to_numpy()
    return pl.DataFrame(
        {
            "node": [node] * (len(days) + len(ahead)),
            "business_day": days + ahead,
            "units": np.maximum(course, 0.0),
            "is_fitted": [True] * len(days) + [False] * len(ahead),
        },
        schema=COURSE_SCHEMA,
    )


def _event_columns(holidays: pl.DataFrame, days: list[date], ahead: list[date]) -> dict[str, Floats]:
    """One 0/1 column (past and coming days) per event of all locations that happened at least once in the past.

    Recurring events are in the index already, events of single locations are not the total's.
    """
    past = set(days)
    recurring = recurring_events(holidays, days)["holiday"].unique()
    holidays = general_events(holidays).filter(~pl.col("holiday").is_in(recurring.implode()))
    columns: dict[str, Floats] = {}
    for name, rows in sorted((str(key[0]), rows) for key, rows in holidays.group_by("holiday")):
        dates = set(rows["business_day"].to_list())
        if dates & past:
            columns[f"event_{len(columns)}_{name}"] = np.array([float(day in dates) for day in days + ahead])
    return columns


@contextmanager
def quiet_prophet() -> Generator[None]:
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
