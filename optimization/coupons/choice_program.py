"""A choice program: groups choose among columns, and all groups together keep some limits.

Terms
-----
column      one offer: a coupon for a customer (or a coupon kind for a segment)
group       who chooses: a customer (capacity 1) or a segment (capacity = its customers)
row         one joint limit, always kept as A x <= rhs; a minimum is stored with its signs turned
family      rows of which each column meets one at most (the segment budgets, say): a number per column and which row it counts in
price       what one more unit of a row's right-hand side is worth (>= 0)

Columns are sorted by group; within a group earlier columns win ties. A is never written out: with millions of columns its triples would
need more memory than all the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimization.coupons.offers import run_starts
from optimization.linear_program.arrays import Floats, Integers, LinearArrays

_AT_ONCE = 30_000  # groups
RowNumbers = NDArray[np.int16]


@dataclass(frozen=True)
class LimitRow:
    """What one row of the program means to a person."""

    limit_name: str
    scope: str
    unit: str
    allowed: float
    is_minimum: bool = False


@dataclass(frozen=True)
class RowFamily:
    """Column j counts `coefficient[j]` in row `row[j]`, -1 for none. A coefficient that is the same everywhere may have stride 0."""

    coefficient: Floats
    row: RowNumbers

    @property
    def is_everywhere(self) -> bool:
        """True where every column counts in the same row."""
        return len(self.row) > 0 and self.row.strides == (0,)

    def largest(self, rows: int) -> Floats:
        """Return the largest absolute coefficient per row, 0 where the family has none."""
        return self._extreme(rows, np.maximum, 0.0)

    def smallest(self, rows: int) -> Floats:
        """Return the smallest absolute coefficient other than 0 per row, infinite where the family has none."""
        return self._extreme(rows, np.minimum, np.inf)

    def _extreme(self, rows: int, pick: np.ufunc, otherwise: float) -> Floats:
        found = np.full(rows + 1, otherwise)
        if len(self.row):
            size = np.abs(self.coefficient)
            size = size if pick is np.maximum else np.where(size > 0, size, np.inf)
            if self.is_everywhere:
                found[int(self.row[0])] = pick.reduce(size)
            elif self.coefficient.strides == (0,):
                present = [row for row in range(int(self.row.max()) + 1) if (self.row == row).any()]
                found[present] = size[0]
            else:
                pick.at(found, self.row, size)
        return found[:rows]


def activity_of(families: tuple[RowFamily, ...], columns: Integers, counts: Floats, rows: int) -> Floats:
    """Return what some columns use of each row when they are chosen `counts` times."""
    total = np.zeros(rows + 1)
    for family in families:
        weights = family.coefficient[columns] * counts
        if family.is_everywhere:
            total[family.row[0]] += weights.sum()
        else:
            total += np.bincount(family.row[columns] % (rows + 1), weights=weights, minlength=rows + 1)
    return total[:rows]


@dataclass(frozen=True)
class ProgramPart:
    """Some groups and their columns, both as slices; `starts` and `sizes` are the groups' within the part."""

    groups: slice
    columns: slice
    starts: Integers
    sizes: Integers

    def first_top(self, values: Floats) -> tuple[Floats, Integers]:
        """Return per group the largest of the part's values and the first column that has it, counted within the part."""
        top = np.maximum.reduceat(values, self.starts)
        winners = np.flatnonzero(values == np.repeat(top, self.sizes))
        if len(winners) > len(self.starts):  # ties
            winners = winners[run_starts(np.searchsorted(self.starts, winners, side="right"))]
        return top, winners


