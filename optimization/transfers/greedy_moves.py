"""The best moves of one product by what each step gains, without a fixed cost and with every lane open.

Let S(k) be the most that k steps can save at all receivers together and G(k) the least that they cost all givers. Receivers' gains fall and
givers' losses rise step by step, so S(k) is the sum of the k highest gains over all receivers, G(k) the sum of the k lowest losses over all
givers, and both are reached at once: whichever giver a step comes from, it may go to any receiver at the same handling cost c. A plan of k
steps is worth at most S(k) - G(k) - k c, whose k-th difference is the k-th highest gain less the k-th lowest loss less c and falls with k.
Taking steps in that order until the difference is no longer above 0 is therefore the best of all plans. Where gains do not fall (as with a
shelf life shorter than the review) the same sum over sorted gains is still a bound, and the plan's value is recomputed.

Public: `Moves`, `greedy_moves`, `moves_gain`, `greedy_bound`.
"""

import numpy as np

from optimization.replenishment.demand_scenarios import Floats
from optimization.transfers.settings import TransferSettings
from optimization.transfers.stock_curves import ProductStock, StockNode

Moves = Floats
"""Whole steps moved, givers x receivers."""
_NOTHING = 1e-9  # money; a step that gains less is not worth moving


def greedy_moves(stock: ProductStock, settings: TransferSettings) -> Moves:
    """Return the moves that gain most before line costs, on few lanes: givers in order fill receivers in order."""
    givers, receivers = _ranked(stock.givers), _ranked(stock.receivers)
    count = min(len(givers[0]), len(receivers[0]))
    worth = receivers[0][:count] + givers[0][:count] - settings.handling_cost_per_unit * stock.step > _NOTHING
    steps = count if worth.all() else int(worth.argmin())
    given = np.bincount(givers[1][:steps], minlength=len(stock.givers))
    taken = np.bincount(receivers[1][:steps], minlength=len(stock.receivers))
    moves = np.zeros((len(stock.givers), len(stock.receivers)))
    giver = receiver = 0
    while giver < len(given) and receiver < len(taken):
        moved = min(given[giver], taken[receiver])
        moves[giver, receiver] += moved
        given[giver] -= moved
        taken[receiver] -= moved
        if given[giver] == 0:
            giver += 1
        else:
            receiver += 1
    return moves


def moves_gain(stock: ProductStock, moves: Moves, settings: TransferSettings) -> float:
    """Return what moves are expected to gain in money, handling and lines paid."""
    sides = ((stock.givers, moves.sum(axis=1)), (stock.receivers, moves.sum(axis=0)))
    gain = sum(float(node.gains[: round(float(steps))].sum()) for nodes, counts in sides for node, steps in zip(nodes, counts, strict=True))
    handling = settings.handling_cost_per_unit * stock.step * float(moves.sum())
    return gain - handling - settings.handling_cost_per_line * int((moves > 0).sum())


def greedy_bound(stock: ProductStock, settings: TransferSettings, lanes: int = 1) -> float:
    """Return what no moves of the product on at least so many lanes can gain more than (0 for none at all), whatever limits there are."""
    givers, receivers = (
        np.sort(np.concatenate([node.gains for node in nodes] or [np.zeros(0)]))[::-1] for nodes in (stock.givers, stock.receivers)
    )
    count = min(len(givers), len(receivers))
    worth = receivers[:count] + givers[:count] - settings.handling_cost_per_unit * stock.step
    return max(float(np.maximum(worth, 0).sum()) - settings.handling_cost_per_line * lanes, 0.0)


def _ranked(nodes: tuple[StockNode, ...]) -> tuple[Floats, np.ndarray]:
    """Return the gains of all nodes' steps from the best on, a node's own steps in order, and whose they are."""
    gains = np.concatenate([np.minimum.accumulate(node.gains) for node in nodes] or [np.zeros(0)])
    owner = np.repeat(np.arange(len(nodes)), [len(node.gains) for node in nodes])
    order = np.argsort(-gains, kind="stable")
    return gains[order], owner[order]
