"""A choice program: groups choose among columns, and all groups together keep some limits.

Terms
-----
column      one offer: a coupon for a customer (or a coupon kind for a segment)
group       who chooses: a customer (capacity 1) or a segment (capacity = its customers)
row         one joint limit, always kept as A x <= rhs; a minimum is stored with its signs turned
price       what one more unit of a row's right-hand side is worth (>= 0)

Columns are sorted by group; within a group earlier columns win ties.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.linear_program.arrays import Floats, Integers, LinearArrays

Signs = NDArray[np.float64]


@dataclass(frozen=True)
class LimitRow:
    """What one row of the program means to a person."""

    limit_name: str
    scope: str
    unit: str
    allowed: float
    is_minimum: bool = False


@dataclass(frozen=True)
class ChoiceProgram:
    """Maximise value'x; each group's columns sum to at most its capacity; rows hold; x whole numbers from 0 to `upper`."""

    value: Floats
    upper: Floats
    group: Integers
    capacity: Floats
    rows: tuple[LimitRow, ...]
    rhs: Floats
    entry_row: Integers
    entry_column: Integers
    entry_value: Floats

    @property
    def group_starts(self) -> Integers:
        """First column of each group; every group has at least one column."""
        return np.flatnonzero(np.diff(self.group, prepend=-1)).astype(np.int64)

    def matrix(self) -> Any:
        """Return A as a sparse matrix, columns x rows (one line per offer)."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.entry_value, (self.entry_column, self.entry_row)), shape=(len(self.value), len(self.rhs)))

    def activity(self, x: Floats) -> Floats:
        """Return A x per row."""
        weights = self.entry_value * x[self.entry_column]
        return np.bincount(self.entry_row, weights=weights, minlength=len(self.rhs)).astype(np.float64)

    def largest_entry(self) -> Floats:
        """Return the largest coefficient per row (0 for a row without columns)."""
        largest = np.zeros(len(self.rhs))
        np.maximum.at(largest, self.entry_row, np.abs(self.entry_value))
        return largest

    def relaxed_by(self, extra: Floats) -> "ChoiceProgram":
        """Return the same program with `extra` added to the right-hand sides."""
        return replace(self, rhs=self.rhs + extra)

    def tie_broken_value(self) -> Floats:
        """Return values lowered by an amount too small to matter, so that a tie goes to the earlier column of its group."""
        rank = np.arange(len(self.value)) - self.group_starts[self.group]
        return self.value - 1e-9 * rank * max(float(np.abs(self.value).max(initial=0.0)), 1e-12)

    def restricted_to(self, columns: Integers, rhs: Floats) -> LinearArrays:
        """Return the integer program over some columns (sorted) with what is left of the right-hand sides."""
        position = np.full(len(self.value), -1, dtype=np.int64)
        position[columns] = np.arange(len(columns))
        keep = position[self.entry_column] >= 0
        groups, group_row = np.unique(self.group[columns], return_inverse=True)
        binds = np.ones(len(groups), dtype=bool)
        binds[:] = np.bincount(group_row, weights=self.upper[columns], minlength=len(groups)) > self.capacity[groups]
        renumbered = np.cumsum(binds) - 1 + len(rhs)
        in_binding = binds[group_row]
        return LinearArrays(
            objective=self.tie_broken_value()[columns],
            lower=np.zeros(len(columns)),
            upper=self.upper[columns],
            is_integer=np.ones(len(columns), dtype=bool),
            row_sense=np.full(len(rhs) + int(binds.sum()), -1, dtype=np.int64),
            rhs=np.concatenate([rhs, self.capacity[groups][binds]]),
            entry_row=np.concatenate([self.entry_row[keep], renumbered[group_row[in_binding]]]),
            entry_column=np.concatenate([position[self.entry_column[keep]], np.flatnonzero(in_binding)]),
            entry_value=np.concatenate([self.entry_value[keep], np.ones(int(in_binding.sum()))]),
            sense="max",
        )

    def whole(self) -> LinearArrays:
        """Return the whole problem as one integer program."""
        return self.restricted_to(np.arange(len(self.value), dtype=np.int64), self.rhs)
