"""The fitted parts of the demand model and the forecast they give together.

Parts: lift of promotions and recurring events, Prophet's course of the total and the categories, the LightGBM model, smoothed levels (TSB).
Forecast of an item: smooth and intermittent - two thirds LightGBM and one third TSB x weekday x lift; new - class rate x weekday; dormant -
moving average x weekday, about zero. Every day the items of a category are then drawn half the way to the category's course (mean of
Prophet's and of the smoothed items' sum), all by one factor, so that categories and total are the sums of their items exactly. Nothing is
chosen per item on its few past windows. What was tried and what it gave: docs/decisions/0012.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.aggregates import LOWEST_INDEX, TOTAL, base_demand, forecast_aggregates, node_members, node_of_category
from learning.demand.boosting import boosting_forecast, train_boosting
from learning.demand.candidates import candidate_forecasts
from learning.demand.day_lift import DayLift, learn_day_lift
from learning.demand.features import FeatureMaker
from learning.demand.filled import usual_demand
from learning.demand.future import Coming
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.reference import Reference, reference_forecasts
from learning.demand.segments import DORMANT, NEW, segment_items
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import sum_by

BOOSTED_SHARE = 2 / 3
SMOOTHER = "TSB"
COURSE_PULL = 0.5
TOTAL_PULL = 0.5  # how far the sum of the categories is drawn to the total's own forecast
LEVEL_PULL = 0.5  # how far Prophet is drawn to the demand of the last two weeks
LEVEL_DAYS = 14
DRIFT_BOUNDS = (0.5, 2.0)
SHARE_BOUNDS = (1 / 3, 3.0)  # Prophet may not move items further than this from their own mean


@dataclass(frozen=True)
class Parts:
    """aggregates: node, business_day, units, is_fitted. nodes: category to node. booster is None in a shop too small for it."""

    lift: DayLift
    nodes: dict[str, str]
    aggregates: pl.DataFrame
    booster: Any | None
    holidays: pl.DataFrame
    trained_through: date


@dataclass(frozen=True)
class Forecasts:
    """Items x horizon, units per day. smoothed is TSB's; boosted and shared are None where the part is missing; model names what made
    `combined`."""

    reference: Reference
    smoothed: Floats
    boosted: Floats | None
    shared: Floats | None
    combined: Floats
    segment: NDArray[np.str_]
    model: NDArray[np.str_]


def fit_parts(grid: DemandGrid, holidays: pl.DataFrame, settings: DemandSettings) -> Parts:
    """Fits every part on the grid alone; Prophet reaches `scoring_days + horizon_days` beyond it."""
    last = grid.first_day + timedelta(days=grid.n_days - 1)
    lift = learn_day_lift(grid, holidays, settings)
    nodes = node_of_category(grid, settings)
    until = last + timedelta(days=settings.scoring_days + settings.horizon_days)
    aggregates = forecast_aggregates(grid, usual_demand(grid, lift, settings), holidays, nodes, until, settings)
    booster = None
    if grid.n_days >= settings.min_shop_days:
        booster = train_boosting(FeatureMaker(grid, lift, holidays, settings), settings)
    return Parts(lift, nodes, aggregates, booster, holidays, last)


def forecast_items(parts: Parts, grid: DemandGrid, coming: Coming, settings: DemandSettings) -> Forecasts:
    """Daily forecasts of every item of the grid from its last day; the parts may be some days older than the grid."""
    reference = reference_forecasts(grid, coming, parts.lift, settings)
    segment = segment_items(grid, settings)
    boosted = None
    if parts.booster is not None:
        boosted = boosting_forecast(parts.booster, FeatureMaker(grid, parts.lift, parts.holidays, settings), coming, settings)
    shared = share_out(parts, grid, coming, reference, settings)
    smoothed = candidate_forecasts(grid, coming, parts.lift, settings, (SMOOTHER,))[SMOOTHER]
    combined, model = combine(reference, smoothed, boosted, segment)
    if shared is not None:
        combined = _drawn_to((shared + smoothed) / 2, combined, grid.codes("category"))
        model = np.array([f"{name}, drawn to category" for name in model], dtype="<U60")
    return Forecasts(reference, smoothed, boosted, shared, combined, segment, model)


def share_out(parts: Parts, grid: DemandGrid, coming: Coming, reference: Reference, settings: DemandSettings) -> Floats | None:
    """Prophet's base course of each category, shared out in proportion to the items' moving average x weekday x promotion."""
    if parts.aggregates.is_empty():
        return None
    usual = usual_demand(grid, parts.lift, settings)
    course: dict[str, Floats] = {}
    expected: dict[str, Floats] = {}
    members = node_members(grid, parts.nodes)
    for node, kept in members.items():
        expected[node] = reference.base[kept].sum(axis=0)
        course[node] = _course(parts.aggregates, node, grid, coming, *base_demand(usual, kept), fallback=expected[node])
    summed = np.sum([values for node, values in course.items() if node != TOTAL], axis=0)
    pull = np.divide(course[TOTAL], summed, out=np.ones(coming.horizon), where=summed > 0) ** TOTAL_PULL
    shared = reference.moving_average.copy()
    for node, kept in members.items():
        if node != TOTAL:
            factor = np.divide(course[node] * pull, expected[node], out=np.ones(coming.horizon), where=expected[node] > 0)
            shared[kept] *= np.clip(factor, *SHARE_BOUNDS)
    return shared


def _course(
    aggregates: pl.DataFrame, node: str, grid: DemandGrid, coming: Coming, demand: Floats, index: Floats, fallback: Floats
) -> Floats:
    """Prophet's coming base days of a node, drawn towards the demand of the last two weeks; the fallback where it was not fitted."""
    rows = aggregates.filter(pl.col("node") == node)
    known = dict(zip(rows["business_day"].to_list(), rows["units"].to_list(), strict=True))
    if not all(day in known for day in coming.days):
        return fallback
    recent = [day for day in range(max(grid.n_days - LEVEL_DAYS, 0), grid.n_days) if index[day] >= LOWEST_INDEX]
    told = [(demand[day] * index[day], known.get(grid.first_day + timedelta(days=day)), index[day]) for day in recent]
    actual = sum(float(units) for units, course, _ in told if course is not None)
    fitted = sum(float(course * share) for _, course, share in told if course is not None)
    drift = float(np.clip(actual / fitted, *DRIFT_BOUNDS)) if fitted > 0 and actual > 0 else 1.0
    return np.array([known[day] for day in coming.days]) * drift**LEVEL_PULL


def combine(reference: Reference, smoothed: Floats, boosted: Floats | None, segment: NDArray[np.str_]) -> tuple[Floats, NDArray[np.str_]]:
    """The items' own forecast before their category is looked at (items x horizon), and the method's name per item."""
    average = reference.moving_average
    combined = smoothed.copy() if boosted is None else BOOSTED_SHARE * boosted + (1 - BOOSTED_SHARE) * smoothed
    model = np.full(segment.shape, SMOOTHER if boosted is None else f"LightGBM and {SMOOTHER}", dtype="<U60")
    for kind, label in ((DORMANT, "moving average x weekday"), (NEW, "class rate x weekday")):
        combined[segment == kind] = average[segment == kind]
        model[segment == kind] = label
    return combined, model


def _drawn_to(shared: Floats, combined: Floats, category: Codes) -> Floats:
    """Every day's forecasts of a category scaled so that their sum lies between their own and Prophet's (geometric, by `COURSE_PULL`)."""
    own, course = (
        np.stack([sum_by(category, values[:, step]) for step in range(values.shape[1])], axis=1) for values in (combined, shared)
    )
    factor = np.divide(course, own, out=np.ones(own.shape), where=(own > 0) & (course > 0)) ** COURSE_PULL
    return combined * factor[category]
