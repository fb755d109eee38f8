"""A linear or integer program as arrays: columns 0..n-1, rows 0..m-1, coefficients as triples."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Sense = Literal["min", "max"]


@dataclass(frozen=True)
class LinearArrays:
    """Optimise objective'x subject to rows (A x sense rhs) and lower <= x <= upper.

    `row_sense` holds -1 for <=, 0 for = and 1 for >=. `lower` and `upper` may be infinite. Coefficients of one (row, column) pair add up.
    """

    objective: Floats
    lower: Floats
    upper: Floats
    is_integer: Flags
    row_sense: Integers
    rhs: Floats
    entry_row: Integers
    entry_column: Integers
    entry_value: Floats
    sense: Sense = "min"

    def __post_init__(self) -> None:
        """Refuse arrays that contradict each other; a wrong shape must never become a silent wrong plan."""
        columns, rows = len(self.objective), len(self.rhs)
        if not len(self.lower) == len(self.upper) == len(self.is_integer) == columns:
            raise ValueError("Expected objective, lower, upper and is_integer of equal length.")
        if len(self.row_sense) != rows or not np.isin(self.row_sense, (-1, 0, 1)).all():
            raise ValueError("Expected one sense of -1, 0 or 1 per row.")
        if not len(self.entry_row) == len(self.entry_column) == len(self.entry_value):
            raise ValueError("Expected entry_row, entry_column and entry_value of equal length.")
        if not (np.isfinite(self.objective).all() and np.isfinite(self.rhs).all() and np.isfinite(self.entry_value).all()):
            raise ValueError("Expected finite objective, right-hand sides and coefficients.")
        if np.isnan(self.lower).any() or np.isnan(self.upper).any() or (self.lower > self.upper).any():
            raise ValueError("Expected lower <= upper for every variable.")
        if len(self.entry_row) and not (self.entry_row.min() >= 0 and self.entry_row.max() < rows):
            raise ValueError("A coefficient names a row that does not exist.")
        if len(self.entry_column) and not (self.entry_column.min() >= 0 and self.entry_column.max() < columns):
            raise ValueError("A coefficient names a variable that does not exist.")

    @property
    def has_integers(self) -> bool:
        """True where at least one variable must be a whole number."""
        return bool(self.is_integer.any())

    def activity(self, x: Floats) -> Floats:
        """Return A x, one number per row."""
        return np.bincount(self.entry_row, weights=self.entry_value * x[self.entry_column], minlength=len(self.rhs)).astype(np.float64)

    def excess(self, x: Floats) -> Floats:
        """Return by how much each row is broken (0 where it holds), in the row's own unit."""
        over = self.activity(x) - self.rhs
        return np.where(self.row_sense == -1, np.maximum(over, 0), np.where(self.row_sense == 1, np.maximum(-over, 0), np.abs(over)))
