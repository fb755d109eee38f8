"""Totals that agree with the sales forecast: what all known customers order and spend together follows from what the shop will sell.

Buyers, orders and net revenue of customers known at the start of a window rise with the units sold in it, but less than in proportion:
before Christmas baskets grow as well. How much less (an elasticity between 0 and 1) is learned from the changes between the windows of
the last year; the newest windows give the level. Single customers keep their order.

A forecast that has not seen the coming season is not rescaled to (`MIN_FORECAST_HISTORY_DAYS`): what it adds is noise.

Public: `KnownWindow`, `known_windows`, `Rescaling`, `rescaling_to`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.members import chance_of, log_odds
from learning.customer_value.settings import OutlookSettings

Floats = NDArray[np.float64]

MIN_FORECAST_HISTORY_DAYS = 365 + 28
WINDOWS = 13
_LEVEL_WINDOWS = 3
_LAST_YEAR_DAYS = 364  # the same weekday
_PRIOR_CHANGES = 0.05  # squared log changes of units at which the data weigh as much as the prior of proportion


@dataclass(frozen=True)
class KnownWindow:
    """What customers who had ordered by the day before `first_day` did until `last_day`."""

    first_day: date
    last_day: date
    buyers: int
    order_days: int
    net_revenue: float


@dataclass(frozen=True)
class Rescaling:
    """Buyers and order days within the horizon and net revenue within the value horizon, expected of all known customers; what they rest on
    stands in `to`."""

    to: str
    buyers: float | None = None
    order_days: float | None = None
    net_revenue: float | None = None


NOT_RESCALED = Rescaling("nothing")


def known_windows(order_days: pl.DataFrame, day: date, days: int, step: int) -> tuple[KnownWindow, ...]:
    """Return the windows of `days` days that end by `day`, `step` days apart, newest first, at most `WINDOWS`; fewer with a short
    history."""
    business_day = pl.col("business_day")
    first_order = business_day.filter(pl.col("orders") > 0).min().over("customer_key")
    dated = order_days.select("customer_key", "business_day", "orders", "net_revenue", first_order_day=first_order)
    begin = dated["first_order_day"].min()
    windows: list[KnownWindow] = []
    for number in range(WINDOWS):
        start = day - timedelta(days=days + number * step)
        if not isinstance(begin, date) or begin > start:
            break
        first_day, last_day = start + timedelta(days=1), start + timedelta(days=days)
        of_known = dated.filter(business_day.is_between(first_day, last_day) & (pl.col("first_order_day") <= start))
        bought = of_known.filter(pl.col("orders") > 0)
        buyers = bought["customer_key"].n_unique()
        windows.append(KnownWindow(first_day, last_day, buyers, bought.height, float(of_known["net_revenue"].sum())))
    return tuple(windows)


def rescaling_to(
    order_windows: Sequence[KnownWindow],
    value_windows: Sequence[KnownWindow],
    units_daily: pl.DataFrame,
    forecast_daily: pl.DataFrame,
    settings: OutlookSettings,
) -> Rescaling:
    """Return the totals that the forecast stands for, or `NOT_RESCALED` where there is none to rely on.

    order_windows, value_windows: of the two horizons, as of `known_windows`. units_daily (business_day, units): units sold as known on
    the day. forecast_daily (business_day, forecast_units): of the days after. Days of the value horizon beyond the forecast sell what
    they sold 364 days earlier, times what the forecast is above its own days of then.
    """
    ahead = forecast_daily.drop_nulls().sort("business_day").head(settings.value_days)
    sold = units_daily.filter(pl.col("units") > 0)["business_day"]
    first, last = sold.min(), sold.max()
    if not isinstance(first, date) or not isinstance(last, date) or first + timedelta(days=MIN_FORECAST_HISTORY_DAYS) > last:
        return NOT_RESCALED
    if ahead.height < settings.horizon_days:
        return NOT_RESCALED
    coming = float(ahead["forecast_units"].head(settings.horizon_days).sum())
    value_coming = _carried_on(ahead, units_daily, settings.value_days)
    buyers = _following([float(window.buyers) for window in order_windows], order_windows, units_daily, coming)
    orders = _following([float(window.order_days) for window in order_windows], order_windows, units_daily, coming)
    net = _following([window.net_revenue for window in value_windows], value_windows, units_daily, value_coming)
    return NOT_RESCALED if buyers is None or orders is None or net is None else Rescaling("sales_forecast", buyers, orders, net)


def agreed_total(own: float, forecast: float, trust: float, settings: OutlookSettings) -> float:
    """Between the models' own total and the forecast's, on the logarithmic scale; the factor on the own one is cut at the settings'
    bounds."""
    if own <= 0 or forecast <= 0:
        return own
    low, high = settings.factor_bounds
    return own * min(max((forecast / own) ** trust, low), high)


def shift_to(chance: Floats, total: float) -> Floats:
    """Return chances moved together in log odds until they add up to `total` (at most 99.9 % of the customers)."""
    from scipy.optimize import root_scalar

    odds, wanted = log_odds(chance), min(total, 0.999 * len(chance))
    if wanted <= 0:
        return chance
    found = root_scalar(lambda by: float(chance_of(odds + by).sum()) - wanted, bracket=(-30.0, 30.0), method="brentq")
    return chance_of(odds + float(found.root))


def elasticity(came: Sequence[float], units: Sequence[float]) -> float:
    """How much of a relative change of units is followed, from windows newest first; 1 (proportion) without any change to learn from."""
    moved, sold = (np.diff(np.log(np.array(numbers))) for numbers in (came, units))
    return float(np.clip((moved @ sold + _PRIOR_CHANGES) / (sold @ sold + _PRIOR_CHANGES), 0.0, 1.0))


def _carried_on(ahead: pl.DataFrame, units_daily: pl.DataFrame, days: int) -> float:
    """Units of the first `days` days of the forecast, whose missing days follow last year's."""
    first = ahead["business_day"].min()
    assert isinstance(first, date)
    told = float(ahead["forecast_units"].sum())
    if ahead.height >= days:
        return told
    then = units_daily.with_columns(business_day=pl.col("business_day") + timedelta(days=_LAST_YEAR_DAYS))
    within = then.filter(pl.col("business_day").is_between(first, first + timedelta(days=days - 1)))
    same = float(within.join(ahead, on="business_day", how="semi")["units"].sum())
    beyond = float(within.join(ahead, on="business_day", how="anti")["units"].sum())
    return told * (1.0 + beyond / same) if same > 0 else told / ahead.height * days


def _following(came: Sequence[float], windows: Sequence[KnownWindow], units_daily: pl.DataFrame, coming: float) -> float | None:
    """What comes of known customers with so many units sold; None without a window in which something was sold and came."""
    day = pl.col("business_day")
    units = [float(units_daily.filter(day.is_between(each.first_day, each.last_day))["units"].sum()) for each in windows]
    usable = [(each, sold) for each, sold in zip(came, units, strict=True) if min(each, sold) > 0]
    if not usable or coming <= 0:
        return None
    followed = elasticity([each for each, _ in usable], [sold for _, sold in usable])
    level = float(np.mean([np.log(each) - followed * np.log(sold) for each, sold in usable[:_LEVEL_WINDOWS]]))
    return float(np.exp(level + followed * np.log(coming)))
