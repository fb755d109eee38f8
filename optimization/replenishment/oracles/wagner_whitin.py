"""Lot sizes under known demand without capacities, many items at once.

An order of period t serves the demand of t and of the periods after it until the next order; nothing is ordered while stock is left. The
recursion runs backwards: cheapest[t] = min over s > t of (order in t for the demand of t .. s-1) + cheapest[s]. Source: Wagner and Whitin
(1958); Snyder and Shen, Fundamentals of Supply Chain Theory, section 3.7.

Public: `LotSizes`, `wagner_whitin`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LotSizes:
    """order_units: items x periods, ordered (and received) at the start of each period. cost: per item, money over all periods."""

    order_units: Floats
    cost: Floats


def wagner_whitin(demand: Floats, fixed_cost: ArrayLike, holding_cost: ArrayLike, unit_cost: ArrayLike = 0.0) -> LotSizes:
    """Return the cheapest orders that serve all demand (units, items x periods) from no stock.

    fixed_cost: money per order that is not empty. holding_cost: money per unit kept from a period into the next. unit_cost: money per
    unit ordered. Each is one number, or broadcasts to items x periods (items x 1: per item). Among equal plans the one with the earlier
    next order is taken. Raises ValueError for shapes that do not fit and for numbers that are negative or not finite.
    """
    demand = np.asarray(demand, dtype=np.float64)
    if demand.ndim != 2:
        raise ValueError(f"Expected demand of items x periods, got {demand.ndim} dimensions.")
    fixed, holding, unit = (
        np.broadcast_to(np.asarray(one, dtype=np.float64), demand.shape) for one in (fixed_cost, holding_cost, unit_cost)
    )
    for name, values in (("demand", demand), ("fixed_cost", fixed), ("holding_cost", holding), ("unit_cost", unit)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            raise ValueError(f"Expected {name} of 0 or more and finite.")
    items, periods = demand.shape
    kept_until = np.concatenate([np.zeros((items, 1)), np.cumsum(holding, axis=1)[:, :-1]], axis=1)  # cost of keeping a unit from period 0
    cheapest, following = np.zeros((items, periods + 1)), np.zeros((items, periods), dtype=np.int64)
    for period in range(periods - 1, -1, -1):
        served = demand[:, period:]
        lot = np.cumsum(served, axis=1)
        held = np.cumsum(served * (kept_until[:, period:] - kept_until[:, period, None]), axis=1)
        cost = fixed[:, period, None] * (lot > 0) + unit[:, period, None] * lot + held + cheapest[:, period + 1 :]
        best = cost.argmin(axis=1)
        cheapest[:, period] = np.take_along_axis(cost, best[:, None], axis=1)[:, 0]
        following[:, period] = period + 1 + best
    return LotSizes(_lots(demand, following), cheapest[:, 0])


def _lots(demand: Floats, following: NDArray[np.int64]) -> Floats:
    items, periods = demand.shape
    until = np.concatenate([np.zeros((items, 1)), np.cumsum(demand, axis=1)], axis=1)
    orders, due, rows = np.zeros_like(demand), np.zeros(items, dtype=np.int64), np.arange(items)
    for period in range(periods):
        now = rows[due == period]
        end = following[now, period]
        orders[now, period] = until[now, end] - until[now, period]
        due[now] = end
    return orders
