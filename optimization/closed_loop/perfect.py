"""Orders that know the future: the cost below which no policy can come.

Without joint limits and fixed costs items do not touch each other, and every unit of demand may be looked at alone: a unit wanted in period
k is best served by the latest order that can still arrive in time, since an earlier one only holds it longer. It is worth ordering where
holding it until then costs no more than missing it. Units on hand and due serve first come, first served.
"""

import numpy as np

from optimization.closed_loop.loop import Floats, LoopStart, LoopTerms


def perfect_orders(demand: Floats, start: LoopStart, terms: LoopTerms, rounds: int, wanted: Floats | None = None) -> Floats:
    """Items x rounds: least-cost orders for `demand` (items x periods) known in advance.

    Items must have one lead time. wanted: 0 or 1 per period, whether its cost counts (all when None): demand of periods that do not count
    is not ordered for. The first that counts must lie no later than the last arrival. Raises ValueError where sales are owed: a unit owed
    may be served by what is due later, so that units cannot be looked at alone.
    """
    if not terms.lost_sales:
        raise ValueError("Perfect information is known for lost sales only; got lost_sales = False.")
    items, periods = demand.shape
    counts = np.ones(periods) if wanted is None else wanted
    stock, orders = start.on_hand.astype(np.float64), np.zeros((items, rounds))
    receipts = np.zeros((items, periods))
    known = min(start.receipts.shape[1], periods)
    receipts[:, :known] = start.receipts[:, :known]
    lead = terms.longest_lead
    last = rounds - 1 + lead
    for period in range(periods):
        stock = stock + receipts[:, period]
        short = np.maximum(demand[:, period] - stock, 0.0)
        arrival = min(period, last)
        number = arrival - lead
        # holding is charged at the end of each period from the arrival up to the one before the unit is sold
        held = float(counts[arrival:period].sum()) * terms.holding(items)
        if 0 <= number < rounds and counts[period]:
            worth = np.where(held <= terms.shortage(items), short, 0.0)
            orders[:, number] += worth
            stock = stock + worth
        stock = np.maximum(stock - demand[:, period], 0.0)
    return orders
