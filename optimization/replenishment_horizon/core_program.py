"""The contested part of a plan as an integer program in PuLP: choose one of the plans met for each contested item, all others stay.

Columns are whole plans of an item, so that stock, packs, MOQ and shelf life need no rows; what is left are the rooms, and suppliers'
terms.

Public: `Mixture`, `mix_plans`, `choose_plans`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program import LinearArrays, RowBuilder, SolveOptions, solve_arrays
from optimization.replenishment_horizon.course_of_stock import (
    course_of,
    item_costs,
    keeps_limits,
    supplier_values,
    suppliers_used,
    used_room,
)
from optimization.replenishment_horizon.find_prices import FoundPrices
from optimization.replenishment_horizon.first_plan import reduced_costs
from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.settings import HorizonSettings

_INTEGER_COLUMNS = 2_000
_MARGINS = (1e-5, 1e-4, 1e-3)  # shares of a room


@dataclass(frozen=True)
class _Choices:
    """One row per column: item, its plan (columns x arrival periods), cost. base: what items without a choice do (0 for the contested)."""

    item: Integers
    plan: Integers
    cost: Floats
    base: Integers
    contested: Integers


@dataclass(frozen=True)
class Mixture:
    """The linear relaxation over the plans in hand: cost of the best mixture, what rooms are worth to it, and whether it fits."""

    cost: float
    room_prices: Floats
    fits: bool


def mix_plans(found: FoundPrices, base: Integers, plans: list[Integers], settings: HorizonSettings) -> Mixture | None:
    """Return the best mixture of `base` and `plans`, None where the solver had no time. Rooms may give way at a high price."""
    choices = _choices(found, base, plans, settings.core_columns)
    relaxed = solve_arrays(_program(found.horizon.problem, choices, _penalty(found, 3.0), 0.0), _options(0.0, settings), relax=True)
    if relaxed.value is None or relaxed.duals is None:
        return None
    gives = relaxed.x[len(relaxed.x) - int(found.horizon.finite.sum()) :]
    return Mixture(relaxed.value + _base_cost(found, choices), _room_prices(found, choices, relaxed.duals), bool((gives <= 1e-9).all()))


def choose_plans(found: FoundPrices, base: Integers, plans: list[Integers], wanted: float, settings: HorizonSettings) -> Integers | None:
    """Return the best plan made of `base` and `plans` that keeps every limit, None where none was found.

    wanted: the distance from the best, in money, at which the search may stop. The linear relaxation is solved over all choices; few
    items are
    split between plans in it, and the integer program is over the choices that it holds to be worth most.
    """
    problem = found.horizon.problem
    choices = _choices(found, base, plans, settings.core_columns)
    for margin in _MARGINS:  # rooms give way by a hair where that is worth it: a hair is kept free for that
        program = _program(problem, choices, _penalty(found, 30.0), margin)
        relaxed = solve_arrays(program, _options(wanted, settings), relax=True)
        if relaxed.value is None or relaxed.reduced_costs is None:
            return None
        kept = _most_promising(program, relaxed.x, relaxed.reduced_costs, len(choices.item))
        solved = solve_arrays(kept, _options(wanted, settings))
        if solved.value is None:
            return None
        taken = np.flatnonzero(solved.x[: len(choices.item)] > 0.5)
        chosen = choices.base.copy()
        chosen[choices.item[taken]] = choices.plan[taken]
        if keeps_limits(problem, course_of(problem, chosen)):
            return chosen
    return None


def _options(wanted: float, settings: HorizonSettings) -> SolveOptions:
    return SolveOptions(
        relative_gap=0.0,
        absolute_gap=wanted,
        most_nodes=settings.core_nodes,
        time_limit_seconds=settings.time_limit_seconds,
        seed=settings.seed,
    )


def _penalty(found: FoundPrices, times: float) -> float:
    """Return what a room costs that gives way by all of its size: more than any room is worth."""
    worth = found.prices.room * np.where(found.horizon.finite, found.horizon.problem.room, 0.0)
    return times * max(float(worth.max(initial=0.0)), 0.1 * abs(found.bound), 1.0)


def _base_cost(found: FoundPrices, choices: _Choices) -> float:
    """Return the cost of the items without a choice; their suppliers' fixed costs are in the program where a choice uses them too."""
    problem = found.horizon.problem
    others = np.setdiff1d(np.arange(problem.items), choices.contested)
    rest = problem.part(others)
    course = course_of(rest, choices.base[others])
    used = suppliers_used(rest, course.arriving)
    used[problem.supplier[choices.contested]] = False  # counted by the program, a bound where the program has no column for a period
    return float(item_costs(rest, course).sum() + (problem.fixed[:, None] * used).sum())


