"""What a loop cost: holding, shortage, and the figures a buyer reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.closed_loop.loop import Floats, Loop, LoopTerms


@dataclass(frozen=True)
class Outcome:
    """Over the scored periods: cost (money) = holding + shortage, units not served, fill rate (share of units served at once), turns
    (units served over mean stock), mean stock in units, units ordered, order lines, bullwhip (variance of an item's orders from
    round to round over that of its demand, summed over items). item_cost: cost per item."""

    cost: float
    holding: float
    shortage: float
    missed_units: float
    fill_rate: float
    turns: float
    mean_stock: float
    ordered_units: float
    order_lines: int
    bullwhip: float
    item_cost: Floats


def outcome(loop: Loop, demand: Floats, terms: LoopTerms, scored: NDArray[np.bool_]) -> Outcome:
    """The figures of a loop over the scored cells (items x periods)."""
    held = np.where(scored, np.maximum(loop.stock, 0.0), 0.0)
    missed = np.where(scored, loop.missed, 0.0)
    wanted, served = float(demand[scored].sum()), float(loop.served[scored].sum())
    cells = int(scored.any(axis=0).sum())
    mean_stock = float(held.sum()) / max(cells, 1)
    items = demand.shape[0]
    holding, shortage = terms.holding(items) * held.sum(axis=1), terms.shortage(items) * missed.sum(axis=1)
    item_cost = holding + shortage
    return Outcome(
        cost=float(item_cost.sum()),
        holding=float(holding.sum()),
        shortage=float(shortage.sum()),
        missed_units=float(missed.sum()),
        fill_rate=served / wanted if wanted > 0 else 1.0,
        turns=served / mean_stock if mean_stock > 0 else float("inf"),
        mean_stock=mean_stock,
        ordered_units=float(loop.orders.sum()),
        order_lines=int((loop.orders > 0).sum()),
        bullwhip=float(loop.orders.var(axis=1).sum()) / max(float(demand.var(axis=1).sum()), 1e-9),
        item_cost=item_cost,
    )
