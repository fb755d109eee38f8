"""Merges customers who have the same offers with the same numbers: an exact reduction.

Where average effects are used, hundreds of customers are alike, and an integer program that tells them apart searches among equal
plans without end. Merged, they are one group whose capacity is their number; the plan says how many of them get which coupon, and
they get it in key order.
"""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram, RowFamily
from optimization.linear_program.arrays import Floats, Integers

_LOOKED_AT = 500  # customers looked at first: where these differ, nobody is merged


@dataclass(frozen=True)
class MergedProgram:
    """The smaller program, and for each of its groups the customers (groups of the original program) it stands for."""

    program: ChoiceProgram
    members: tuple[Integers, ...]
    starts: Integers
    n_columns: int

    def expand(self, x: Floats) -> Floats:
        """Return the plan for every customer from the counts per merged column."""
        whole = np.zeros(self.n_columns)
        column = 0
        offers = np.bincount(self.program.group)
        for customers, n_offers in zip(self.members, offers, strict=True):
            given = 0
            for offer in range(n_offers):
                count = round(float(x[column + offer]))
                whole[self.starts[customers[given : given + count]] + offer] = 1.0
                given += count
            column += int(n_offers)
        return whole


def merge_customers(program: ChoiceProgram) -> MergedProgram | None:
    """Return the merged program, or None where fewer than half of the customers would go. Capacities and upper bounds must be 1."""
    starts = program.group_starts
    sizes = np.diff(np.append(starts, len(program.value)))
    if len(np.unique(program.value[starts[:_LOOKED_AT]])) * 2 > len(starts[:_LOOKED_AT]):
        return None
    kinds = _column_kinds(program)
    offers = np.full((len(starts), int(sizes.max())), -1, dtype=np.int64)
    offers[program.group, np.arange(len(kinds)) - starts[program.group]] = kinds
    _, first, kind_of = np.unique(offers, axis=0, return_index=True, return_inverse=True)
    if len(first) * 2 > len(starts):
        return None
    order = np.argsort(first, kind="stable")  # merged groups in the order of their first customer
    by_kind = np.argsort(kind_of.ravel(), kind="stable").astype(np.int64)
    counts = np.bincount(kind_of.ravel(), minlength=len(first))
    members = np.split(by_kind, np.cumsum(counts)[:-1])
    kept = np.flatnonzero(np.isin(program.group, first)).astype(np.int64)
    group = np.repeat(np.arange(len(order)), sizes[first[order]]).astype(np.int32)
    capacity = counts[order].astype(np.float64)
    smaller = ChoiceProgram(
        value=program.value[kept],
        upper=capacity[group],
        group=group,
        capacity=capacity,
        rows=program.rows,
        rhs=program.rhs,
        families=tuple(RowFamily(family.coefficient[kept], family.row[kept]) for family in program.families),
    )
    return MergedProgram(smaller, tuple(members[kind] for kind in order), starts, len(program.value))


def _column_kinds(program: ChoiceProgram) -> Integers:
    """A number per column, the same for columns with the same value and the same entries in every row."""
    parts = [program.value]
    for family in program.families:
        parts += [np.where(family.row >= 0, family.coefficient, 0.0), family.row.astype(np.float64)]
    return np.unique(np.stack(parts, axis=1), axis=0, return_inverse=True)[1].ravel().astype(np.int64)
