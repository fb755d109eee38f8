"""Add to a calendar what still fits and pays, and say what stands in the way of the rest.

Public: `CalendarState`, `top_up`.
"""

import numpy as np

from optimization.linear_program.arrays import Flags, Floats, Integers
from optimization.promotion_calendar.calendar_program import CalendarProgram, LimitRow

_TOLERANCE = 1e-7


class CalendarState:
    """A calendar as it stands on the limits of its program; `rhs` may hold limits that gave way."""

    def __init__(self, program: CalendarProgram, chosen: Flags) -> None:
        """Start from the chosen choices, which must hold."""
        arrays, count = program.arrays, program.choices.height
        self.program, self.chosen = program, chosen.copy()
        self._limit_row = np.array([row.is_limit and not row.is_minimum for row in program.rows], dtype=np.bool_)
        order = np.argsort(arrays.entry_column, kind="stable")
        self._row, self._value = arrays.entry_row[order], arrays.entry_value[order]
        self._starts = np.searchsorted(arrays.entry_column[order], np.arange(count + 1))
        self.used = np.zeros(len(arrays.rhs))
        for column in np.flatnonzero(chosen).tolist():
            rows, values = self._entries(column)
            self.used[rows] += values
        self._partners = _partners(program)
        self._spots = set(zip(*(program.choices.filter(chosen)[name].to_list() for name in ("product_id", "week")), strict=True))
        self._products, self._weeks = program.choices["product_id"].to_list(), program.choices["week"].to_list()

    def loss(self, column: int) -> float:
        """Return what the choice loses to other products that are on promotion in its week, money."""
        product, week = self._products[column], self._weeks[column]
        return sum(loss for other, loss in self._partners.get((product, week), ()) if (other, week) in self._spots)

    def obstacles(self, column: int) -> list[LimitRow]:
        """Return the limits that one more promotion would break, in the order of the program's rows."""
        rows, values = self._entries(column)
        rhs = self.program.arrays.rhs[rows]
        broken = (self.used[rows] + values > rhs + _TOLERANCE * np.maximum(np.abs(rhs), 1.0)) & self._limit_row[rows] & (values > 0)
        return [self.program.rows[row] for row in np.sort(rows[broken]).tolist()]

    def add(self, column: int) -> None:
        """Put the choice into the calendar."""
        rows, values = self._entries(column)
        self.used[rows] += values
        self.chosen[column] = True
        self._spots.add((self._products[column], self._weeks[column]))

    def _entries(self, column: int) -> tuple[Integers, Floats]:
        part = slice(self._starts[column], self._starts[column + 1])
        return self._row[part], self._value[part]


def top_up(state: CalendarState) -> None:
    """Add choices that pay and break no limit, the most profitable first."""
    profit = state.program.arrays.objective[: len(state.chosen)]
    for column in np.lexsort((np.arange(len(profit)), -profit)).tolist():
        if profit[column] <= _TOLERANCE:
            return
        if not state.chosen[column] and not state.obstacles(column) and profit[column] - state.loss(column) > _TOLERANCE:
            state.add(column)


def _partners(program: CalendarProgram) -> dict[tuple[str, int], list[tuple[str, float]]]:
    found: dict[tuple[str, int], list[tuple[str, float]]] = {}
    losses = -program.arrays.objective[program.choices.height :]
    for (a, b, week), loss in zip(program.pairs, losses.tolist(), strict=True):
        found.setdefault((a, week), []).append((b, loss))
        found.setdefault((b, week), []).append((a, loss))
    return found
