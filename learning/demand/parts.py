"""The fitted parts of the demand model and the forecast they give together.

Parts: promotion lift, Prophet's course of the total and the categories, the LightGBM model. Forecast of an item:
smooth - plain mean of LightGBM and its share of Prophet; intermittent - median of these two and the moving average x weekday;
new - class rate x weekday; dormant - the moving average x weekday (about zero). Nothing is chosen per item on its few past windows.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.aggregates import TOTAL, forecast_aggregates, node_of_category
from learning.demand.boosting import boosting_forecast, train_boosting
from learning.demand.features import FeatureMaker
from learning.demand.filled import filled_demand
from learning.demand.future import Coming
from learning.demand.grid import DemandGrid, Floats
from learning.demand.promotion_lift import PromotionLift, learn_promotion_lift
from learning.demand.reference import Reference, reference_forecasts
from learning.demand.segments import DORMANT, INTERMITTENT, NEW, segment_items
from learning.demand.settings import DemandSettings

TOTAL_PULL = 0.5  # how far the sum of the categories is drawn to the total's own forecast
LEVEL_PULL = 0.5  # how far Prophet is drawn to the demand of the last four weeks
LEVEL_DAYS = 28
SHARE_BOUNDS = (1 / 3, 3.0)  # Prophet may not move items further than this from their own mean


@dataclass(frozen=True)
class Parts:
    """aggregates: node, business_day, units, is_fitted. nodes: category to node. booster is None in a shop too small for it."""

    lift: PromotionLift
    nodes: dict[str, str]
    aggregates: pl.DataFrame
    booster: Any | None
    holidays: pl.DataFrame
    trained_through: date


@dataclass(frozen=True)
class Forecasts:
    """Items x horizon, units per day. boosted and shared are None where the part is missing; model names what made `combined`."""

    reference: Reference
    boosted: Floats | None
    shared: Floats | None
    combined: Floats
    segment: NDArray[np.str_]
    model: NDArray[np.str_]


def fit_parts(grid: DemandGrid, holidays: pl.DataFrame, settings: DemandSettings) -> Parts:
    """Fits every part on the grid alone; Prophet reaches `scoring_days + horizon_days` beyond it."""
    last = grid.first_day + timedelta(days=grid.n_days - 1)
    lift = learn_promotion_lift(grid)
    nodes = node_of_category(grid, settings)
    until = last + timedelta(days=settings.scoring_days + settings.horizon_days)
    aggregates = forecast_aggregates(grid, filled_demand(grid, lift, settings), holidays, nodes, until, settings)
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
    shared = share_out(parts, grid, coming, reference.moving_average, settings)
    combined, model = _combine(reference, boosted, shared, segment)
    return Forecasts(reference, boosted, shared, combined, segment, model)


def share_out(parts: Parts, grid: DemandGrid, coming: Coming, average: Floats, settings: DemandSettings) -> Floats | None:
    """Prophet's course of each category, shared out in proportion to the items' moving average x weekday."""
    if parts.aggregates.is_empty():
        return None
    demand = filled_demand(grid, parts.lift, settings)
    owners = np.array([parts.nodes.get(str(name), "") for name in grid.items["category"]])
    expected = {node: average[owners == node].sum(axis=0) for node in sorted(set(owners.tolist()) - {""})}
    course: dict[str, Floats] = {}
    for node in expected:
        found = _course(parts.aggregates, node, grid, coming, demand[owners == node].sum(axis=0))
        course[node] = expected[node] if found is None else found
    total = _course(parts.aggregates, TOTAL, grid, coming, demand.sum(axis=0))
    if total is not None and course:
        summed = np.sum([course[node] for node in course], axis=0)
        pull = np.divide(total, summed, out=np.ones(coming.horizon), where=summed > 0) ** TOTAL_PULL
        course = {node: values * pull for node, values in course.items()}
    shared = average.copy()
    for node, values in course.items():
        factor = np.divide(values, expected[node], out=np.ones(coming.horizon), where=expected[node] > 0)
        shared[owners == node] *= np.clip(factor, *SHARE_BOUNDS)
    return shared


def _course(aggregates: pl.DataFrame, node: str, grid: DemandGrid, coming: Coming, demand: Floats) -> Floats | None:
    """Prophet's coming days of a node, drawn towards the demand of the last four weeks; None where it was not fitted."""
    rows = aggregates.filter(pl.col("node") == node)
    known = dict(zip(rows["business_day"].to_list(), rows["units"].to_list(), strict=True))
    if not all(day in known for day in coming.days):
        return None
    coming_units = np.array([known[day] for day in coming.days])
    recent = [grid.n_days - 1 - back for back in range(min(LEVEL_DAYS, grid.n_days))]
    told = [(demand[day], known.get(grid.first_day + timedelta(days=day))) for day in recent if grid.is_open[:, day].any()]
    actual = sum(float(units) for units, course in told if course is not None)
    fitted = sum(course for _, course in told if course is not None)
    drift = np.clip(actual / fitted, 0.5, 2.0) if fitted > 0 and actual > 0 else 1.0
    return coming_units * drift**LEVEL_PULL


def _combine(
    reference: Reference, boosted: Floats | None, shared: Floats | None, segment: NDArray[np.str_]
) -> tuple[Floats, NDArray[np.str_]]:
    average = reference.moving_average
    strong = {"LightGBM": boosted, "shared-out Prophet": shared}
    present = {name: values for name, values in strong.items() if values is not None}
    young, dormant, thin = (segment == kind for kind in (NEW, DORMANT, INTERMITTENT))
    if present:
        combined = np.mean(list(present.values()), axis=0)
        model = np.full(segment.shape, ("mean of " if len(present) > 1 else "") + " and ".join(present), dtype="<U80")
        combined[thin] = np.median([values[thin] for values in (average, *present.values())], axis=0)
        model[thin] = "median of moving average, " + " and ".join(present)
    else:
        combined = average.copy()
        model = np.full(segment.shape, "moving average x weekday", dtype="<U80")
    combined[dormant], model[dormant] = average[dormant], "moving average x weekday"
    combined[young], model[young] = average[young], "class rate x weekday"
    return combined, model
