"""What kind of series demand is, read by the method of Box and Jenkins: for the total, the largest categories and the largest locations.

A diagnosis for an analyst: no forecast and no order rests on it. It says whether the level wanders, at which lags days resemble each other,
which ARIMA describes that, and what it leaves unexplained. The series is the one Prophet is fitted on (`aggregates.base_demand`):
stock-outs filled, promotions and recurring events divided out, so that closed shops and campaigns are not taken for rhythm. Closed weekdays
are left out and single closed days filled (`open_days`); the last 56 weeks are looked at, as no part of the model is longer than two weeks.

Terms: a *node* is a sum of items; the *season* is the number of open days in its week; a lag *stands out* where its correlation lies
outside +-1.96 / sqrt(days), the 95 % band of noise. The held-out error is that of the order chosen on all days, fitted anew without the
last 28 open days; what it is compared with is the week before them, repeated.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
import polars.selectors as cs
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.stattools import acf, pacf
from threadpoolctl import threadpool_limits

from learning.demand.aggregates import LOWEST_INDEX, TOTAL, base_demand, node_members
from learning.demand.arima_order import (
    FAILURES,
    SIGNIFICANCE,
    Choice,
    Differences,
    choose_order,
    find_differences,
    forecast_order,
    less_week,
)
from learning.demand.arima_reading import not_diagnosed, reading
from learning.demand.filled import UsualDemand, usual_demand
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.model import DemandModel
from learning.demand.open_days import OpenDays, fill_by_week, open_days
from learning.demand.panel_model import PanelModel

LOOK_BACK_DAYS = 392
HELD_OUT_DAYS = 28
LAGS = 28
LAGS_NAMED = 8
BAND = 1.96
MOST_CATEGORIES, MOST_LOCATIONS = 6, 2  # half a CPU second and more each, and nobody reads twenty
LARGEST_MISSING_SHARE = 0.25
LARGEST_ZERO_SHARE = 0.5
DIAGNOSIS_SCHEMA = {
    "as_of_day": pl.Date,
    "node": pl.String,
    "days": pl.Int64,
    "filled_days": pl.Int64,
    "season_days": pl.Int64,
    "adf_statistic": pl.Float64,
    "adf_p_value": pl.Float64,
    "is_stationary": pl.Boolean,
    "weekly_strength": pl.Float64,
    "acf_lags": pl.String,
    "pacf_lags": pl.String,
    "order_by_aic": pl.String,
    "order_by_bic": pl.String,
    "aic": pl.Float64,
    "bic": pl.Float64,
    "orders_compared": pl.Int64,
    "orders_failed": pl.Int64,
    "ljung_box_lag": pl.Int64,
    "ljung_box_p_value": pl.Float64,
    "residual_sd": pl.Float64,
    "wape_held_out": pl.Float64,
    "wape_held_out_naive": pl.Float64,
    "reading": pl.String,
}


@dataclass(frozen=True)
class Diagnosis:
    """What was found for one series; choice is None where no order converged, the errors where nothing could be held out."""

    differences: Differences
    acf: Floats
    pacf: Floats
    choice: Choice | None
    ljung_box: tuple[int, float] | None
    held_out: tuple[float, float] | None


def arima_diagnosis(model: DemandModel, panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
    """One row per node (DIAGNOSIS_SCHEMA), total first. A series that is too short, constant or mostly zero has a row with the reason.

    aic, bic: of the order that AIC chose. residual_sd: units per day. wape_held_out: sum of absolute errors over sum of units.
    """
    grid = model.grid(panel, as_of_day, 1)
    usual = usual_demand(grid, model.parts.lift, model.settings)
    rows: list[dict[str, object]] = []
    found: dict[bytes, dict[str, object]] = {}
    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and change the last digits
        for node, members in _nodes(grid, model.parts.nodes):
            key = members.tobytes()  # a shop of one category has its series only once
            if key not in found:
                found[key] = diagnose_row(_node_series(grid, usual, members), model.settings.min_shop_days)
            rows.append({"as_of_day": as_of_day, "node": node, **found[key]})
    return pl.DataFrame(rows, schema=DIAGNOSIS_SCHEMA).with_columns(cs.float().fill_nan(None))


def diagnose_panel(model: PanelModel, panel: pl.DataFrame, as_of_day: date) -> pl.DataFrame:
    """The diagnosis of a whole panel; of a panel that is cut into chunks the first one's, which says so in the names of its nodes."""
    if model.only is not None:
        return arima_diagnosis(model.only, panel, as_of_day)
    first, (own,) = next(model.each(panel))
    told = arima_diagnosis(first, own, as_of_day)
    return told.with_columns(node=pl.format("{} (first of {} chunks)", "node", pl.lit(len(model.folders))))


def diagnose(series: OpenDays) -> Diagnosis:
    """The diagnosis of a series that `unfit` has nothing against."""
    filled, season = series.filled, series.season
    differences = find_differences(filled, season)
    one, partial = correlations(np.diff(filled) if differences.regular else filled)
    choice = choose_order(filled, differences, season)
    if choice is None:
        return Diagnosis(differences, one, partial, None, None, None)
    lag = 2 * max(season, 5)
    tested = acorr_ljungbox(choice.by_aic.residuals, [lag], model_df=choice.by_aic.order.coefficients)
    return Diagnosis(differences, one, partial, choice, (lag, float(tested["lb_pvalue"].iloc[0])), _held_out(series, choice))


