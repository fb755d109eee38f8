"""Totals that agree with the sales forecast: what all known customers order and spend together is a share of what the shop will sell.

How many orders (and how much net revenue) of customers known at the start came with one unit sold is measured over the newest windows;
times the units forecast, that is what is expected of all known customers. Single customers keep their order.

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
from learning.customer_value.snapshots import outcomes_after

Floats = NDArray[np.float64]

MIN_FORECAST_HISTORY_DAYS = 365 + 28
_WINDOWS = 3


@dataclass(frozen=True)
class KnownWindow:
    """What customers who had ordered by the day before `first_day` did until `last_day`."""

    first_day: date
    last_day: date
    order_days: int
    net_revenue: float


@dataclass(frozen=True)
class Rescaling:
    """Order days and net revenue expected of all known customers; what they rest on stands in `to`."""

    to: str
    order_days: float | None = None
    net_revenue: float | None = None


NOT_RESCALED = Rescaling("nothing")


def known_windows(order_days: pl.DataFrame, day: date, days: int, step: int) -> tuple[KnownWindow, ...]:
    """Return the newest three windows of `days` days that end by `day`, `step` days apart, newest first; fewer with a short history."""
    first = order_days.filter(pl.col("orders") > 0).group_by("customer_key").agg(pl.col("business_day").min().alias("first_order_day"))
    begin = first["first_order_day"].min()
    windows: list[KnownWindow] = []
    for number in range(_WINDOWS):
        start = day - timedelta(days=days + number * step)
        if not isinstance(begin, date) or begin > start:
            break
        known = first.filter(pl.col("first_order_day") <= start)["customer_key"].sort()
        came = outcomes_after(order_days, known, start, days)
        last_day = start + timedelta(days=days)
        windows.append(
            KnownWindow(start + timedelta(days=1), last_day, int(came["order_days_after"].sum()), float(came["net_revenue_after"].sum()))
        )
    return tuple(windows)


def rescaling_to(
    order_windows: Sequence[KnownWindow],
    value_windows: Sequence[KnownWindow],
    units_daily: pl.DataFrame,
    forecast_daily: pl.DataFrame,
    settings: OutlookSettings,
) -> Rescaling:
    """Return the totals that the forecast stands for, or `NOT_RESCALED` where there is none to rely on.

    units_daily (business_day, units): units sold as known on the day. forecast_daily (business_day, forecast_units): of the days after.
    The forecast's mean day stands for every day of the value horizon beyond it.
    """
    ahead = forecast_daily.sort("business_day")["forecast_units"].drop_nulls()
    sold = units_daily.filter(pl.col("units") > 0)["business_day"]
    first, last = sold.min(), sold.max()
    if not isinstance(first, date) or not isinstance(last, date) or first + timedelta(days=MIN_FORECAST_HISTORY_DAYS) > last:
        return NOT_RESCALED
    if len(ahead) < settings.horizon_days or not order_windows or not value_windows:
        return NOT_RESCALED
    coming = float(ahead.head(settings.horizon_days).sum())
    value_coming = float(ahead.head(settings.value_days).sum()) / min(len(ahead), settings.value_days) * settings.value_days
    orders_per_unit = _per_unit([float(window.order_days) for window in order_windows], order_windows, units_daily)
    net_per_unit = _per_unit([window.net_revenue for window in value_windows], value_windows, units_daily)
    if orders_per_unit is None or net_per_unit is None or min(coming, orders_per_unit, net_per_unit) <= 0:
        return NOT_RESCALED
    return Rescaling("sales_forecast", coming * orders_per_unit, value_coming * net_per_unit)


def shift_to_orders(chance: Floats, orders_per_buyer: Floats, total: float, settings: OutlookSettings) -> tuple[Floats, float]:
    """Return chances moved together in log odds until the expected orders reach `total`, and the factor by which the orders changed.

    The factor is cut at the settings' bounds.
    """
    from scipy.optimize import root_scalar

    before = float(chance @ orders_per_buyer)
    if before <= 0:
        return chance, 1.0
    factor = float(np.clip(total / before, *settings.factor_bounds))
    most = float(orders_per_buyer.sum())
    wanted = min(factor * before, 0.999 * most)
    odds = log_odds(chance)
    found = root_scalar(lambda by: float(chance_of(odds + by) @ orders_per_buyer) - wanted, bracket=(-30.0, 30.0), method="brentq")
    shift = float(found.root)
    moved = chance_of(odds + shift)
    return moved, float(moved @ orders_per_buyer) / before


def _per_unit(came: Sequence[float], windows: Sequence[KnownWindow], units_daily: pl.DataFrame) -> float | None:
    day = pl.col("business_day")
    units = [float(units_daily.filter(day.is_between(each.first_day, each.last_day))["units"].sum()) for each in windows]
    return sum(came) / sum(units) if sum(units) > 0 else None
