"""The joint newsvendor as a program over increments: take the next pack of an item or not, under a budget and warehouse volumes.

    maximise   sum of gain x      0 <= x <= 1 per increment
    under      sum of value x <= budget,  sum of volume x <= room of each warehouse

All increments of an item are of one size and each gains no more than the one before, so an answer can always be read as "the first so many
increments": where the program takes a later one instead of an earlier one, they gain the same.

Public: `Increments`, `IncrementAnswer`, `solve_increments`, `solve_whole_increments`, `in_order`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.linear_program import LinearArrays, RowBuilder, SolveOptions, solve_arrays

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Increments:
    """One row per increment, those of an item (`item`, ascending) one after the other from the first on.

    gain: money, expected. value: money. volume: m3. place: position among the warehouses with a limit, -1 elsewhere. room: budget (money,
    infinite where there is none) and then m3 left per warehouse.
    """

    item: Integers
    gain: Floats
    value: Floats
    volume: Floats
    place: Integers
    room: Floats

    def use(self, taken: Floats) -> Floats:
        """Return how much of each room is used where `taken` (0..1) of each increment is bought."""
        placed = self.place >= 0
        volume = np.bincount(self.place[placed], (taken * self.volume)[placed], minlength=len(self.room) - 1)
        return np.concatenate([[float(taken @ self.value)], volume])

    def reduced_gain(self, prices: Floats) -> Floats:
        """Return the gain of each increment less what it uses at the rooms' prices."""
        placed = np.concatenate([prices[1:], [0.0]])[self.place]  # -1 reads the last, which costs nothing
        return self.gain - prices[0] * self.value - placed * self.volume

    def bound(self, prices: Floats) -> float:
        """Return what no purchase at all can gain more than (the Lagrangian dual at these prices)."""
        limited = np.isfinite(self.room)
        return float(prices[limited] @ self.room[limited] + np.maximum(self.reduced_gain(prices), 0).sum())


@dataclass(frozen=True)
class IncrementAnswer:
    """taken: 0..1 per increment. prices: per room, money per unit. value: gain of `taken`. bound: no purchase gains more."""

    taken: Floats
    prices: Floats
    value: float
    bound: float


def solve_increments(increments: Increments, options: SolveOptions | None = None) -> IncrementAnswer:
    """Return the best fractional purchase through PuLP; every room must be at least 0."""
    answer = solve_arrays(_program(increments, np.zeros(len(increments.gain), dtype=np.bool_)), options)
    if answer.value is None or answer.duals is None:
        raise RuntimeError(f"The increment program has status {answer.status}.")
    prices = np.zeros(len(increments.room))
    prices[np.isfinite(increments.room)] = np.maximum(answer.duals, 0.0)
    return IncrementAnswer(in_order(increments, answer.x), prices, answer.value, increments.bound(prices))


def solve_whole_increments(increments: Increments, options: SolveOptions) -> IncrementAnswer | None:
    """Return the best purchase of whole increments through PuLP (no prices), None where no time was left for any."""
    answer = solve_arrays(_program(increments, np.ones(len(increments.gain), dtype=np.bool_)), options)
    if answer.value is None or answer.bound is None:
        return None
    return IncrementAnswer(in_order(increments, answer.x), np.zeros(len(increments.room)), answer.value, answer.bound)


def _program(increments: Increments, is_integer: Flags) -> LinearArrays:
    rows, column = RowBuilder(), np.arange(len(increments.gain))
    if np.isfinite(increments.room[0]):
        rows.add("<=", increments.room[:1], (np.zeros_like(column), column, increments.value))
    placed = increments.place >= 0
    rows.add("<=", increments.room[1:], (increments.place[placed], column[placed], increments.volume[placed]))
    return rows.program(increments.gain, np.zeros(len(column)), np.ones(len(column)), bool(is_integer.any()), "max")


def in_order(increments: Increments, taken: Floats) -> Floats:
    """Return the same number of increments per item, the first ones first; it uses the same room and gains no less."""
    if not len(taken):
        return taken
    start = np.flatnonzero(np.diff(increments.item, prepend=increments.item[0] - 1))
    group = np.cumsum(np.diff(increments.item, prepend=increments.item[0] - 1) != 0) - 1
    position = np.arange(len(taken)) - start[group]
    count = np.bincount(group, taken).astype(np.float64)
    count = np.where(np.abs(count - np.rint(count)) < 1e-9, np.rint(count), count)
    return np.clip(count[group] - position, 0.0, 1.0).astype(np.float64)