def correlations(values: Floats) -> tuple[Floats, Floats]:
    """Autocorrelations and partial autocorrelations (Durbin and Levinson's recursion) at lags 1 to 28."""
    lags = min(LAGS, values.size // 2 - 1)
    found = (acf(values, nlags=lags, fft=True), pacf(values, nlags=lags, method="ldbiased"))
    one, partial = (np.asarray(each, dtype=np.float64)[1:] for each in found)
    return one, partial


def standing_out(correlation: Floats, days: int) -> str:
    """The strongest lags outside the band, in their order: "1 (+0.62), 7 (+0.80)"; empty where there is none."""
    out = np.flatnonzero(np.abs(correlation) > BAND / np.sqrt(days))
    named = np.sort(out[np.argsort(-np.abs(correlation[out]), kind="stable")[:LAGS_NAMED]])
    more = f" and {out.size - named.size} weaker" if out.size > named.size else ""
    return ", ".join(f"{lag + 1} ({correlation[lag]:+.2f})" for lag in named.tolist()) + more


def unfit(series: OpenDays, fewest_days: int) -> str | None:
    """Why a series is not diagnosed; None where it can be."""
    days, known = series.values.size, series.values[series.known]
    if not known.size or not (known > 0).any():
        return "nothing was sold"
    if known.size < max(fewest_days, 2 * HELD_OUT_DAYS):
        return f"{known.size} open days are known, {max(fewest_days, 2 * HELD_OUT_DAYS)} are needed"
    if known.size < (1 - LARGEST_MISSING_SHARE) * days:
        return f"{days - known.size} of {days} days are unknown"
    zero = float((known <= 0).mean())
    if zero > LARGEST_ZERO_SHARE:
        return f"nothing was sold on {zero:.0%} of its days, and ARIMA describes a level"
    if float(less_week(series.filled, series.season).std()) <= 1e-6 * float(known.mean()):
        return "every week is the same"
    return None


def _nodes(grid: DemandGrid, nodes: dict[str, str]) -> Iterator[tuple[str, Flags]]:
    """The total, the largest categories by units, then the largest locations where there are several."""
    every = node_members(grid, nodes)
    largest_nodes = sorted((node for node in every if node != TOTAL), key=lambda node: (-float(grid.units[every[node]].sum()), node))
    for node in (TOTAL, *largest_nodes[:MOST_CATEGORIES]):
        yield node, every[node]
    code = grid.codes("location_id")
    sold = np.bincount(code, weights=grid.units.sum(axis=1))
    if sold.size > 1:
        for largest in np.argsort(-sold, kind="stable")[:MOST_LOCATIONS].tolist():
            members = np.asarray(code == largest, dtype=np.bool_)
            yield f"location: {grid.items['location_id'][int(np.argmax(members))]}", members


def _node_series(grid: DemandGrid, usual: UsualDemand, members: Flags) -> OpenDays:
    demand, index = base_demand(usual, members)
    known = (index >= LOWEST_INDEX) & grid.is_open[members].any(axis=0) & np.isfinite(demand)
    known[: int(np.argmax(demand > 0))] = False
    return open_days(demand[-LOOK_BACK_DAYS:], known[-LOOK_BACK_DAYS:])


def diagnose_row(series: OpenDays, fewest_days: int) -> dict[str, object]:
    """DIAGNOSIS_SCHEMA of one series, without day and node; names without a value are left out."""
    days = {"days": series.values.size, "filled_days": int((~series.known).sum()), "season_days": series.season}
    reason = unfit(series, fewest_days)
    if reason is not None:
        return {**days, "reading": not_diagnosed(reason)}
    try:
        with warnings.catch_warnings():  # about starting values and convergence: such orders are counted
            warnings.simplefilter("ignore")
            found = diagnose(series)
    except FAILURES:
        return {**days, "reading": not_diagnosed("its figures allow no test")}
    row: dict[str, object] = {
        **days,
        "adf_statistic": found.differences.adf_statistic,
        "adf_p_value": found.differences.adf_p_value,
        "is_stationary": found.differences.adf_p_value < SIGNIFICANCE,
        "weekly_strength": found.differences.strength,
        "acf_lags": standing_out(found.acf, series.values.size),
        "pacf_lags": standing_out(found.pacf, series.values.size),
    }
    if found.choice is None or found.ljung_box is None:
        return {**row, "reading": not_diagnosed("no order converged")}
    best, (own, naive) = found.choice.by_aic, found.held_out or (None, None)
    return {
        **row,
        "order_by_aic": str(best.order),
        "order_by_bic": str(found.choice.by_bic.order),
        "aic": best.aic,
        "bic": best.bic,
        "orders_compared": found.choice.fitted,
        "orders_failed": found.choice.failed,
        "ljung_box_lag": found.ljung_box[0],
        "ljung_box_p_value": found.ljung_box[1],
        "residual_sd": float(best.residuals.std()),
        "wape_held_out": own,
        "wape_held_out_naive": naive,
        "reading": reading(found.differences, best.order, found.ljung_box[1], found.held_out),
    }


def _held_out(series: OpenDays, choice: Choice) -> tuple[float, float] | None:
    """WAPE of the known ones of the last 28 open days: by the order, and by the week before them, repeated."""
    past, known = fill_by_week(series.values[:-HELD_OUT_DAYS], series.season), series.known[-HELD_OUT_DAYS:]
    came, week = series.values[-HELD_OUT_DAYS:], max(series.season, 1)
    told = float(came[known].sum())
    ahead = forecast_order(past, choice.by_aic.order, HELD_OUT_DAYS)
    if ahead is None or told <= 0:
        return None
    naive = past[-week:][np.arange(HELD_OUT_DAYS) % week]
    errors = [float(np.abs(np.maximum(each, 0.0) - came)[known].sum()) / told for each in (ahead, naive)]
    return errors[0], errors[1]
