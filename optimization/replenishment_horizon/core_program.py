"""The contested items as a program in PuLP: choose one of the plans met for each contested item, all others keep theirs.

Columns are whole plans of an item, so that stock, packs, MOQ and shelf life need no rows; what is left are the rooms, and the minima of
order periods that are open.

Public: `CoreProgram`, `core_program`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program import LinearArrays, RowBuilder
from optimization.replenishment_horizon.course_of_stock import by_group
from optimization.replenishment_horizon.fixed_periods import FixedPeriods
from optimization.replenishment_horizon.horizon_problem import Floats, Integers
from optimization.replenishment_horizon.plan_pool import Blocks, Choices
from optimization.replenishment_horizon.prices import Prices

_Entries = tuple[Integers, Integers, Floats]


@dataclass(frozen=True)
class CoreProgram:
    """linear: columns are one per choice, one per block, then one per room with a limit and one per required minimum (by how much they give
    way, in shares of room or minimum). base_cost: of what is not in it. first_give: the first of those columns."""

    fixed: FixedPeriods
    choices: Choices
    linear: LinearArrays
    base_cost: float
    first_give: int

    def gives(self, x: Floats) -> Floats:
        """Return by how much rooms and minima give way, in shares."""
        return x[self.first_give :]

    def plan_of(self, x: Floats) -> Integers:
        """Return the plan that a solution in whole numbers chooses."""
        taken = np.flatnonzero(x[: len(self.choices.item)] > 0.5)
        plan = self.choices.base.copy()
        plan[self.choices.item[taken]] = self.choices.plan[taken]
        return plan

    def prices_of(self, duals: Floats) -> Prices:
        """Return what rooms and minima are worth; their rows come right after one row per contested item."""
        problem, first = self.fixed.problem, len(self.choices.contested)
        rooms, minima = self.fixed.finite, np.nonzero(self.fixed.required)
        room, minimum = np.zeros(len(problem.room)), np.zeros(self.fixed.required.shape)
        room[rooms] = np.maximum(-duals[first : first + len(rooms)], 0.0) / _room_unit(self.fixed)
        minimum[minima] = np.maximum(duals[first + len(rooms) :][: len(minima[0])], 0.0) / problem.minimum[minima[0]]
        return Prices(room, minimum)


def core_program(
    fixed: FixedPeriods, choices: Choices, margin: float, most: Prices | None = None, blocks: Blocks | None = None
) -> CoreProgram:
    """Return the program over `choices`. margin: the share of each room and minimum that is kept free. most: the price at which rooms and
    minima give way, None where they may not. blocks: what items without a choice may do; None where they keep their base plan."""
    problem, count = fixed.problem, len(choices.item)
    builder = RowBuilder()
    names, position = np.unique(choices.item, return_inverse=True)
    builder.add("=", np.ones(len(names)), (position, np.arange(count), np.ones(count)))
    rows = problem.part(choices.item)
    money = rows.at_order(choices.plan * rows.unit_cost[:, None])
    wide = 0 if blocks is None else len(blocks.group)
    base_money = problem.at_order(choices.base * problem.unit_cost[:, None]) * (blocks is None)
    rooms = _add_rooms(builder, fixed, choices, money, base_money, margin, blocks)
    minima = _add_minima(builder, fixed, choices, money, base_money, margin, blocks, rooms)
    if blocks is not None:
        builder.add("=", np.ones(int(blocks.group.max()) + 1), (blocks.group, count + np.arange(wide), np.ones(wide)))
    gives = rooms + minima
    cost = [choices.cost, np.zeros(0) if blocks is None else blocks.cost, np.zeros(gives) if most is None else _penalties(fixed, most)]
    upper = np.concatenate([np.ones(count + wide), np.full(gives, 0.0 if most is None else np.inf)])
    linear = builder.program(np.concatenate(cost), np.zeros(len(upper)), upper, is_integer=True)
    linear = replace(linear, is_integer=np.arange(len(upper)) < count)
    rest = float(choices.base_cost.sum()) if blocks is None else 0.0
    return CoreProgram(fixed, choices, linear, rest + fixed.fixed_cost, count + wide)


def _room_unit(fixed: FixedPeriods) -> Floats:
    return np.maximum(np.abs(fixed.problem.room[fixed.finite]), 1e-6)


def _penalties(fixed: FixedPeriods, most: Prices) -> Floats:
    supplier, period = np.nonzero(fixed.required)
    return np.concatenate([most.room[fixed.finite] * _room_unit(fixed), most.minimum[supplier, period] * fixed.problem.minimum[supplier]])


def _add_rooms(
    builder: RowBuilder, fixed: FixedPeriods, choices: Choices, money: Floats, base_money: Floats, margin: float, blocks: Blocks | None
) -> int:
    """Write the rooms that have a limit, each in shares of it, and return how many."""
    problem, finite, unit = fixed.problem, fixed.finite, _room_unit(fixed)
    periods, categories = problem.periods, len(problem.category_budget)
    number = np.full(len(problem.room), -1, dtype=np.int64)
    number[finite] = np.arange(len(finite))
    base_volume = choices.base_stock * problem.unit_volume[:, None] * (blocks is None)
    taken = np.concatenate(
        [
            base_money.sum(axis=0),
            by_group(problem.category, base_money, categories).ravel(),
            by_group(problem.place, base_volume, len(problem.volume)).ravel(),
        ]
    )
    rows = problem.part(choices.item)
    column = np.repeat(np.arange(len(choices.item)), periods)
    period = np.tile(np.arange(periods), len(choices.item))
    spent, volume = money.ravel(), (choices.stock * rows.unit_volume[:, None]).ravel()
    parts = (
        (period, spent, np.ones(len(column), dtype=np.bool_)),
        (periods * (1 + rows.category[column]) + period, spent, rows.category[column] >= 0),
        (periods * (1 + categories + rows.place[column]) + period, volume, rows.place[column] >= 0),
    )
    entries: list[_Entries] = []
    for room, value, exists in parts:
        exists = exists & (value != 0)
        index = number[room[exists]]
        known = index >= 0
        entries.append((index[known], column[exists][known], value[exists][known] / unit[index[known]]))
    first_give = len(choices.item)
    if blocks is not None:
        row, index = np.nonzero(blocks.room[:, finite])
        entries.append((index, first_give + row, blocks.room[:, finite][row, index] / unit[index]))
        first_give += len(blocks.group)
    gives = np.arange(len(finite))
    left = (problem.room[finite] - taken[finite]) / unit - margin
    builder.add("<=", left, *entries, (gives, first_give + gives, -np.ones(len(finite))))
    return len(finite)


def _add_minima(
    builder: RowBuilder,
    fixed: FixedPeriods,
    choices: Choices,
    money: Floats,
    base_money: Floats,
    margin: float,
    blocks: Blocks | None,
    rooms: int,
) -> int:
    """Write the minima of open order periods, each in shares of it, and return how many."""
    problem = fixed.problem
    supplier, period = np.nonzero(fixed.required)
    if not len(supplier):
        return 0
    number = np.full(fixed.required.shape, -1, dtype=np.int64)
    number[supplier, period] = np.arange(len(supplier))
    unit = problem.minimum[supplier]
    there = by_group(problem.supplier, base_money, len(problem.minimum))[supplier, period]
    column, at = np.nonzero(money)
    index = number[problem.supplier[choices.item[column]], at]
    known = index >= 0
    entries: list[_Entries] = [(index[known], column[known], money[column[known], at[known]] / unit[index[known]])]
    first_give = len(choices.item) + rooms
    if blocks is not None:
        plan, row = np.nonzero(blocks.value[:, supplier, period])
        groups = int(blocks.group.max()) + 1
        column = len(choices.item) + plan * groups + blocks.group_of[supplier[row]]
        entries.append((row, column, blocks.value[plan, supplier[row], period[row]] / unit[row]))
        first_give += len(blocks.group)
    gives = np.arange(len(supplier))
    builder.add(">=", 1 + margin - there / unit, *entries, (gives, first_give + gives, np.ones(len(supplier))))
    return len(supplier)
