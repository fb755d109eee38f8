"""Which order sizes are weighed for an item: nothing, the MOQ, and multiples of the pack up to the longest cover.

Where there are more multiples than `most_sizes`, those around the item's own best size are all kept and the rest thinned evenly, below
(where budgets cut) more densely than above (where a supplier's minimum pulls up).

Public: `order_sizes`, `first_size`, `most_useful_units`.
"""

import numpy as np
from numpy.typing import NDArray

from optimization.replenishment.cost_curves import CostTerms
from optimization.replenishment.demand_scenarios import DemandScenarios

Floats = NDArray[np.float64]
_CLOSE = 3  # multiples on either side of the best one that are always kept


def most_useful_units(demand: DemandScenarios, terms: CostTerms, max_cover_days: float) -> Floats:
    """Return the largest order per item that fills the highest demand scenario or the longest cover, whichever is more."""
    cover = np.maximum((demand.until_arrival + demand.after_arrival).max(axis=1), demand.rate * max_cover_days)
    return np.maximum(cover - terms.position, 0)


def first_size(pack: Floats, moq: Floats) -> Floats:
    """Return the smallest order the supplier accepts: the MOQ rounded up to packs, at least one pack."""
    return np.maximum(np.ceil(moq / pack - 1e-9), 1) * pack


def order_sizes(best: Floats, most_units: Floats, pack: Floats, moq: Floats, most_sizes: int) -> Floats:
    """Return order sizes (items x at most `most_sizes` columns), ascending from 0; rows with fewer sizes are filled with NaN."""
    first = np.round(first_size(pack, moq) / pack)
    last = np.where(most_units > 0, np.maximum(np.ceil(most_units / pack - 1e-9), first), 0)
    count = np.where(last > 0, last - first + 1, 0)
    width = int(min(most_sizes - 1, count.max(initial=0)))
    offsets = np.arange(width)[None, :]
    packs = first[:, None] + offsets
    packs = np.where(offsets < count[:, None], packs, np.nan)
    for row in np.flatnonzero(count > width).tolist():
        thin = _thinned(int(first[row]), int(last[row]), int(np.clip(np.round(best[row] / pack[row]), first[row], last[row])), width)
        packs[row] = np.nan
        packs[row, : len(thin)] = thin
    return np.concatenate([np.zeros((len(best), 1)), packs * pack[:, None]], axis=1)


def _thinned(first: int, last: int, best: int, width: int) -> NDArray[np.int64]:
    kept = {first, last, *range(max(first, best - _CLOSE), min(last, best + _CLOSE) + 1)}
    room = width - len(kept)
    below = np.linspace(first, best, 2 + (3 * room) // 4)
    above = np.linspace(best, last, 2 + room - (3 * room) // 4)
    kept.update(round(one) for one in (*below.tolist(), *above.tolist()))
    return np.array(sorted(kept), dtype=np.int64)
