"""The loop itself: receipts come in, demand is served from what is there, an order is decided, and so on.

Decides nothing but the bookkeeping. In each period first the receipts due arrive, then demand is served; what cannot be served is lost, or,
where sales are not lost, owed and served first later. Holding is charged on what is left at the end of a period, shortage on what was not
served in it (owed units are charged in every period in which they are still owed). An order decided when period t has been seen arrives at
the start of period t + 1 + lead time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LoopTerms:
    """Lead time in whole periods; money per unit and period held, and per unit not served. Raises ValueError outside their ranges."""

    lead_time_periods: int
    holding_cost: float
    shortage_cost: float
    lost_sales: bool = True

    def __post_init__(self) -> None:
        if self.lead_time_periods < 0:
            raise ValueError(f"Expected lead_time_periods of at least 0; got {self.lead_time_periods}.")
        for name in ("holding_cost", "shortage_cost"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ValueError(f"Expected {name} of at least 0; got {value}.")


@dataclass(frozen=True)
class LoopStart:
    """Before the first period: on_hand per item, and receipts (items x periods) due at the start of the coming ones; may be narrower or
    wider than the lead time."""

    on_hand: Floats
    receipts: Floats


@dataclass(frozen=True)
class Seen:
    """What is known when a period has been seen. stock: at its end (below 0 where units are owed); due: items x coming periods, receipts
    due at the start of the next, the one after it, …, as wide as the lead time."""

    period: int
    stock: Floats
    due: Floats

    @property
    def position(self) -> Floats:
        """Stock and all that is due."""
        return self.stock + self.due.sum(axis=1)


@dataclass(frozen=True)
class Loop:
    """Items x periods: stock at the end (owed units below 0), units received, served and not served. orders: items x rounds."""

    stock: Floats
    received: Floats
    served: Floats
    missed: Floats
    orders: Floats


def run_loop(demand: Floats, start: LoopStart, terms: LoopTerms, rounds: int, decide: Callable[[Seen], Floats]) -> Loop:
    """Runs over all periods of `demand` (items x periods, the first is the one after the start).

    The first order is decided before the first period (`Seen.period` is -1), the last one `rounds` - 1 periods later; `decide` gives units
    per item, at least 0. Raises ValueError on a negative or missing order.
    """
    items, periods = demand.shape
    lead = terms.lead_time_periods
    due = np.zeros((items, periods + lead + 1))
    known = min(start.receipts.shape[1], due.shape[1])
    due[:, :known] = start.receipts[:, :known]
    stock = start.on_hand.astype(np.float64)
    orders = np.zeros((items, rounds))
    ends, served, missed = (np.zeros((items, periods)) for _ in range(3))
    for period in range(-1, periods):
        if period >= 0:
            stock = stock + due[:, period]
            stock, served[:, period], missed[:, period] = _after(stock, demand[:, period], terms.lost_sales)
            ends[:, period] = stock
        number = period + 1
        if number < rounds:
            told = decide(Seen(period, stock.copy(), due[:, number : number + lead].copy()))
            if not (np.isfinite(told).all() and (told >= 0).all()):
                raise ValueError(f"Expected orders of at least 0 after period {period}; got {told.min()}.")
            orders[:, number] = told
            due[:, number + lead] += told
    return Loop(ends, due[:, :periods], served, missed, orders)


def _after(stock: Floats, demand: Floats, lost_sales: bool) -> tuple[Floats, Floats, Floats]:
    """Stock at the end, units of this period's demand served from it, units not served (owed units where sales are not lost)."""
    there = np.maximum(stock, 0.0)
    served = np.minimum(there, demand)
    if lost_sales:
        return there - served, served, demand - served
    left = stock - demand
    return left, served, np.maximum(-left, 0.0)
