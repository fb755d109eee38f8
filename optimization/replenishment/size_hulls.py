"""The lower hull of every item's cost curve: all that prices can ever make an item choose.

Prices on rooms and on minimum order values are linear in units, so under any prices an item takes a corner of the lower hull of its curve
(units, expected cost). A segment between two corners is taken as soon as one unit is worth more than the segment's slope; slopes rise
along a hull, so segments are taken in order. Hulls are found once and answer every set of prices.

Public: `SizeHulls`, `size_hulls`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.replenishment.joint_problem import Floats, Integers, JointProblem


@dataclass(frozen=True)
class SizeHulls:
    """first: each item's first corner (a size). corners: its corners in order (items x at most sizes, filled with the last).

    Per segment, by item and then along the hull: item, supplier, units gained, cost gained per unit (slope), value gained (money).
    """

    first: Integers
    corners: NDArray[np.int16]
    item: Integers
    supplier: Integers
    units: Floats
    slope: Floats
    value: Floats

    def picks(self, segments_taken: Integers) -> Integers:
        """Return the size of each item that takes its first so many segments."""
        return self.corners[np.arange(len(self.first)), segments_taken].astype(np.int64)


def size_hulls(problem: JointProblem) -> SizeHulls:
    """Return the hulls of a problem whose sizes rise along each row; segments that no price can make useful are left out."""
    corners, last = _corners(problem.units, problem.cost)
    items, width = corners.shape
    position = np.arange(width)[None, :]
    filled = np.where(position <= last[:, None], corners, corners[np.arange(items), np.maximum(last, 0)][:, None])
    item, step = np.nonzero(position[:, :-1] < last[:, None])
    left, right = corners[item, step], corners[item, step + 1]
    units = problem.units[item, right] - problem.units[item, left]
    slope = (problem.cost[item, right] - problem.cost[item, left]) / units
    useful = (slope < 0) | problem.binding[problem.supplier[item]]  # only a minimum order value makes one buy at a loss
    item, units, slope = item[useful], units[useful], slope[useful]
    return SizeHulls(filled[:, 0].astype(np.int64), filled, item, problem.supplier[item], units, slope, units * problem.unit_cost[item])


def _corners(units: Floats, cost: Floats) -> tuple[NDArray[np.int16], Integers]:
    """Return each row's corners and the position of its last one: Andrew's monotone chain, one column of all rows at a time."""
    items, sizes = units.shape
    corners = np.zeros((items, sizes), dtype=np.int16)
    last = np.full(items, -1, dtype=np.int64)
    for size in range(sizes):
        exists = np.flatnonzero(np.isfinite(cost[:, size]))
        rows = exists
        while len(rows := rows[last[rows] >= 1]):
            before, top = corners[rows, last[rows] - 1], corners[rows, last[rows]]
            rise, run = cost[rows, top] - cost[rows, before], units[rows, top] - units[rows, before]
            further, width = cost[rows, size] - cost[rows, top], units[rows, size] - units[rows, top]
            rows = rows[rise * width >= further * run]
            last[rows] -= 1
        last[exists] += 1
        corners[exists, last[exists]] = size
    return corners, last
