"""The joint newsvendor for very many increments: the best prices by bisection, then a small program over what they leave open.

At a price for money the warehouses part: each fills itself with what gains most per cubic metre, a fractional knapsack (Dantzig 1957) that
one sort answers for all warehouses together. What is spent falls as the price rises, so the price is found by bisection. At the best prices
nearly every increment is clearly bought or clearly not; the rest, with the room left for it, is a program small enough for PuLP. The bound
is the Lagrangian dual at the best prices met, so the gap is proven whatever the small program found.

Public: `solve_by_prices`.
"""

from dataclasses import replace

import numpy as np

from optimization.replenishment.increment_program import Floats, IncrementAnswer, Increments, in_order, solve_increments

CORE = 2_000
MOST_CORE = 50_000
_HALVINGS = 50
_CLOSE = 1e-9  # of the gain: nearer than this the bisection and the small program need not come


def solve_by_prices(increments: Increments, core: int = CORE) -> IncrementAnswer:
    """Return the fractional purchase of `solve_increments` for any number of increments; the core doubles until it meets the bound."""
    prices = _best_prices(increments)
    bound = increments.bound(prices)
    best: IncrementAnswer | None = None
    while True:
        found = _with_core(increments, prices, min(core, MOST_CORE))
        if found is not None:
            bound = min(bound, found.bound)
            if best is None or found.value > best.value:
                best = found
            if bound - best.value <= _CLOSE * max(abs(bound), 1.0):
                break
        if core >= min(MOST_CORE, len(increments.gain)):
            break
        core *= 4
    if best is None:
        raise RuntimeError("No core of the increment program fits the rooms: the prices are wrong.")
    return replace(best, bound=max(bound, best.value))


def _best_prices(increments: Increments) -> Floats:
    free, _ = _filled(increments, 0.0)
    if not np.isfinite(increments.room[0]) or _spent(increments, 0.0) <= increments.room[0]:
        return free
    low, high = 0.0, float((increments.gain / np.maximum(increments.value, 1e-300)).max(initial=0.0)) * (1 + 1e-9)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _spent(increments, middle) > increments.room[0]:
            low = middle
        else:
            high = middle
        if high - low <= 1e-13 * high:
            break
    return min((_filled(increments, price)[0] for price in (low, high)), key=increments.bound)


def _spent(increments: Increments, price: float) -> float:
    return float(_filled(increments, price)[1] @ increments.value)


def _filled(increments: Increments, price: float) -> tuple[Floats, Floats]:
    """Return the rooms' prices and what is taken where money costs `price`: each warehouse fills itself as well as it can."""
    gain = increments.gain - price * increments.value
    bulky = (increments.place >= 0) & (increments.volume > 0)
    taken = (gain > 0).astype(np.float64)
    prices = np.zeros(len(increments.room))
    prices[0] = price
    rows = np.flatnonzero(bulky & (gain > 0))
    if not len(rows):
        return prices, taken
    density = gain[rows] / increments.volume[rows]
    rows = rows[np.lexsort((-density, increments.place[rows]))]
    place, volume = increments.place[rows], increments.volume[rows]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    total = np.cumsum(volume)
    start = np.repeat(total[first] - volume[first], np.diff(np.append(first, len(rows))))
    left = increments.room[1:][place] - (total - volume - start)
    share = np.clip(left / volume, 0.0, 1.0)
    taken[rows] = share
    cut = np.flatnonzero(share < 1)
    cut = cut[np.unique(place[cut], return_index=True)[1]]  # the first one of each warehouse that does not fit whole sets its price
    prices[1 + place[cut]] = gain[rows[cut]] / volume[cut]
    return prices, taken


def _with_core(increments: Increments, prices: Floats, core: int) -> IncrementAnswer | None:
    """Decide the `core` increments nearest to worthless by PuLP and the others by the prices; None where those leave no room."""
    reduced = increments.reduced_gain(prices)
    count = min(core, len(reduced))
    open_rows = np.sort(np.argpartition(np.abs(reduced) / np.maximum(increments.gain, 1e-300), count - 1)[:count])
    taken = (reduced > 0).astype(np.float64)
    taken[open_rows] = 0.0
    room = increments.room - increments.use(taken)
    tolerance = 1e-9 * np.maximum(np.where(np.isfinite(increments.room), np.abs(increments.room), 1.0), 1.0)
    if (room < -tolerance).any():
        return None
    small = Increments(
        increments.item[open_rows],
        increments.gain[open_rows],
        increments.value[open_rows],
        increments.volume[open_rows],
        increments.place[open_rows],
        np.maximum(room, 0.0),
    )
    answer = solve_increments(small)
    taken[open_rows] = answer.taken
    whole = in_order(increments, taken)
    return IncrementAnswer(whole, answer.prices, float(whole @ increments.gain), increments.bound(answer.prices))