@dataclass(frozen=True)
class ChoiceProgram:
    """Maximise value'x; each group's columns sum to at most its capacity; rows hold; x whole numbers from 0 to `upper`.

    `used_before` is what decisions outside of the program (coupons that a merchandiser gave) already take of each row, in the signs of
    `rhs`, which is what is left; `value_before` is what they are worth.
    """

    value: Floats
    upper: Floats
    group: NDArray[np.int32]
    capacity: Floats
    rows: tuple[LimitRow, ...]
    rhs: Floats
    families: tuple[RowFamily, ...]
    used_before: Floats = field(default_factory=lambda: np.zeros(0))
    value_before: float = 0.0

    @cached_property
    def group_starts(self) -> Integers:
        """First column of each group; every group has at least one column."""
        return run_starts(self.group)

    @cached_property
    def sizes(self) -> Integers:
        """Number of columns per group."""
        return np.diff(np.append(self.group_starts, len(self.value)))

    def charges(self, prices: Floats) -> Floats:
        """Return what each column pays at the prices, A'y."""
        paid = np.empty(len(self.value))
        for part in self.parts():
            paid[part.columns] = self.charges_of(part.columns, prices)
        return paid

    def parts(self) -> Iterator["ProgramPart"]:
        """Return the groups a few ten thousand at a time: what is worked on then stays in the processor's cache, and memory small."""
        ends = np.append(self.group_starts, len(self.value))
        for first in range(0, len(self.group_starts), _AT_ONCE):
            last = min(first + _AT_ONCE, len(self.group_starts))
            columns = slice(int(ends[first]), int(ends[last]))
            starts = self.group_starts[first:last] - columns.start
            yield ProgramPart(slice(first, last), columns, starts, self.sizes[first:last])

    def charges_of(self, columns: Integers | slice, prices: Floats) -> Floats:
        """Return what some columns pay at the prices."""
        of_row = np.append(prices, 0.0)  # the last is for row -1
        paid = np.zeros(len(self.value[columns]))
        for family in self.families:
            if family.is_everywhere:
                price: Any = of_row[family.row[0]]
                if not price:
                    continue
            else:
                price = of_row[family.row[columns]]
            paid += family.coefficient[columns] * price
        return paid

    def matrix(self, columns: Integers) -> Any:
        """Return A of some columns as a sparse matrix, one line per column."""
        from scipy.sparse import csr_matrix

        counts, rows, values = self._entries(columns)
        return csr_matrix((values, rows, np.concatenate([[0], np.cumsum(counts)])), shape=(len(columns), len(self.rhs)))

    def entries(self, columns: Integers) -> tuple[Integers, Integers, Floats]:
        """Return A of some columns as triples: position in `columns`, row, value; sorted by position."""
        counts, rows, values = self._entries(columns)
        return np.repeat(np.arange(len(columns), dtype=np.int64), counts), rows.astype(np.int64), values

    def _entries(self, columns: Integers) -> tuple[Integers, NDArray[np.int32], Floats]:
        """Return A of some columns: how many entries each column has, and all entries' rows and values, sorted by column."""
        rows = np.empty((len(columns), len(self.families)), dtype=np.int32)
        values = np.empty(rows.shape)
        for number, family in enumerate(self.families):
            rows[:, number], values[:, number] = family.row[columns], family.coefficient[columns]
        is_entry = (rows >= 0) & (values != 0)
        return is_entry.sum(axis=1), rows[is_entry], values[is_entry]

    def activity(self, x: Floats) -> Floats:
        """Return A x per row, without what was used before."""
        chosen = np.flatnonzero(x).astype(np.int64)
        return activity_of(self.families, chosen, x[chosen], len(self.rhs))

    @cached_property
    def largest_entry(self) -> Floats:
        """The largest absolute coefficient per row (0 for a row without columns)."""
        return np.max([np.zeros(len(self.rhs)), *(family.largest(len(self.rhs)) for family in self.families)], axis=0)

    @cached_property
    def smallest_entry(self) -> Floats:
        """The smallest absolute coefficient other than 0 per row (infinite for a row without columns)."""
        return np.min([np.full(len(self.rhs), np.inf), *(family.smallest(len(self.rhs)) for family in self.families)], axis=0)

    @cached_property
    def largest_value(self) -> float:
        """The largest absolute value, above 0."""
        return max(float(self.value.max(initial=0.0)), -float(self.value.min(initial=0.0)), 1e-12)

    def relaxed_by(self, extra: Floats) -> "ChoiceProgram":
        """Return the same program with `extra` added to the right-hand sides."""
        return replace(self, rhs=self.rhs + extra)

    def tie_broken_value(self, columns: Integers) -> Floats:
        """Return values lowered by an amount too small to matter, so that a tie goes to the earlier column of its group."""
        rank = columns - self.group_starts[self.group[columns]]
        return self.value[columns] - 1e-9 * rank * self.largest_value

    def tie_break_of(self, columns: Integers) -> float:
        """Return by how much at most the tie-break lowers the value of a plan of these columns."""
        ranked = (self.value[columns] - self.tie_broken_value(columns)) * self.upper[columns]
        return float(ranked.sum())

    def restricted_to(self, columns: Integers, rhs: Floats) -> LinearArrays:
        """Return the integer program over some columns (sorted) with what is left of the right-hand sides."""
        line, row, value = self.entries(columns)
        groups, group_row = np.unique(self.group[columns], return_inverse=True)
        binds = np.bincount(group_row, weights=self.upper[columns], minlength=len(groups)) > self.capacity[groups]
        renumbered = np.cumsum(binds) - 1 + len(rhs)
        in_binding = binds[group_row]
        return LinearArrays(
            objective=self.tie_broken_value(columns),
            lower=np.zeros(len(columns)),
            upper=self.upper[columns],
            is_integer=np.ones(len(columns), dtype=bool),
            row_sense=np.full(len(rhs) + int(binds.sum()), -1, dtype=np.int64),
            rhs=np.concatenate([rhs, self.capacity[groups][binds]]),
            entry_row=np.concatenate([row, renumbered[group_row[in_binding]]]),
            entry_column=np.concatenate([line, np.flatnonzero(in_binding)]),
            entry_value=np.concatenate([value, np.ones(int(in_binding.sum()))]),
            sense="max",
        )

    def whole(self) -> LinearArrays:
        """Return the whole problem as one integer program."""
        return self.restricted_to(np.arange(len(self.value), dtype=np.int64), self.rhs)
