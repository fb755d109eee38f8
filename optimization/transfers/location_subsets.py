"""Line costs of one product with few locations: every choice of givers and receivers tried.

With the givers and receivers chosen the best steps are known (`greedy_moves`). To use all of g givers and r receivers takes max(g, r) lanes
at least, so the gain of the best steps less that many line costs bounds every plan that uses just those locations, and the highest of these
bounds holds for the product. The lanes really needed are counted for each choice; with one giver or one receiver they are as few as the
bound says, and mostly otherwise too. Where a bound is not reached a program decides.

Public: `best_of_subsets`, `MOST_SUBSETS`.
"""

from dataclasses import replace
from itertools import combinations, product

import numpy as np

from optimization.transfers.greedy_moves import Moves, greedy_bound, greedy_moves, moves_gain
from optimization.transfers.settings import TransferSettings
from optimization.transfers.stock_curves import ProductStock

MOST_SUBSETS = 64
"""Products with more choices than this go to a program at once, which is faster then."""


def best_of_subsets(stock: ProductStock, settings: TransferSettings) -> tuple[Moves, float] | None:
    """Return the best moves found over all choices, and what no moves gain more than; None above `MOST_SUBSETS` choices."""
    givers, receivers = _subsets(len(stock.givers)), _subsets(len(stock.receivers))
    if len(givers) * len(receivers) > MOST_SUBSETS:
        return None
    best, value, bound = np.zeros((len(stock.givers), len(stock.receivers))), 0.0, 0.0
    for some, others in product(givers, receivers):
        part = replace(stock, givers=tuple(stock.givers[g] for g in some), receivers=tuple(stock.receivers[r] for r in others))
        moves = greedy_moves(part, settings)
        gain = moves_gain(part, moves, settings)
        bound = max(bound, greedy_bound(part, settings, lanes=max(len(some), len(others))))
        if gain > value:
            value, best = gain, np.zeros_like(best)
            best[np.ix_(some, others)] = moves
    return best, max(bound, value)


def _subsets(count: int) -> list[tuple[int, ...]]:
    return [chosen for size in range(1, count + 1) for chosen in combinations(range(count), size)]
