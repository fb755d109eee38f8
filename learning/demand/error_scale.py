"""By what errors of different items are made comparable: the M5 competition's scale and weight (see `scores.py`)."""

import numpy as np

from learning.demand.grid import DemandGrid, Flags, Floats

REVENUE_DAYS = 28


def naive_error(history: Floats, known: Flags) -> Floats:
    """Per series (series x days) the mean squared error of the one-day naive forecast over its known days; nan where there is none."""
    counted = known[:, 1:] & known[:, :-1]
    squares = np.where(counted, np.diff(history, axis=1) ** 2, 0.0).sum(axis=1)
    days = counted.sum(axis=1)
    return np.divide(squares, days, out=np.full(days.shape, np.nan), where=days > 0)


def recent_revenue(past: DemandGrid) -> Floats:
    """Per item the net revenue of the last four weeks; an item without a price counts at the mean price, a shop without prices by units."""
    price = np.nan_to_num(past.price[:, -1])
    price = np.where(price > 0, price, price[price > 0].mean() if (price > 0).any() else 1.0)
    return past.units[:, -REVENUE_DAYS:].sum(axis=1) * price
