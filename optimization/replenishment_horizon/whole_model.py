"""The same problem written down whole as one integer program: for small problems, and as the peer that the benchmark compares with.

Columns, all items x periods: packs arriving, line (1 = an order arrives), end stock, lost sales, units short of the safety stock, and
where a
safety stock has a penalty, gone (1 = demand is lost: only then stock could pay for being held back); then suppliers x periods: used.

Public: `whole_program`, `arriving_of`, `solve_whole`.
"""

from dataclasses import replace

import numpy as np

from optimization.linear_program import LinearArrays, RowBuilder, SolvedArrays, SolveOptions, solve_arrays
from optimization.replenishment_horizon.horizon_problem import Floats, HorizonProblem, Integers

_BLOCKS = 6  # of columns, items x periods each


def whole_program(problem: HorizonProblem) -> LinearArrays:
    """Return the problem as arrays."""
    items, periods = problem.items, problem.periods
    cells = items * periods
    packs, line, end, lost, short, gone = (np.arange(cells).reshape(items, periods) + block * cells for block in range(_BLOCKS))
    used = _BLOCKS * cells + np.arange(len(problem.minimum) * periods).reshape(len(problem.minimum), periods)
    most = np.maximum(problem.on_hand[:, None] + np.cumsum(problem.receipts, axis=1), problem.most_stock.max(axis=1, initial=0)[:, None])
    most = most + problem.receipts.sum(axis=1)[:, None]  # stock can never be more
    largest = np.where(problem.may_arrive, np.maximum(problem.most_stock, 0) // problem.pack[:, None], 0)
    held_back = (problem.safety_penalty > 0) & (problem.safety > 0)

    builder = RowBuilder()
    _stock_balance(builder, problem, packs, end, lost)
    cell, pack = np.arange(cells), np.repeat(problem.pack, periods).astype(np.float64)
    ones, zeros = np.ones(cells), np.zeros(cells)
    builder.add("<=", zeros, (cell, packs.ravel(), ones), (cell, line.ravel(), -largest.ravel().astype(np.float64)))
    builder.add(">=", zeros, (cell, packs.ravel(), ones), (cell, line.ravel(), -np.repeat(problem.moq_packs, periods).astype(np.float64)))
    _most_stock(builder, problem, end, lost, line, most)
    builder.add(">=", np.repeat(problem.safety, periods).astype(np.float64), (cell, end.ravel(), ones), (cell, short.ravel(), ones))
    _no_holding_back(builder, problem, np.flatnonzero(held_back), end, lost, gone, most)
    _suppliers(builder, problem, packs, line, used, pack)
    _rooms(builder, problem, packs, end, lost, pack)

    exists = (problem.may_order & problem.has_terms[:, None]).ravel().astype(np.float64)
    cost = (problem.line_cost, problem.holding, problem.lost_cost, np.where(held_back, problem.safety_penalty, 0.0), np.zeros(items))
    integer = np.zeros(_BLOCKS * cells + used.size, dtype=np.bool_)
    integer[: 2 * cells] = True
    integer[5 * cells :] = True
    arrays = builder.program(
        objective=np.concatenate([zeros, *(np.repeat(one, periods) for one in cost), np.repeat(problem.fixed, periods)]),
        lower=np.zeros(len(integer)),
        upper=np.concatenate(
            [
                largest.ravel(),
                problem.may_arrive.ravel(),
                np.full(cells, np.inf),
                problem.demand.ravel(),
                np.full(cells, np.inf),
                np.repeat(held_back, periods),
                exists,
            ]
        ).astype(np.float64),
        is_integer=True,
    )
    return replace(arrays, is_integer=integer)


def arriving_of(problem: HorizonProblem, x: Floats) -> Integers:
    """Return items x arrival periods, units, from the program's columns."""
    packs = np.rint(x[: problem.items * problem.periods]).astype(np.int64).reshape(problem.items, problem.periods)
    return packs * problem.pack[:, None]


def solve_whole(problem: HorizonProblem, options: SolveOptions) -> SolvedArrays:
    """Solve the whole program with HiGHS through PuLP; raises ValueError above `options.most_variables` columns."""
    return solve_arrays(whole_program(problem), options)


def _stock_balance(builder: RowBuilder, problem: HorizonProblem, packs: Integers, end: Integers, lost: Integers) -> None:
    """Write: end stock = end stock before + receipts + arrivals - demand + lost."""
    items, periods = packs.shape
    cell = np.arange(items * periods)
    later = np.arange(items * periods).reshape(items, periods)[:, 1:].ravel()
    rhs = (problem.receipts - problem.demand).astype(np.float64)
    rhs[:, 0] += problem.on_hand
    ones = np.ones(len(cell))
    builder.add(
        "=",
        rhs.ravel(),
        (cell, end.ravel(), ones),
        (later, end[:, :-1].ravel(), -np.ones(len(later))),
        (cell, packs.ravel(), -np.repeat(problem.pack, periods).astype(np.float64)),
        (cell, lost.ravel(), -ones),
    )


def _most_stock(builder: RowBuilder, problem: HorizonProblem, end: Integers, lost: Integers, line: Integers, most: Integers) -> None:
    """Write: where an order arrives, stock (end stock + demand - lost) is at most `most_stock`."""
    cell = np.arange(end.size)
    ones = np.ones(len(cell))
    slack = np.maximum(most - problem.most_stock, 0).astype(np.float64)
    rhs = (problem.most_stock - problem.demand + slack).astype(np.float64)
    builder.add("<=", rhs.ravel(), (cell, end.ravel(), ones), (cell, lost.ravel(), -ones), (cell, line.ravel(), slack.ravel()))


def _no_holding_back(
    builder: RowBuilder, problem: HorizonProblem, rows: Integers, end: Integers, lost: Integers, gone: Integers, most: Integers
) -> None:
    """Write for items whose safety stock has a penalty: demand is lost only where no stock is left."""
    cell = np.arange(len(rows) * problem.periods)
    ones, zeros = np.ones(len(cell)), np.zeros(len(cell))
    demand, limit = problem.demand[rows].ravel().astype(np.float64), most[rows].ravel().astype(np.float64)
    builder.add("<=", zeros, (cell, lost[rows].ravel(), ones), (cell, gone[rows].ravel(), -demand))
    builder.add("<=", limit, (cell, end[rows].ravel(), ones), (cell, gone[rows].ravel(), limit))


def _suppliers(builder: RowBuilder, problem: HorizonProblem, packs: Integers, line: Integers, used: Integers, pack: Floats) -> None:
    """Write: lines only where the supplier is used, and its minimum where it is."""
    periods = problem.periods
    item = np.repeat(np.arange(problem.items), periods)
    order_period = np.tile(np.arange(periods), problem.items) - problem.lead[item]
    own = np.flatnonzero((order_period >= 0) & problem.has_terms[problem.supplier[item]])
    column = used[problem.supplier[item[own]], order_period[own]]
    cell, ones = np.arange(len(own)), np.ones(len(own))
    builder.add("<=", np.zeros(len(own)), (cell, line.ravel()[own], ones), (cell, column, -ones))
    row = column - used[0, 0] if used.size else column
    value = (pack * problem.unit_cost[item])[own]
    minimum = np.repeat(np.where(problem.has_terms, problem.minimum, 0.0), periods)
    builder.add(">=", np.zeros(used.size), (row, packs.ravel()[own], value), (np.arange(used.size), used.ravel(), -minimum))


def _rooms(builder: RowBuilder, problem: HorizonProblem, packs: Integers, end: Integers, lost: Integers, pack: Floats) -> None:
    """Write the rooms; those without a limit are left out."""
    periods, categories = problem.periods, len(problem.category_budget)
    finite = np.flatnonzero(np.isfinite(problem.room))
    number = np.full(len(problem.room), -1, dtype=np.int64)
    number[finite] = np.arange(len(finite))
    item, period = np.repeat(np.arange(problem.items), periods), np.tile(np.arange(periods), problem.items)
    order_period = period - problem.lead[item]
    value, volume = pack * problem.unit_cost[item], problem.unit_volume[item]
    rhs = problem.room[finite].copy()
    entries = []
    categorised, placed = (order_period >= 0) & (problem.category[item] >= 0), problem.place[item] >= 0
    place_room = periods * (1 + categories + problem.place[item]) + period
    parts = [
        (order_period, packs.ravel(), value, order_period >= 0),
        (periods * (1 + problem.category[item]) + order_period, packs.ravel(), value, categorised),
        (place_room, end.ravel(), volume, placed),
        (place_room, lost.ravel(), -volume, placed),
    ]
    for room, column, weight, exists in parts:
        index = number[room[exists]]
        entries.append((index[index >= 0], column[exists][index >= 0], weight[exists][index >= 0]))
    known = placed & (number[np.where(placed, place_room, 0)] >= 0)
    np.subtract.at(rhs, number[place_room[known]], (volume * problem.demand.ravel())[known])  # stock = end stock + demand - lost
    builder.add("<=", rhs, *entries)
