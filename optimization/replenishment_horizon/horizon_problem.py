"""Purchase orders over several periods as one problem in arrays: items x periods, suppliers, budgets and warehouses.

Terms
-----
order period, arrival period   an order of period t arrives at the start of period t + lead; what would arrive after the last is not ordered
stock        what lies there after a period's receipts and arrivals; `end stock` is what is left after its demand
room         a joint limit of one period: first the budget of each period, then category x period (both money, charged when ordered), then
             warehouse x period (cubic metres of stock)
terms        a supplier's minimum order value and fixed cost; a supplier without either is plain

The problem, exactly: minimise holding + lost sales + missing safety stock + order lines + suppliers' fixed costs, where orders are whole
packs, none or at least the MOQ, only in order periods of the supplier, where a period's orders at a supplier are worth nothing or
its minimum, where no room is exceeded, and where stock is at most `most_stock` in periods in which an order arrives. Demand that
stock cannot serve is lost, and stock is never held back from demand.

Public: `HorizonProblem`, `Floats`, `Integers`, `Flags`.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
TOLERANCE = 1e-9
_JOINT = ("may_order", "minimum", "fixed", "budget", "category_budget", "volume")


@dataclass(frozen=True)
class HorizonProblem:
    """Items x periods: demand, receipts, most_stock (units, whole). Items: on_hand, pack, moq_packs (at least 1), lead (periods), safety
    (units) and safety_penalty (money per unit short and period), holding (money per unit of end stock), lost_cost (per unit), line_cost,
    unit_cost, unit_volume, supplier, place and category (positions, -1 = without limit).

    Suppliers: may_order (suppliers x periods), minimum and fixed (money per period with an order). budget (periods), category_budget
    (categories x periods), volume (places x periods): infinite where there is no limit.
    """

    demand: Integers
    receipts: Integers
    most_stock: Integers
    on_hand: Integers
    pack: Integers
    moq_packs: Integers
    lead: Integers
    safety: Integers
    safety_penalty: Floats
    holding: Floats
    lost_cost: Floats
    line_cost: Floats
    unit_cost: Floats
    unit_volume: Floats
    supplier: Integers
    place: Integers
    category: Integers
    may_order: Flags
    minimum: Floats
    fixed: Floats
    budget: Floats
    category_budget: Floats
    volume: Floats

    def __post_init__(self) -> None:
        """Refuse arrays that contradict each other."""
        items, periods = self.demand.shape
        if self.receipts.shape != (items, periods) or self.most_stock.shape != (items, periods):
            raise ValueError("Expected demand, receipts and most_stock of one shape, items x periods.")
        if self.may_order.shape != (len(self.minimum), periods) or self.budget.shape != (periods,):
            raise ValueError("Expected may_order of suppliers x periods and one budget per period.")
        if self.category_budget.shape[1:] != (periods,) or self.volume.shape[1:] != (periods,):
            raise ValueError("Expected category_budget and volume with one column per period.")
        if periods > 60:
            raise ValueError(f"Expected at most 60 periods, got {periods}.")
        for name in ("demand", "receipts", "on_hand", "lead", "safety", "safety_penalty", "holding", "lost_cost", "line_cost"):
            if len(getattr(self, name)) and getattr(self, name).min() < 0:
                raise ValueError(f"Expected {name} of 0 or more.")
        for name in ("pack", "moq_packs"):
            if items and getattr(self, name).min() < 1:
                raise ValueError(f"Expected {name} of 1 or more.")

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.on_hand)

    @property
    def periods(self) -> int:
        """Number of periods."""
        return self.demand.shape[1]

    @cached_property
    def has_terms(self) -> Flags:
        """Per supplier: True where it has a minimum order value or a fixed cost."""
        return (self.minimum > 0) | (self.fixed > 0)

    @cached_property
    def room(self) -> Floats:
        """All joint limits in one vector: budgets, category budgets, volumes."""
        return np.concatenate([self.budget, self.category_budget.ravel(), self.volume.ravel()])

    @cached_property
    def may_arrive(self) -> Flags:
        """Items x periods: True where an order could arrive (its order period is one of the supplier's)."""
        period = np.arange(self.periods)[None, :] - self.lead[:, None]
        return (period >= 0) & self.may_order[self.supplier[:, None], np.maximum(period, 0)]

    @cached_property
    def base(self) -> Integers:
        """Items x periods: stock in a period less what was ordered and lost before it (may be negative)."""
        before = np.cumsum(self.demand, axis=1) - self.demand
        return self.on_hand[:, None] + np.cumsum(self.receipts, axis=1) - before

    def with_room(self, room: Floats) -> "HorizonProblem":
        """Return the problem with other joint limits, in the order of `room`."""
        first, second = self.periods, self.periods * (1 + len(self.category_budget))
        return replace(
            self,
            budget=room[:first],
            category_budget=room[first:second].reshape(self.category_budget.shape),
            volume=room[second:].reshape(self.volume.shape),
        )

    def part(self, rows: Integers) -> "HorizonProblem":
        """Return the problem of some items; suppliers and joint limits stay as they are."""
        names = [name for name in self.__dataclass_fields__ if name not in _JOINT]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    def money_prices(self, prices: Floats) -> Floats:
        """Return items x order periods: what one unit of money ordered costs extra under the rooms' prices."""
        periods = self.periods
        categories = len(self.category_budget)
        table = np.zeros((categories + 1, periods))
        table[:categories] = prices[periods : periods * (1 + categories)].reshape(categories, periods)
        return prices[:periods][None, :] + table[self.category]

    def volume_prices(self, prices: Floats) -> Floats:
        """Return items x periods: what one cubic metre of stock costs extra under the rooms' prices."""
        places = len(self.volume)
        table = np.zeros((places + 1, self.periods))
        table[:places] = prices[self.periods * (1 + len(self.category_budget)) :].reshape(places, self.periods)
        return table[self.place]

    def at_arrival(self, by_order_period: Floats) -> Floats:
        """Return items x arrival periods from items x order periods (0 where no order could arrive)."""
        period = np.arange(self.periods)[None, :] - self.lead[:, None]
        moved = np.take_along_axis(by_order_period, np.clip(period, 0, self.periods - 1), axis=1)
        return np.where(period >= 0, moved, 0)

    def at_order(self, by_arrival_period: Floats) -> Floats:
        """Return items x order periods from items x arrival periods (0 where the arrival would be after the last period)."""
        period = np.arange(self.periods)[None, :] + self.lead[:, None]
        moved = np.take_along_axis(by_arrival_period, np.clip(period, 0, self.periods - 1), axis=1)
        return np.where(period < self.periods, moved, 0)
