"""The orders of one item over several periods, exact, by dynamic programming over whole units of stock.

A period goes: orders that are due arrive, demand is served as far as stock reaches (the rest is lost), what is left is charged holding.
An order placed at the start of period t arrives at the start of period t + lead time. Demand is known, so deciding an order when it is
placed or when it arrives is the same, and stock alone is the state: exact for any lead time. For demand that is not known see
`expected_item_program`.

Public: `ItemProgram`, `ItemOrders`, `best_orders`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class ItemProgram:
    """One item. receipts: units due at the start of each period that are ordered already. is_order_period: may an order be placed.

    unit_cost and lost_sale_cost: money per unit ordered and lost. holding_cost: money per unit left at the end of a period. line_cost:
    money per order. moq_units: smallest order, rounded up to packs. Stock, receipts and packs are whole units.
    """

    on_hand: int
    receipts: Integers
    is_order_period: Flags
    lead_time_periods: int
    pack_units: int
    moq_units: int
    line_cost: float
    holding_cost: float
    lost_sale_cost: float
    unit_cost: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no item."""
        if len(self.receipts) != len(self.is_order_period):
            raise ValueError("Expected receipts and is_order_period of equal length.")
        if self.on_hand < 0 or (np.asarray(self.receipts) < 0).any() or self.lead_time_periods < 0 or self.moq_units < 0:
            raise ValueError("Expected stock, receipts, lead time and MOQ of 0 or more.")
        if self.pack_units < 1:
            raise ValueError(f"Expected pack_units of 1 or more, got {self.pack_units}.")
        if not all(cost >= 0 and np.isfinite(cost) for cost in (self.line_cost, self.holding_cost, self.lost_sale_cost, self.unit_cost)):
            raise ValueError("Expected costs of 0 or more.")

    def sizes(self, most_units: int) -> Integers:
        """Return the order sizes worth weighing, 0 first: multiples of the pack from the MOQ on, none beyond the first one that reaches
        `most_units` (more than can still be sold only costs)."""
        first = max(-(-self.moq_units // self.pack_units), 1)
        last = max(-(-most_units // self.pack_units), first) if most_units > 0 else 0
        return np.concatenate([[0], np.arange(first, last + 1) * self.pack_units]).astype(np.int64)


@dataclass(frozen=True)
class ItemOrders:
    """order_units: per period in which the order is placed. cost: total money. lost_units, end_units: per period."""

    order_units: Integers
    cost: float
    lost_units: Integers
    end_units: Integers


def best_orders(demand: Integers, item: ItemProgram) -> ItemOrders:
    """Return the cheapest orders for known whole `demand` per period; of equal plans the one with smaller early orders.

    What is left after the last period is worth nothing. Orders that would arrive after it are never placed. Raises ValueError where
    demand is negative or of another length than the item's periods.
    """
    periods = len(item.receipts)
    if len(demand) != periods or (np.asarray(demand) < 0).any():
        raise ValueError("Expected demand of 0 or more for every period.")
    to_come = np.concatenate([np.cumsum(np.asarray(demand, dtype=np.int64)[::-1])[::-1], [0]])
    choices = [item.sizes(int(to_come[period]) if _can_arrive(item, period) else 0) for period in range(periods)]
    # with more than all demand to come in stock nothing is ordered, so no best plan has more than this at once
    most = item.on_hand + int(np.sum(item.receipts)) + int(to_come[0]) + max(int(one[-1]) for one in choices)
    value, picks = np.zeros(most + 1), []
    stock = np.arange(most + 1)
    for period in range(periods - 1, -1, -1):
        sizes = choices[period]
        full = np.minimum(stock[:, None] + item.receipts[period] + sizes, most)
        end = np.maximum(full - demand[period], 0)
        lost = np.maximum(demand[period] - full, 0)
        cost = item.unit_cost * sizes + item.line_cost * (sizes > 0) + item.holding_cost * end + item.lost_sale_cost * lost + value[end]
        picks.append(cost.argmin(axis=1))
        value = cost.min(axis=1)
    return _replayed(demand, item, choices, picks[::-1], float(value[item.on_hand]))


def _can_arrive(item: ItemProgram, period: int) -> bool:
    placed = period - item.lead_time_periods
    return placed >= 0 and bool(item.is_order_period[placed])


def _replayed(demand: Integers, item: ItemProgram, choices: list[Integers], picks: list[Integers], cost: float) -> ItemOrders:
    periods, stock = len(demand), item.on_hand
    orders, lost, end = (np.zeros(periods, dtype=np.int64) for _ in range(3))
    for period in range(periods):
        size = int(choices[period][picks[period][stock]])
        if size:
            orders[period - item.lead_time_periods] = size
        full = stock + int(item.receipts[period]) + size
        lost[period], stock = max(int(demand[period]) - full, 0), max(full - int(demand[period]), 0)
        end[period] = stock
    return ItemOrders(orders, cost, lost, end)
