"""What an order size is expected to cost, simulated on sample paths with the orders that would follow it.

Each path of demand runs from now through the lead time, with the receipts that are due, and on for `reach` periods from the arrival of the
order. In each later round the simulated buyer orders up to a level, in packs, like a base-stock rule; so a size that is too large costs
holding until it is sold, and one that is too small can be mended one round later, but not earlier (policy improvement by rollout:
Bertsekas, Tsitsiklis and Wu 1997). What is left at the end is charged until it would be sold at the mean rate. All sizes meet the same
paths.

Public: `Rollout`, `order_up_to_levels`, `rollout_cost`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.closed_loop.loop import Floats, LoopTerms, Seen
from optimization.closed_loop.supply import Reals, in_packs

SLOWEST_RATE = 0.02  # units a period: slower stock is charged as if it left at this rate
_CHUNK = 1_500_000  # numbers held at once


@dataclass(frozen=True)
class Rollout:
    """reach: periods simulated from the arrival of the order. later_rounds: how many more orders may follow. goes_on: whether what is left
    at the end still costs money until it is sold (False where the world ends there)."""

    reach: int
    later_rounds: int
    goes_on: bool = True


def order_up_to_levels(paths: Floats, fractile: Floats, lead: int, rounds: int) -> Floats:
    """Items x rounds: the fractile of demand over the lead time and one period more, seen from now, from each coming round on.

    paths: items x paths x at least `lead` + `rounds` coming periods; fractile: per item, inside (0, 1).
    """
    sums = np.concatenate([np.zeros((*paths.shape[:2], 1), dtype=paths.dtype), np.cumsum(paths, axis=2)], axis=2)
    at = np.clip(np.ceil(fractile * paths.shape[1]).astype(np.int64) - 1, 0, paths.shape[1] - 1)
    rows = np.arange(paths.shape[0])
    spans = [np.sort(sums[:, :, number + lead + 1] - sums[:, :, number], axis=1)[rows, at] for number in range(rounds)]
    return np.stack(spans, axis=1).astype(np.float64)


def rollout_cost(
    seen: Seen, paths: Floats, sizes: Floats, fractile: Floats, packs: tuple[Floats, Floats], terms: LoopTerms, plan: Rollout
) -> Floats:
    """Expected money per item and size (items x sizes), from the period in which the order arrives on.

    paths: items x paths x at least lead time + `plan.reach` coming periods; packs: pack and least order per item,
    units; terms: one lead time.
    """
    items, width = sizes.shape
    lead = terms.longest_lead
    levels = order_up_to_levels(paths, fractile, lead, min(plan.later_rounds + 1, paths.shape[2] - lead))
    cost = np.empty((items, width))
    step = max(1, _CHUNK // max(width * paths.shape[1], 1))
    holding, shortage = terms.holding(items), terms.shortage(items)
    for begin in range(0, items, step):
        rows = slice(begin, begin + step)
        part = LoopTerms(lead, holding[rows], shortage[rows], terms.lost_sales)
        now = Seen(seen.period, seen.stock[rows], seen.due[rows])
        pack, least = packs[0][rows], packs[1][rows]
        cost[rows] = _cost(now, paths[rows], sizes[rows], levels[rows], (pack, least), part, plan)
    return cost


def _cost(now: Seen, paths: Floats, sizes: Floats, levels: Floats, packs: tuple[Floats, Floats], terms: LoopTerms, plan: Rollout) -> Floats:
    items, width = sizes.shape
    count, lead = paths.shape[1], terms.longest_lead

    def wide(values: Floats) -> Reals:
        return values.astype(np.float32)[:, None, None]

    holding, shortage = terms.holding(items).astype(np.float32)[:, None], terms.shortage(items).astype(np.float32)[:, None]
    pack, least = wide(packs[0]), wide(packs[1])
    stock = np.broadcast_to(wide(now.stock), (items, width, count)).copy()
    pipe = [*(wide(now.due[:, period]) for period in range(lead)), sizes.astype(np.float32)[:, :, None]]
    outstanding = np.broadcast_to(sum(pipe, np.zeros((1, 1, 1), dtype=np.float32)), stock.shape).astype(np.float32)
    cost = np.zeros((items, width), dtype=np.float32)
    for period in range(lead + plan.reach):
        if period < len(pipe):
            stock += pipe[period]
            outstanding -= pipe[period]
        demand = paths[:, None, :, period]
        stock -= demand
        short = np.maximum(-stock, 0.0)
        if terms.lost_sales:
            np.maximum(stock, 0.0, out=stock)
        if period >= lead:
            cost += holding * np.maximum(stock, 0.0).mean(axis=2) + shortage * short.mean(axis=2)
        number = period + 1
        if number < levels.shape[1] and number + lead < lead + plan.reach:
            units = in_packs(wide(levels[:, number]) - stock - outstanding, pack, least)
            pipe.append(units)
            outstanding += units
    if plan.goes_on:
        rate = np.maximum(paths.mean(axis=(1, 2)), SLOWEST_RATE)[:, None]
        left = np.maximum(stock, 0.0)
        cost += holding * np.maximum(np.square(left).mean(axis=2) / (2 * rate) - left.mean(axis=2) / 2, 0.0)
    return cost.astype(np.float64)
