"""The newsvendor: one order before demand is known, units left cost `overage`, units short cost `shortage`.

The best order is the smallest quantity that demand stays at or below with at least the chance shortage / (shortage + overage), the critical
fractile. Source: Arrow, Harris and Marschak (1951); Snyder and Shen, Fundamentals of Supply Chain Theory, section 4.3.

Public: `Newsvendor`, `critical_fractile`, `poisson_newsvendor`, `discrete_newsvendor`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # a sum of chances that misses the fractile by less has reached it


@dataclass(frozen=True)
class Newsvendor:
    """Per item: the best order in units, and its expected cost (overage x units left + shortage x units short)."""

    units: Floats
    cost: Floats


def critical_fractile(overage: ArrayLike, shortage: ArrayLike) -> Floats:
    """Return shortage / (shortage + overage) per item; raises ValueError where a cost is negative or both are 0."""
    over, short = np.atleast_1d(np.asarray(overage, dtype=np.float64)), np.atleast_1d(np.asarray(shortage, dtype=np.float64))
    if not ((over >= 0).all() and (short >= 0).all() and (over + short > 0).all()):
        raise ValueError("Expected overage and shortage of 0 or more, not both 0.")
    return short / (short + over)


def poisson_newsvendor(mean: ArrayLike, overage: ArrayLike, shortage: ArrayLike) -> Newsvendor:
    """Return the best order per item where demand is Poisson with `mean` units; overage must be above 0 (no end of stock otherwise)."""
    from scipy.stats import poisson

    means = np.atleast_1d(np.asarray(mean, dtype=np.float64))
    if not (np.isfinite(means).all() and (means >= 0).all()):
        raise ValueError("Expected mean of 0 or more and finite.")
    fractile = critical_fractile(overage, shortage)
    if not (fractile < 1).all():
        raise ValueError("Expected overage above 0: without it no order is too large.")
    units = np.maximum(poisson.ppf(fractile, means), 0.0)
    return Newsvendor(units, poisson_cost(units, means, overage, shortage))


def poisson_cost(units: Floats, mean: ArrayLike, overage: ArrayLike, shortage: ArrayLike) -> Floats:
    """Return the expected cost of ordering whole `units` (below 0: a backlog) against Poisson demand; all arguments broadcast."""
    from scipy.stats import poisson

    means, over, short = (np.asarray(one, dtype=np.float64) for one in (mean, overage, shortage))
    left = np.where(units > 0, units * poisson.cdf(units, means) - means * poisson.cdf(units - 1, means), 0.0)
    return np.asarray(over * left + short * (means - units + left), dtype=np.float64)


def discrete_newsvendor(demand: Floats, chance: Floats, overage: ArrayLike, shortage: ArrayLike) -> Newsvendor:
    """Return the best order per item for demand given as values and chances (both items x values, values ascending in each row).

    The order is one of the values of demand, where a best one always lies. Raises ValueError where values fall or chances miss a sum of 1.
    """
    demand, chance = np.atleast_2d(np.asarray(demand, dtype=np.float64)), np.atleast_2d(np.asarray(chance, dtype=np.float64))
    if demand.shape != chance.shape:
        raise ValueError("Expected demand and chance of the same shape.")
    if (np.diff(demand, axis=1) < 0).any() or (chance < 0).any() or not np.allclose(chance.sum(axis=1), 1.0, rtol=0, atol=1e-9):
        raise ValueError("Expected ascending demand and chances of 0 or more that add up to 1.")
    fractile = critical_fractile(overage, shortage)
    reached = np.cumsum(chance, axis=1) >= fractile[:, None] - _ROUNDING
    reached[:, -1] = True  # the chances add up to 1 but for rounding
    column = reached.argmax(axis=1)
    units = demand[np.arange(len(demand)), column]
    gap = units[:, None] - demand
    over, short = np.asarray(overage, dtype=np.float64), np.asarray(shortage, dtype=np.float64)
    left, missing = (chance * np.maximum(gap, 0)).sum(axis=1), (chance * np.maximum(-gap, 0)).sum(axis=1)
    return Newsvendor(units, over * left + short * missing)
