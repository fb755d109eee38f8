"""The joint problem written down whole: one PuLP program with a binary per item and size and a switch per binding supplier.

It shares nothing with the search by prices, and proves it on small problems. Above some thousands of sizes it takes minutes.

Public: `whole_model`, `solve_whole`.
"""

import numpy as np

from optimization.linear_program import LinearArrays, RowBuilder, SolvedArrays, SolveOptions, solve_arrays
from optimization.replenishment.joint_problem import Integers, JointProblem


def whole_model(problem: JointProblem) -> tuple[LinearArrays, Integers, Integers]:
    """Return the program and the item and size of its first columns; then follow the switches of binding suppliers, in their order."""
    item, size = np.nonzero(np.isfinite(problem.cost))
    columns = np.arange(len(item))
    units = problem.units[item, size]
    suppliers = np.flatnonzero(problem.binding)
    position = np.full(len(problem.minimum), -1, dtype=np.int64)
    position[suppliers] = np.arange(len(suppliers))
    builder = RowBuilder()
    builder.add("=", np.ones(len(problem.units)), (item, columns, np.ones(len(item))))
    switched = np.flatnonzero((units > 0) & (position[problem.supplier[item]] >= 0))
    owner = position[problem.supplier[item[switched]]]
    rows = np.arange(len(switched))
    ones = np.ones(len(switched))
    builder.add("<=", np.zeros(len(switched)), (rows, switched, ones), (rows, len(item) + owner, -ones))
    value = units[switched] * problem.unit_cost[item[switched]]
    minimum = (np.arange(len(suppliers)), len(item) + np.arange(len(suppliers)), -problem.minimum[suppliers])
    builder.add(">=", np.zeros(len(suppliers)), (owner, switched, value), minimum)
    for room in np.flatnonzero(np.isfinite(problem.room)).tolist():
        for rooms, amount in problem.room_use:
            inside = np.flatnonzero(rooms[item] == room)
            if len(inside):
                builder.add("<=", problem.room[[room]], (np.zeros(len(inside), dtype=np.int64), inside, (units * amount[item])[inside]))
    objective = np.concatenate([problem.cost[item, size], problem.fixed[suppliers]])
    zeros, all_ones = np.zeros(len(objective)), np.ones(len(objective))
    return builder.program(objective, zeros, all_ones, is_integer=True), item, size


def solve_whole(problem: JointProblem, options: SolveOptions | None = None) -> tuple[SolvedArrays, Integers]:
    """Return the solver's answer and its sizes (all 0 where it has none); by default solved to a gap of 0."""
    program, item, size = whole_model(problem)
    solved = solve_arrays(program, options or SolveOptions(relative_gap=0.0, absolute_gap=0.0))
    picks = np.zeros(len(problem.units), dtype=np.int64)
    if solved.value is not None:
        chosen = solved.x[: len(item)] > 0.5
        picks[item[chosen]] = size[chosen]
    return solved, picks