def _room_prices(found: FoundPrices, choices: _Choices, duals: Floats) -> Floats:
    """Return the prices of the rooms; their rows come right after one row per contested item, in shares of the room."""
    finite = np.flatnonzero(found.horizon.finite)
    first = len(choices.contested)
    prices = np.zeros(len(found.prices.room))
    unit = np.maximum(np.abs(found.horizon.problem.room[finite]), 1e-6)
    prices[finite] = np.maximum(-duals[first : first + len(finite)], 0.0) / unit
    return prices


def _most_promising(program: LinearArrays, x: Floats, reduced: Floats, choices: int) -> LinearArrays:
    """Return the program without the choices that the relaxation values least."""
    if choices <= _INTEGER_COLUMNS:
        return program
    dear = np.where(x[:choices] > 1e-9, -1.0, reduced[:choices])
    limit = np.partition(dear, _INTEGER_COLUMNS)[_INTEGER_COLUMNS]
    upper = program.upper.copy()
    upper[:choices][(dear > 0) & (dear >= limit)] = 0.0
    return replace(program, upper=upper)


def _choices(found: FoundPrices, base: Integers, plans: list[Integers], most: int) -> _Choices:
    """Return the plans that differ from the base plan, least reduced cost first, until with the base plans `most` columns are taken."""
    problem = found.horizon.problem
    rows = np.arange(problem.items)
    first_cost = item_costs(problem, course_of(problem, base))
    seen, costs = [base], [first_cost]
    item, source, score = [rows], [np.zeros_like(rows)], [reduced_costs(found, base, first_cost)]
    for plan in plans:
        fresh = np.flatnonzero(~np.any([(plan == other).all(axis=1) for other in seen], axis=0))
        cost = item_costs(problem, course_of(problem, plan))
        item.append(fresh)
        source.append(np.full(len(fresh), len(seen)))
        score.append(reduced_costs(found, plan, cost)[fresh])
        seen.append(plan)
        costs.append(cost)
    items, sources, scores = np.concatenate(item), np.concatenate(source), np.concatenate(score)
    others = np.flatnonzero(sources > 0)
    others = others[np.lexsort((sources[others], items[others], scores[others]))][:most]
    new = np.zeros(len(others), dtype=np.bool_)  # the first choice of an item brings a second column, its base plan
    new[np.unique(items[others], return_index=True)[1]] = True
    others = others[np.cumsum(1 + new) <= most]
    contested = np.unique(items[others])
    columns = np.concatenate([contested, others])
    columns = columns[np.lexsort((sources[columns], items[columns]))]
    apart = base.copy()
    apart[contested] = 0
    return _Choices(
        items[columns],
        np.stack(seen)[sources[columns], items[columns]],
        np.stack(costs)[sources[columns], items[columns]],
        apart,
        contested,
    )


def _program(problem: HorizonProblem, choices: _Choices, penalty: float, margin: float) -> LinearArrays:
    """Columns: one per choice, then one per supplier with terms and order period that a choice may use (1 = used), then one per room with a
    limit (share of it by which it gives way, at `penalty`)."""
    item, count = choices.item, len(choices.item)
    rows = problem.part(item)
    money = rows.at_order(choices.plan * rows.unit_cost[:, None])
    others = np.setdiff1d(np.arange(problem.items), choices.contested)
    rest = problem.part(others)
    rest_course = course_of(rest, choices.base[others])
    switches = _Switches(problem, item, rows.at_order((choices.plan > 0).astype(np.float64)) > 0, count)

    builder = RowBuilder()
    names, position = np.unique(item, return_inverse=True)
    builder.add("=", np.ones(len(names)), (position, np.arange(count), np.ones(count)))
    first_give = count + len(switches.supplier)
    taken = used_room(rest, rest_course)
    gives = _rooms(builder, problem, rows, course_of(rows, choices.plan).stock, money, taken, margin, first_give)
    fixed_value = supplier_values(rest, rest_course.arriving)
    switches.link(builder, position)
    switches.minima(builder, money, fixed_value)
    used_anyway = (fixed_value > 0)[switches.supplier, switches.period].astype(np.float64)
    lower = np.concatenate([np.zeros(count), used_anyway, np.zeros(gives)])
    upper = np.concatenate([np.ones(first_give), np.full(gives, np.inf)])
    cost = np.concatenate([choices.cost, problem.fixed[switches.supplier], np.full(gives, penalty)])
    program = builder.program(cost, lower, upper, is_integer=True)
    return replace(program, is_integer=np.arange(len(cost)) < first_give)


