"""The loop itself: receipts come in, demand is served from what is there, an order is decided, and so on.

Decides nothing but the bookkeeping. In each period first the receipts due arrive, then demand is served; what cannot be served is lost, or,
where sales are not lost, owed and served first later. Holding is charged on what is left at the end of a period, shortage on what was not
served in it (owed units are charged in every period in which they are still owed). An order decided when period t has been seen arrives at
the start of period t + 1 + lead time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class LoopTerms:
    """Lead time in whole periods; money per unit and period held, and per unit not served: each one number, or one per item. Raises
    ValueError outside their ranges."""

    lead_time_periods: int | Integers
    holding_cost: float | Floats
    shortage_cost: float | Floats
    lost_sales: bool = True

    def __post_init__(self) -> None:
        if np.min(self.lead_time_periods, initial=0) < 0:
            raise ValueError(f"Expected lead_time_periods of at least 0; got {np.min(self.lead_time_periods)}.")
        for name in ("holding_cost", "shortage_cost"):
            value = np.asarray(getattr(self, name))
            if not (np.isfinite(value) & (value >= 0)).all():
                raise ValueError(f"Expected {name} of at least 0; got {value.min()}.")

    @property
    def longest_lead(self) -> int:
        """The longest lead time of all items."""
        return int(np.max(self.lead_time_periods, initial=0))

    def lead_times(self, items: int) -> Integers:
        """The lead time of each item."""
        return np.broadcast_to(np.asarray(self.lead_time_periods, dtype=np.int64), (items,))

    def holding(self, items: int) -> Floats:
        """The holding cost of each item."""
        return np.broadcast_to(np.asarray(self.holding_cost, dtype=np.float64), (items,))

    def shortage(self, items: int) -> Floats:
        """The shortage cost of each item."""
        return np.broadcast_to(np.asarray(self.shortage_cost, dtype=np.float64), (items,))

    def of(self, rows: Integers) -> "LoopTerms":
        """The terms of some items, whose lead time must be the same."""
        lead, holding, shortage = (
            value if np.ndim(value) == 0 else np.asarray(value)[rows]
            for value in (self.lead_time_periods, self.holding_cost, self.shortage_cost)
        )
        if np.ndim(lead):
            leads = np.unique(lead)
            if leads.size > 1:
                raise ValueError(f"Expected items of one lead time; got {leads.tolist()}.")
            lead = int(leads[0])
        return LoopTerms(lead, holding, shortage, self.lost_sales)  # pyright: ignore[reportArgumentType]

    def groups(self, items: int) -> Iterator[tuple[Integers, "LoopTerms"]]:
        """Items of one lead time each, shortest first: their rows and their terms."""
        leads = self.lead_times(items)
        for lead in np.unique(leads).tolist():
            rows = np.flatnonzero(leads == lead)
            yield rows, self.of(rows)


@dataclass(frozen=True)
class LoopStart:
    """Before the first period: on_hand per item, and receipts (items x periods) due at the start of the coming ones; may be narrower or
    wider than the lead time."""

    on_hand: Floats
    receipts: Floats


@dataclass(frozen=True)
class Seen:
    """What is known when a period has been seen. stock: at its end (below 0 where units are owed); due: items x coming periods, receipts
    due at the start of the next, the one after it, …, as wide as the longest lead time."""

    period: int
    stock: Floats
    due: Floats

    @property
    def position(self) -> Floats:
        """Stock and all that is due."""
        return self.stock + self.due.sum(axis=1)

    def of(self, rows: Integers, lead: int) -> "Seen":
        """What is known of some items, whose lead time is `lead`."""
        return Seen(self.period, self.stock[rows], self.due[rows, :lead])


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
    lead, longest, every = terms.lead_times(items), terms.longest_lead, np.arange(items)
    due = np.zeros((items, periods + longest + rounds + 1))
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
            told = decide(Seen(period, stock.copy(), due[:, number : number + longest].copy()))
            if not (np.isfinite(told).all() and (told >= 0).all()):
                raise ValueError(f"Expected orders of at least 0 after period {period}; got {told.min()}.")
            orders[:, number] = told
            due[every, number + lead] += told
    return Loop(ends, due[:, :periods], served, missed, orders)


def _after(stock: Floats, demand: Floats, lost_sales: bool) -> tuple[Floats, Floats, Floats]:
    """Stock at the end, units of this period's demand served from it, units not served (owed units where sales are not lost)."""
    there = np.maximum(stock, 0.0)
    served = np.minimum(there, demand)
    if lost_sales:
        return there - served, served, demand - served
    left = stock - demand
    return left, served, np.maximum(-left, 0.0)
