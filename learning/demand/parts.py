"""The fitted parts of the demand model and the forecast they give together.

Parts: lift of promotions and recurring events, Prophet's course of the total and the categories, the direct models (LightGBM, ridge
regression), smoothed levels (TSB), weights. Forecast of an item: smooth and intermittent - weighted mean of LightGBM, ridge regression and
TSB x weekday x lift, weights by segment from the shop's own replays; new - mean of the class rate x weekday and of LightGBM, which has
seen past launches at the same age; dormant - moving average x weekday, about zero. Every day the items of a category are then drawn to the
category's course, a weighted mean of their own sum, of Prophet's and of the smoothed one, all by one factor, so that categories and
total are the sums of their items exactly. Nothing is chosen per item on its few past windows. What was tried and what it gave:
docs/decisions/0012.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.aggregates import (
    LOWEST_INDEX,
    TOTAL,
    base_demand,
    forecast_aggregates,
    location_members,
    node_members,
    node_of_category,
)
from learning.demand.candidates import SMOOTHER, candidate_forecasts
from learning.demand.day_lift import DayLift, learn_day_lift
from learning.demand.direct import BOOSTED, RIDGE, DirectModels, direct_forecasts, fit_direct
from learning.demand.features import FeatureMaker
from learning.demand.filled import usual_demand
from learning.demand.future import Coming
from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.reference import Reference, reference_forecasts
from learning.demand.segments import DORMANT, NEW, segment_items
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import sums_by_day
from learning.demand.weights import COURSE, COURSE_MEMBERS, MEMBERS, OWN, PROPHET, SEGMENTS, Weights, default_weights

SHORT_NAMES = {BOOSTED: "LightGBM", RIDGE: "ridge", SMOOTHER: "TSB"}
TOTAL_PULL = 0.5  # how far the sum of the categories is drawn to the total's own forecast
LOCATION_PULL = 0.5  # how far the sum of a location is drawn to its own forecast
LEVEL_PULL = 0.5  # how far Prophet is drawn to the demand of the last two weeks
LEVEL_DAYS = 14
DRIFT_BOUNDS = (0.5, 2.0)
SHARE_BOUNDS = (1 / 3, 3.0)  # Prophet may not move items further than this from their own mean


@dataclass(frozen=True)
class Parts:
    """aggregates: node, business_day, units, is_fitted. nodes: category to node. direct is None in a shop too small for it."""

    lift: DayLift
    nodes: dict[str, str]
    aggregates: pl.DataFrame
    direct: DirectModels | None
    holidays: pl.DataFrame
    trained_through: date
    weights: Weights


@dataclass(frozen=True)
class Forecasts:
    """Items x horizon, units per day. members: by method, TSB alone in a small shop; shared is None where Prophet is missing; own: before
    the category is looked at; model names what made `combined`."""

    reference: Reference
    members: dict[str, Floats]
    shared: Floats | None
    own: Floats
    combined: Floats
    segment: NDArray[np.str_]
    model: NDArray[np.str_]


def fit_parts(grid: DemandGrid, holidays: pl.DataFrame, settings: DemandSettings) -> Parts:
    """Fits every part on the grid alone, with default weights; Prophet reaches `scoring_days + horizon_days` beyond it."""
    last = grid.first_day + timedelta(days=grid.n_days - 1)
    lift = learn_day_lift(grid, holidays, settings)
    nodes = node_of_category(grid, settings)
    until = last + timedelta(days=settings.scoring_days + settings.horizon_days)
    aggregates = forecast_aggregates(grid, usual_demand(grid, lift, settings), holidays, nodes, until, settings)
    direct = fit_direct(FeatureMaker(grid, lift, holidays, settings), settings) if grid.n_days >= settings.min_shop_days else None
    return Parts(lift, nodes, aggregates, direct, holidays, last, default_weights())


def forecast_items(parts: Parts, grid: DemandGrid, coming: Coming, settings: DemandSettings) -> Forecasts:
    """Daily forecasts of every item of the grid from its last day; the parts may be some days older than the grid."""
    reference = reference_forecasts(grid, coming, parts.lift, settings)
    members: dict[str, Floats] = {}
    if parts.direct is not None:
        members = direct_forecasts(parts.direct, FeatureMaker(grid, parts.lift, parts.holidays, settings), coming, settings)
    shared = share_out(parts, grid, coming, reference, settings)
    members.update(candidate_forecasts(grid, coming, parts.lift, settings, (SMOOTHER,)))
    return combine(reference, members, shared, segment_items(grid, settings), grid.codes("category"), parts.weights)


def combine(
    reference: Reference, members: dict[str, Floats], shared: Floats | None, segment: NDArray[np.str_], category: Codes, weights: Weights
) -> Forecasts:
    """The members weighed by segment, then drawn to their category."""
    own = members[SMOOTHER].copy()
    model = np.full(segment.shape, SMOOTHER, dtype="<U80")
    for kind in SEGMENTS if set(MEMBERS) <= set(members) else ():
        here, weight = segment == kind, weights.of(kind)
        own[here] = sum(share * members[name][here] for name, share in zip(MEMBERS, weight, strict=True))
        model[here] = ", ".join(f"{SHORT_NAMES[name]} {share:.0%}" for name, share in zip(MEMBERS, weight, strict=True) if share >= 0.005)
    for kind, label in ((DORMANT, "moving average x weekday"), (NEW, "class rate x weekday")):
        own[segment == kind] = reference.moving_average[segment == kind]
        model[segment == kind] = label
    if BOOSTED in members:
        own[segment == NEW] = (own[segment == NEW] + members[BOOSTED][segment == NEW]) / 2
        model[segment == NEW] = "class rate x weekday 50%, LightGBM 50%"
    if shared is None:
        return Forecasts(reference, members, shared, own, own, segment, model)
    combined = _on_course(own, {OWN: own, PROPHET: shared, SMOOTHER: members[SMOOTHER]}, category, weights.of(COURSE))
    return Forecasts(reference, members, shared, own, combined, segment, np.char.add(model, ", drawn to category"))


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
    factors = np.ones(reference.base.shape)
    for node, kept in members.items():
        if node != TOTAL:
            factor = np.divide(course[node] * pull, expected[node], out=np.ones(coming.horizon), where=expected[node] > 0)
            factors[kept] = np.clip(factor, *SHARE_BOUNDS)
    for node, kept in location_members(grid, settings).items():
        usual_here = (reference.base[kept] * factors[kept]).sum(axis=0)
        own = _course(parts.aggregates, node, grid, coming, *base_demand(usual, kept), fallback=usual_here)
        factors[kept] *= np.divide(own, usual_here, out=np.ones(coming.horizon), where=usual_here > 0) ** LOCATION_PULL
    return reference.moving_average * np.clip(factors, *SHARE_BOUNDS)


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


def _on_course(own: Floats, members: dict[str, Floats], category: Codes, weight: Floats) -> Floats:
    """Every day's forecasts of a category scaled by one factor, so that their sum is the weighted mean of the members' sums."""
    course = sum(share * sums_by_day(category, members[name]) for name, share in zip(COURSE_MEMBERS, weight, strict=True))
    items = sums_by_day(category, own)
    factor = np.divide(course, items, out=np.ones(items.shape), where=items > 0)
    return own * factor[category]
