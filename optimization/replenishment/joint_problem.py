"""One day's purchase orders as one problem: choose one order size per item, all suppliers and limits at once.

Terms
-----
size      column k of `units`; size 0 is always "order nothing"
room      a joint limit: room 0 is the purchase budget (money), then come warehouses (cubic metres), then budgets of categories (money)
binding supplier   one with a minimum order value or a fixed cost: it is either used (minimum met, fixed cost paid) or not at all

Public: `JointProblem`, `ordered`, `used_room`, `supplier_values`, `total_cost`, `is_feasible`.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
TOLERANCE = 1e-9


@dataclass(frozen=True)
class JointProblem:
    """Items x sizes: `units` and expected `cost` (`units` 0 and `cost` infinite where a size does not exist); per item cost, volume,
    supplier, warehouse and category.

    `place` is the warehouse's position among the rooms after the budget, -1 where it has no limit. `room` holds the budget (infinite where
    there is none), then what is left in each warehouse, then `category_count` budgets of categories; `category` is an item's position among
    those, -1 (or no array at all) where its category has no budget of its own. Supplier arrays are indexed by `supplier`. `price_step` is
    how far each room is moved to see what it is worth on either side; None = prices are taken at the room as it is.
    """

    units: Floats
    cost: Floats
    unit_cost: Floats
    unit_volume: Floats
    supplier: Integers
    place: Integers
    minimum: Floats
    fixed: Floats
    room: Floats
    category: Integers | None = None
    category_count: int = 0
    price_step: Floats | None = None

    @property
    def binding(self) -> Flags:
        """Per supplier: True where it has a minimum order value or a fixed cost."""
        return (self.minimum > 0) | (self.fixed > 0)

    @property
    def value(self) -> Floats:
        """Money per item and size."""
        return self.units * self.unit_cost[:, None]

    @property
    def room_use(self) -> tuple[tuple[Integers, Floats], ...]:
        """What one unit takes: per kind of room the room of each item (-1 = none) and the amount per unit."""
        everywhere = np.zeros(len(self.unit_cost), dtype=np.int64)
        first_category = len(self.room) - self.category_count
        category = np.full(len(self.unit_cost), -1, dtype=np.int64) if self.category is None else self.category
        return (
            (everywhere, self.unit_cost),
            (np.where(self.place >= 0, self.place + 1, -1), self.unit_volume),
            (np.where(category >= 0, category + first_category, -1), self.unit_cost),
        )

    def without_room_limits(self) -> "JointProblem":
        """Return the problem with suppliers' terms only."""
        return replace(self, room=np.full_like(self.room, np.inf))

    def unit_price(self, prices: Floats) -> Floats:
        """Return what one unit of each item costs extra under the rooms' prices."""
        return sum((np.where(room >= 0, prices[room], 0.0) * amount for room, amount in self.room_use), np.zeros(len(self.unit_cost)))


def ordered(problem: JointProblem, picks: Floats | Integers) -> Floats:
    """Return the units per item of the picked sizes."""
    return problem.units[np.arange(len(picks)), picks.astype(np.int64)]


def used_room(problem: JointProblem, units: Floats) -> Floats:
    """Return how much of each room an order uses: money, then cubic metres per warehouse, then money per category."""
    used = np.zeros(len(problem.room))
    for room, amount in problem.room_use:
        inside = room >= 0
        used += np.bincount(room[inside], weights=(units * amount)[inside], minlength=len(problem.room))
    return used


def supplier_values(problem: JointProblem, units: Floats) -> Floats:
    """Return the value of the order at each supplier."""
    return np.bincount(problem.supplier, weights=units * problem.unit_cost, minlength=len(problem.minimum)).astype(np.float64)


def total_cost(problem: JointProblem, picks: Integers) -> float:
    """Return the expected cost of a plan, fixed costs of the suppliers used included."""
    used = supplier_values(problem, ordered(problem, picks)) > 0
    return float(problem.cost[np.arange(len(picks)), picks].sum() + problem.fixed[used].sum())


def room_slack(problem: JointProblem) -> Floats:
    """Return by how much each room may be overfull through rounding alone."""
    return np.maximum(np.where(np.isinf(problem.room), 1, np.abs(problem.room)), 1) * TOLERANCE


def is_feasible(problem: JointProblem, picks: Integers) -> bool:
    """Return True where a plan keeps every room and every used supplier's minimum."""
    units = ordered(problem, picks)
    values = supplier_values(problem, units)
    return bool(
        (used_room(problem, units) <= problem.room + room_slack(problem)).all()
        and ((values == 0) | (values >= problem.minimum - np.maximum(problem.minimum, 1) * TOLERANCE)).all()
    )
