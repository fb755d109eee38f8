"""Customers at given prices: what each would choose alone, how close the call is, and the bound that follows.

L(y) = rhs'y + sum over groups of max(0, best of value - A'y) is above every plan that keeps the limits, whatever the prices y >= 0 are.
"""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.smoothed_dual import DualProblem
from optimization.linear_program.arrays import Floats, Integers


@dataclass(frozen=True)
class PricedGroups:
    """Every group at `prices`: best column (-1: none is worth its price) and what it leaves, how close the call is, and L(prices)."""

    prices: Floats
    choice: Integers
    top: Floats
    regret: Floats
    bound: float


def price_groups(program: ChoiceProgram, prices: Floats) -> PricedGroups:
    """Return every group's own choice at the prices. regret: what the second best (or nothing) falls short of the choice, >= 0."""
    groups = len(program.group_starts)
    choice, top, regret = np.empty(groups, dtype=np.int64), np.empty(groups), np.empty(groups)
    for part in program.parts():
        reduced = program.value[part.columns] - program.charges_of(part.columns, prices)
        best, first = part.first_top(reduced)
        reduced[first] = -np.inf
        second = np.maximum.reduceat(reduced, part.starts)
        regret[part.groups] = np.where(best > 0, best - np.maximum(second, 0.0), -best)
        choice[part.groups] = np.where(best > 0, first + part.columns.start, -1)
        top[part.groups] = np.maximum(best, 0.0)
    return PricedGroups(prices, choice, top, regret, float(program.rhs @ prices + top.sum()))


def columns_of(program: ChoiceProgram, groups: Integers) -> Integers:
    """Return the columns of some groups (sorted), in order."""
    sizes = program.sizes[groups]
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return (np.repeat(program.group_starts[groups] - offsets, sizes) + np.arange(int(sizes.sum()))).astype(np.int64)


def dual_of(program: ChoiceProgram, groups: Integers, rhs: Floats) -> DualProblem:
    """Return the dual problem of some groups (sorted) with right-hand sides of their own."""
    columns = columns_of(program, groups)
    sizes = program.sizes[groups]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    return DualProblem(program.value[columns], program.matrix(columns), starts, rhs)


def closest(regret: Floats, count: int) -> Integers:
    """Return the `count` groups of smallest regret, sorted; among equals the earlier."""
    if count >= len(regret):
        return np.arange(len(regret), dtype=np.int64)
    edge = np.partition(regret, count - 1)[count - 1]
    below, equal = np.flatnonzero(regret < edge), np.flatnonzero(regret == edge)
    return np.sort(np.concatenate([below, equal[: count - len(below)]])).astype(np.int64)
