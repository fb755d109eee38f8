"""How demand differs by weekday: factors around 1 per item, shrunk to its category, its location and the shop."""

import numpy as np

from learning.demand.grid import Codes, DemandGrid, Floats
from learning.demand.windows import Windows

WEEKDAY_EVIDENCE_UNITS = 150.0


def weekday_pattern(base: Windows, origin: int, grid: DemandGrid, weeks: int) -> Floats:
    """Items x 7 factors around 1 by distance to the origin's weekday (0 today, 1 tomorrow).

    Shrunk in steps: shop, location, location x category, item; each step weighs its own units / (units + evidence).
    """
    sums, counts = base.weekday_totals(origin, weeks)
    location, category = grid.codes("location_id"), grid.codes("category")
    groups = (np.zeros_like(location), location, location * (int(category.max()) + 1) + category, np.arange(location.size))
    pattern = np.ones_like(sums)
    for group in groups:
        group_sums = np.stack([spread_by(group, sums[:, column]) for column in range(7)], axis=1)
        group_counts = np.stack([spread_by(group, counts[:, column]) for column in range(7)], axis=1)
        units = group_sums.sum(axis=1, keepdims=True)
        mean = units / np.maximum(group_counts.sum(axis=1, keepdims=True), 1.0)
        daily = np.divide(group_sums, group_counts * mean, out=pattern.copy(), where=group_counts * mean > 0)
        weight = units / (units + WEEKDAY_EVIDENCE_UNITS)
        pattern = weight * daily + (1 - weight) * pattern
    return pattern


def spread_by(group: Codes, values: Floats) -> Floats:
    """Per entry the sum of the values of its group."""
    return sum_by(group, values)[group]


def sum_by(group: Codes, values: Floats, groups: int = 0) -> Floats:
    """Per group the sum of its values."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64)


def sums_by_day(group: Codes, values: Floats) -> Floats:
    """Groups x days: per day the sums over the items (items x days) of each group."""
    summed = np.zeros((int(group.max()) + 1, values.shape[1]))
    np.add.at(summed, group, values)
    return summed
