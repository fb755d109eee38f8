"""Choose the moves of all products: by gains where that is proven best, by programs where lanes or line costs stand against it.

Products are first decided alone: by gains, by trying all choices of locations where lines cost something, or by a program. Where lanes and
receiving volumes hold what all of them want, that is the best plan; otherwise all products are decided together, by one program up to its
largest size, and above it by taking the lanes that gain most while the limits hold, with the products' own bounds as proof.

Public: `ChosenMoves`, `choose_moves`, `used_limits`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimization.transfers.greedy_moves import Moves, greedy_bound, greedy_moves, moves_gain
from optimization.transfers.location_subsets import best_of_subsets
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.stock_curves import ProductStock
from optimization.transfers.transfer_program import program_size, solve_moves

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class ChosenMoves:
    """moves: per product. value: expected gain, money. bound: no moves gain more."""

    moves: list[Moves]
    value: float
    bound: float


def choose_moves(stocks: Sequence[ProductStock], limits: TransferLimits, settings: TransferSettings) -> ChosenMoves:
    """Return the moves of products as `product_stocks` gives them."""
    alone = _each_alone(stocks, limits, settings)
    if _holds(stocks, alone.moves, limits):
        return alone
    if program_size(stocks, settings) <= settings.program_variables:
        joint = solve_moves(stocks, limits, settings)
        if joint is not None:
            value = _value(stocks, joint.moves, settings)
            return ChosenMoves(joint.moves, value, max(min(joint.bound, alone.bound), value))
    moves = _cut_back(stocks, alone.moves, limits, settings)
    return ChosenMoves(moves, _value(stocks, moves, settings), alone.bound)


def used_limits(stocks: Sequence[ProductStock], moves: Sequence[Moves]) -> tuple[dict[tuple[str, str], float], dict[str, float]]:
    """Return units per lane and cubic metres per receiving location."""
    units: dict[tuple[str, str], float] = {}
    volume: dict[str, float] = {}
    for stock, moved in zip(stocks, moves, strict=True):
        for g, r in np.argwhere(moved > 0).tolist():
            pair = (stock.givers[g].location, stock.receivers[r].location)
            units[pair] = units.get(pair, 0.0) + stock.step * float(moved[g, r])
            volume[pair[1]] = volume.get(pair[1], 0.0) + stock.step_volume * float(moved[g, r])
    return units, volume


def _each_alone(stocks: Sequence[ProductStock], limits: TransferLimits, settings: TransferSettings) -> ChosenMoves:
    """Decide each product as if it had lanes and volumes to itself."""
    found: list[Moves] = []
    bounds, programs = 0.0, 0
    for stock in stocks:
        moves, bound = _without_limits(stock, settings)
        gain = moves_gain(stock, moves, settings)
        if gain < bound - _TOLERANCE * max(bound, 1.0) or not _holds([stock], [moves], limits):
            small = program_size([stock], settings) <= settings.program_variables and programs < settings.most_programs
            solved = solve_moves([stock], limits, settings) if small else None
            programs += small
            if solved is not None:
                moves, bound = solved.moves[0], max(min(bound, solved.bound), moves_gain(stock, solved.moves[0], settings))
            else:
                moves = _cut_back([stock], [moves], limits, settings)[0]
        found.append(moves)
        bounds += bound
    value = _value(stocks, found, settings)
    return ChosenMoves(found, value, max(bounds, value))


def _without_limits(stock: ProductStock, settings: TransferSettings) -> tuple[Moves, float]:
    """Return moves of one product and what none gain more than, if every lane were open and without a limit."""
    moves = greedy_moves(stock, settings)
    if settings.handling_cost_per_line > 0 and int((moves > 0).sum()) > 1:
        tried = best_of_subsets(stock, settings)
        if tried is not None:
            return tried
    bound = greedy_bound(stock, settings)
    return (moves if moves_gain(stock, moves, settings) > 0 else np.zeros_like(moves)), bound


def _holds(stocks: Sequence[ProductStock], moves: Sequence[Moves], limits: TransferLimits) -> bool:
    units, volume = used_limits(stocks, moves)
    return all(moved <= limits.lane_units(*pair) * (1 + _TOLERANCE) for pair, moved in units.items()) and all(
        lies <= limits.receiving_volume_m3.get(place, np.inf) * (1 + _TOLERANCE) for place, lies in volume.items()
    )


def _cut_back(stocks: Sequence[ProductStock], moves: Sequence[Moves], limits: TransferLimits, settings: TransferSettings) -> list[Moves]:
    """Return the moves lane by lane, best gain per step first, each as far as the limits hold it; a lane that does not pay is left."""
    lanes = [
        (-moves_gain(stock, _only(moved, g, r), settings) / moved[g, r], index, g, r)
        for index, (stock, moved) in enumerate(zip(stocks, moves, strict=True))
        for g, r in np.argwhere(moved > 0).tolist()
        if limits.allows(stock.givers[g].location, stock.receivers[r].location)
    ]
    kept = [np.zeros_like(moved) for moved in moves]
    units, volume = dict[tuple[str, str], float](), dict[str, float]()
    for _, index, g, r in sorted(lanes):
        stock = stocks[index]
        pair = (stock.givers[g].location, stock.receivers[r].location)
        room = (limits.lane_units(*pair) - units.get(pair, 0.0)) / stock.step
        if stock.step_volume > 0:
            space = limits.receiving_volume_m3.get(pair[1], np.inf) - volume.get(pair[1], 0.0)
            room = min(room, space / stock.step_volume)
        before = moves_gain(stock, kept[index], settings)
        kept[index][g, r] = min(float(moves[index][g, r]), np.floor(room + 1e-9))
        if moves_gain(stock, kept[index], settings) <= before:
            kept[index][g, r] = 0.0
        units[pair] = units.get(pair, 0.0) + stock.step * float(kept[index][g, r])
        volume[pair[1]] = volume.get(pair[1], 0.0) + stock.step_volume * float(kept[index][g, r])
    return kept


def _only(moves: Moves, giver: int, receiver: int) -> Moves:
    one = np.zeros_like(moves)
    one[giver, receiver] = moves[giver, receiver]
    return one


def _value(stocks: Sequence[ProductStock], moves: Sequence[Moves], settings: TransferSettings) -> float:
    return sum(moves_gain(stock, moved, settings) for stock, moved in zip(stocks, moves, strict=True))
