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
    many = np.flatnonzero(count > width)
    if len(many):
        packs[many] = _thinned(first[many], last[many], np.clip(np.round(best[many] / pack[many]), first[many], last[many]), width)
    return np.concatenate([np.zeros((len(best), 1)), packs * pack[:, None]], axis=1)


def _thinned(first: Floats, last: Floats, best: Floats, width: int) -> Floats:
    """Return at most `width` of the whole numbers first..last per row, ascending, filled with NaN: the ends, those around `best`, and
    others evenly, three below it for one above."""
    close = np.clip(best[:, None] + np.arange(-_CLOSE, _CLOSE + 1), first[:, None], last[:, None])
    room = width - 2 - close.shape[1]
    below, above = 2 + (3 * room) // 4, 2 + room - (3 * room) // 4
    down = first[:, None] + (best - first)[:, None] * np.linspace(0, 1, below)
    up = best[:, None] + (last - best)[:, None] * np.linspace(0, 1, above)
    kept = np.sort(np.concatenate([close, np.round(down), np.round(up)], axis=1), axis=1)
    repeated = np.concatenate([np.zeros((len(kept), 1), dtype=np.bool_), kept[:, 1:] == kept[:, :-1]], axis=1)
    kept = np.sort(np.where(repeated, np.nan, kept), axis=1)  # NaN sorts last
    return np.concatenate([kept, np.full((len(kept), max(width - kept.shape[1], 0)), np.nan)], axis=1)[:, :width]