class _Switches:
    """The columns of suppliers with terms: one per order period that a choice of theirs uses."""

    def __init__(self, problem: HorizonProblem, item: Integers, uses: Flags, first: int) -> None:
        self.problem, self.item = problem, item
        self.owner = problem.supplier[item]
        self.uses = uses & problem.has_terms[self.owner][:, None]
        used = np.zeros(problem.may_order.shape, dtype=np.bool_)
        row, period = np.nonzero(self.uses)
        used[self.owner[row], period] = True
        self.supplier, self.period = np.nonzero(used)
        self.column = np.full(used.shape, -1, dtype=np.int64)
        self.column[used] = first + np.arange(len(self.supplier))

    def link(self, builder: RowBuilder, position: Integers) -> None:
        """Write: an item orders in a period only where its supplier is used."""
        row, period = np.nonzero(self.uses)
        pair, index = np.unique(position[row] * self.problem.periods + period, return_inverse=True)
        column = np.zeros(len(pair), dtype=np.int64)
        column[index] = self.column[self.owner[row], period]
        ones = np.ones(len(pair))
        builder.add("<=", np.zeros(len(pair)), (index, row, np.ones(len(row))), (np.arange(len(pair)), column, -ones))

    def minima(self, builder: RowBuilder, money: Floats, fixed_value: Floats) -> None:
        """Write: a supplier used in a period gets its minimum order value there."""
        index = np.full(self.column.shape, -1, dtype=np.int64)
        index[self.supplier, self.period] = np.arange(len(self.supplier))
        row, period = np.nonzero(self.uses)
        builder.add(
            ">=",
            -fixed_value[self.supplier, self.period],
            (index[self.owner[row], period], row, money[row, period]),
            (np.arange(len(self.supplier)), self.column[self.supplier, self.period], -self.problem.minimum[self.supplier]),
        )


def _rooms(
    builder: RowBuilder,
    problem: HorizonProblem,
    rows: HorizonProblem,
    stock: Integers,
    money: Floats,
    taken: Floats,
    margin: float,
    first_give: int,
) -> int:
    """Write the rooms that have a limit, each in shares of it, and return how many; `taken` is what items without a choice use."""
    periods, categories = problem.periods, len(problem.category_budget)
    number = np.full(len(problem.room), -1, dtype=np.int64)
    finite = np.flatnonzero(np.isfinite(problem.room))
    number[finite] = np.arange(len(finite))
    unit = np.maximum(np.abs(problem.room[finite]), 1e-6)
    left = (problem.room[finite] - taken[finite]) / unit - margin
    column = np.repeat(np.arange(len(stock)), periods)
    period = np.tile(np.arange(periods), len(stock))
    volume = (stock * rows.unit_volume[:, None]).ravel()
    spent = money.ravel()
    parts = (
        (period, spent, np.ones(len(column), dtype=np.bool_)),
        (periods * (1 + rows.category[column]) + period, spent, rows.category[column] >= 0),
        (periods * (1 + categories + rows.place[column]) + period, volume, rows.place[column] >= 0),
    )
    entries = []
    for room, value, exists in parts:
        exists = exists & (value != 0)
        index = number[room[exists]]
        known = index >= 0
        entries.append((index[known], column[exists][known], value[exists][known] / unit[index[known]]))
    gives = np.arange(len(finite))
    builder.add("<=", left, *entries, (gives, first_give + gives, -np.ones(len(finite))))
    return len(finite)
