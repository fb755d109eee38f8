"""Levels by exponential smoothing, for all items at once: simple smoothing, Croston's method in two forms.

Decides one number per item: the demand of a usual coming day. What goes in is base demand (weekday and promotion divided out); days that
are not known (stock-outs, closed, before the first sale) leave every state as it is. The weight of the newest day is chosen per item from a
short list, by the squared error of the forecasts one day ahead: one number from the whole history, not a model from a few windows.

Terms: *size* is the demand of a day on which there was any, *interval* the number of known days from one such day to the next. Sources:
Croston (1972); Syntetos and Boylan (2005) for the correction 1 - weight/2 (SBA); Teunter, Syntetos and Babai (2011) for TSB, which lowers
the probability of demand on every day without and so forgets what is no longer asked for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.demand.grid import Flags, Floats

WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.3)
BURN_IN_DAYS = 14  # forecasts of an item's first known days judge no weight
START_DAYS = 28  # the first level is the mean of so many known days


@dataclass(frozen=True)
class Smoothed:
    """Per item: level (units per usual day; 0 where nothing is known) and the weight it was found with."""

    level: Floats
    weight: Floats


def exponential_smoothing(demand: Floats, known: Flags, weights: tuple[float, ...] = WEIGHTS) -> Smoothed:
    """Simple exponential smoothing of `demand` (items x days)."""
    weight = _checked(demand, known, weights)
    level = np.repeat(_first_levels(demand, known)[:, None], weight.size, axis=1)
    judge = _Judge(level.shape)
    for day in range(demand.shape[1]):
        told, here = demand[:, day, None], known[:, day, None]
        judge.see(told - level, here)
        level += weight * (told - level) * here
    return judge.best(level, weight)


def croston_sba(demand: Floats, known: Flags, weights: tuple[float, ...] = WEIGHTS) -> Smoothed:
    """Croston's method with the correction of Syntetos and Boylan: smoothed size over smoothed interval, both moved by demand only."""
    weight = _checked(demand, known, weights)
    size, interval = _first_sizes(demand, known, weight.size)
    waited = np.ones((demand.shape[0], 1))
    judge = _Judge(size.shape)
    for day in range(demand.shape[1]):
        told, here = demand[:, day, None], known[:, day, None]
        judge.see(told - (1 - weight / 2) * size / interval, here)
        sold = here & (told > 0)
        size += weight * (told - size) * sold
        interval += weight * (waited - interval) * sold
        waited = np.where(sold, 1.0, waited + here)
    return judge.best((1 - weight / 2) * size / interval, weight)


def tsb(demand: Floats, known: Flags, weights: tuple[float, ...] = WEIGHTS) -> Smoothed:
    """The method of Teunter, Syntetos and Babai: smoothed probability of demand, moved on every known day, times smoothed size."""
    weight = _checked(demand, known, weights)
    size, interval = _first_sizes(demand, known, weight.size)
    chance = 1.0 / interval
    judge = _Judge(size.shape)
    for day in range(demand.shape[1]):
        told, here = demand[:, day, None], known[:, day, None]
        judge.see(told - chance * size, here)
        sold = here & (told > 0)
        size += weight * (told - size) * sold
        chance += weight * (sold - chance) * here
    return judge.best(chance * size, weight)


def running_means(values: Floats, counted: Flags, weights: tuple[float, ...]) -> NDArray[np.float32]:
    """Weights x days x items: exponentially weighted mean of the counted values as it stands at the end of each day; nan before the first.

    The first values weigh as in a plain mean, until the newest weighs no more than `weight`.
    """
    weight = np.array(weights)[:, None]
    level, seen = np.zeros((weight.size, values.shape[0])), np.zeros(values.shape[0])
    found = np.full((weight.size, values.shape[1], values.shape[0]), np.nan, dtype=np.float32)
    for day in range(values.shape[1]):
        here = counted[:, day]
        seen += here
        level += np.maximum(weight, 1.0 / np.maximum(seen, 1.0)) * here * (values[:, day] - level)
        found[:, day] = np.where(seen > 0, level, np.nan)
    return found


class _Judge:
    """Squared errors of the forecasts one day ahead, per item and weight, after the first known days."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.error, self.seen = np.zeros(shape), np.zeros((shape[0], 1))

    def see(self, error: Floats, here: Flags) -> None:
        """One day's errors (items x weights); `here` is items x 1."""
        self.error += error**2 * (here & (self.seen >= BURN_IN_DAYS))
        self.seen += here

    def best(self, level: Floats, weight: Floats) -> Smoothed:
        """The level of the weight with the least error; the smallest weight among equals."""
        chosen = self.error.argmin(axis=1)
        return Smoothed(np.take_along_axis(level, chosen[:, None], axis=1)[:, 0], weight[chosen])


def _checked(demand: Floats, known: Flags, weights: tuple[float, ...]) -> Floats:
    if demand.shape != known.shape:
        raise ValueError(f"Expected demand and known days of one shape; got {demand.shape} and {known.shape}.")
    if not np.isfinite(demand).all() or (demand < 0).any():
        raise ValueError("Expected demand to be finite and at least 0.")
    if not weights or not all(0.0 < weight <= 1.0 for weight in weights):
        raise ValueError(f"Expected weights in (0, 1]; got {weights}.")
    return np.array(sorted(weights))


def _first_levels(demand: Floats, known: Flags) -> Floats:
    """Mean of each item's first known days."""
    early = known & (known.cumsum(axis=1) <= START_DAYS)
    return np.where(early, demand, 0.0).sum(axis=1) / np.maximum(early.sum(axis=1), 1)


def _first_sizes(demand: Floats, known: Flags, weights: int) -> tuple[Floats, Floats]:
    """Items x weights: mean size and mean interval of the first known days; size 0 and the longest interval where nothing was sold."""
    early = known & (known.cumsum(axis=1) <= START_DAYS)
    sold = early & (demand > 0)
    days, sales = early.sum(axis=1), sold.sum(axis=1)
    size = np.where(sold, demand, 0.0).sum(axis=1) / np.maximum(sales, 1)
    interval = np.maximum(days, 1) / np.maximum(sales, 1)
    return np.repeat(size[:, None], weights, axis=1), np.repeat(interval[:, None], weights, axis=1)
