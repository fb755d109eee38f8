"""Collect the rows of a program block by block, so that each kind of limit can be written down in one place.

Public: `RowBuilder`.
"""

import numpy as np

from optimization.linear_program.arrays import Floats, Integers, LinearArrays, Sense

_SENSES = {"<=": -1, "=": 0, ">=": 1}
Entries = tuple[Integers, Integers, Floats]
"""Row within the block, column, coefficient."""


class RowBuilder:
    """Rows added so far; `program` turns them into arrays."""

    def __init__(self) -> None:
        """Start without rows."""
        self._sense: list[Integers] = []
        self._rhs: list[Floats] = []
        self._entries: list[Entries] = []
        self.count = 0

    def add(self, sense: str, rhs: Floats, *entries: Entries) -> None:
        """Add one row per number in `rhs`; coefficients of the same row and column add up, zeros are left out."""
        for row, column, value in entries:
            useful = value != 0
            self._entries.append(
                ((row[useful] + self.count).astype(np.int64), column[useful].astype(np.int64), value[useful].astype(np.float64))
            )
        self._sense.append(np.full(len(rhs), _SENSES[sense], dtype=np.int64))
        self._rhs.append(rhs.astype(np.float64))
        self.count += len(rhs)

    def program(self, objective: Floats, lower: Floats, upper: Floats, is_integer: bool, sense: Sense = "min") -> LinearArrays:
        """Return the program of all rows added; `is_integer` holds for every variable."""
        none = np.zeros(0, dtype=np.int64)
        entries = self._entries or [(none, none, np.zeros(0))]
        return LinearArrays(
            objective=objective,
            lower=lower,
            upper=upper,
            is_integer=np.full(len(objective), is_integer, dtype=np.bool_),
            row_sense=np.concatenate([none, *self._sense]),
            rhs=np.concatenate([np.zeros(0), *self._rhs]),
            entry_row=np.concatenate([one[0] for one in entries]),
            entry_column=np.concatenate([one[1] for one in entries]),
            entry_value=np.concatenate([one[2] for one in entries]),
            sense=sense,
        )
