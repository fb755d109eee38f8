"""The contested part of a plan as an integer program in PuLP, the rest fixed by proof.

A size is dropped only where forcing it would lift the lower bound above the cost of a plan already in hand: no better plan can
contain it, so dropping is exact (fixing by reduced cost). What is left is usually a few dozen items near the margin. Only where more than
`core_variables` sizes are left are the least promising dropped without proof, and then the bound of the prices is the one reported.

Public: `CoreAnswer`, `solve_core`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.linear_program import LinearArrays, RowBuilder, SolveOptions, solve_arrays
from optimization.replenishment.joint_problem import Flags, Floats, Integers, JointProblem, supplier_values, total_cost
from optimization.replenishment.priced_problem import Priced, reduced_costs
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.replenishment.supplier_programs import SupplierBounds


@dataclass(frozen=True)
class CoreAnswer:
    """picks: one size per item, None where the core holds no better plan. bound: no plan costs less, None where nothing is proven."""

    picks: Integers | None
    bound: float | None


def solve_core(
    problem: JointProblem, answer: Priced, apart: SupplierBounds, picks: Integers, settings: ReplenishmentSettings
) -> CoreAnswer:
    """Return the best plan below the cost of `picks`, the plan in hand."""
    ceiling = total_cost(problem, picks)
    others = apart.bound - apart.lower  # per supplier, the bound on everything but its own order
    forced = _forced_bounds(problem, answer, others)
    slack = 1e-9 * max(abs(ceiling), 1.0)
    kept = np.isfinite(problem.cost) & (forced <= ceiling + slack)
    proven = True
    if int(kept.sum(axis=1)[kept.sum(axis=1) > 1].sum()) > settings.core_variables:
        kept, proven = _fewer(kept, forced, picks, settings.core_variables), False
    if not kept.any(axis=1).all():
        return CoreAnswer(None, ceiling if proven else None)  # nothing below the ceiling can exist
    program, item, size, constant = _program(problem, answer, others, kept, ceiling + slack)
    base = kept.argmax(axis=1)
    gap = max(settings.relative_gap * max(abs(ceiling), 1.0), 1e-9)
    options = SolveOptions(
        relative_gap=0.0,
        absolute_gap=gap,
        most_nodes=settings.core_nodes,
        time_limit_seconds=settings.time_limit_seconds,
        seed=settings.seed,
    )
    solved = solve_arrays(program, options)
    if solved.status == "infeasible":
        return CoreAnswer(None, ceiling if proven else None)
    if solved.value is None:
        return CoreAnswer(None, None)
    found = np.where(kept.sum(axis=1) == 1, base, 0).astype(np.int64)
    chosen = solved.x[: len(item)] > 0.5
    found[item[chosen]] = size[chosen]
    bound = None if solved.bound is None or not proven else min(solved.bound + constant, ceiling)
    return CoreAnswer(found, bound)


def _forced_bounds(problem: JointProblem, answer: Priced, others: Floats) -> Floats:
    """Return, per item and size, a bound on the cost of every plan that takes this size."""
    owner = problem.supplier
    forced = (others + answer.on_cost)[owner][:, None] + reduced_costs(problem, answer)
    forced[:, 0] = np.minimum(forced[:, 0], np.where(problem.binding, others + answer.off_cost, np.inf)[owner])
    return np.where(np.isnan(forced), np.inf, forced)


def _fewer(kept: Flags, forced: Floats, picks: Integers, most: int) -> Flags:
    """Return the flags with only the sizes of the plan in hand and the most promising others."""
    present = np.zeros_like(kept)
    present[np.arange(len(kept)), picks] = True
    others = np.where(kept & ~present, forced, np.inf)
    limit = np.partition(others.ravel(), most)[most] if others.size > most else np.inf
    return present | (others < limit)


def _program(
    problem: JointProblem, answer: Priced, others: Floats, kept: Flags, ceiling: float
) -> tuple[LinearArrays, Integers, Integers, float]:
    """Return the integer program, the item and size behind each of its first columns, and the cost of what is fixed.

    Columns: one per contested item and kept size, then one per binding supplier (1 = used).
    """
    contested = kept.sum(axis=1) > 1
    rows = np.arange(len(kept))
    fixed_picks = kept.argmax(axis=1)
    fixed_units = np.where(contested, 0.0, problem.units[rows, fixed_picks])
    item, size = np.nonzero(kept & contested[:, None])
    units = problem.units[item, size]
    suppliers = np.flatnonzero(problem.binding)
    switch = np.full(len(problem.minimum), -1, dtype=np.int64)  # a supplier's column, -1 where it needs none
    switch[suppliers] = len(item) + np.arange(len(suppliers))

    builder = RowBuilder()
    _one_size_per_item(builder, item)
    _only_from_used_suppliers(builder, item, size, switch[problem.supplier])
    _minimum_order_values(builder, problem, item, units, fixed_units, suppliers, switch)
    _rooms(builder, problem, item, units, fixed_units)

    must = np.bincount(problem.supplier, weights=fixed_units, minlength=len(problem.minimum)) > 0
    must |= others + answer.off_cost > ceiling
    never = ~must & (others + answer.on_cost > ceiling)
    program = builder.program(
        objective=np.concatenate([problem.cost[item, size] - problem.cost[item, 0], problem.fixed[suppliers]]),
        lower=np.concatenate([np.zeros(len(item)), must[suppliers].astype(np.float64)]),
        upper=np.concatenate([np.ones(len(item)), (~never[suppliers]).astype(np.float64)]),
        is_integer=True,
    )
    constant = float(problem.cost[rows, fixed_picks][~contested].sum() + problem.cost[contested, 0].sum())
    return program, item, size, constant


def _one_size_per_item(builder: RowBuilder, item: Integers) -> None:
    names, position = np.unique(item, return_inverse=True)
    builder.add("=", np.ones(len(names)), (position, np.arange(len(item)), np.ones(len(item))))


def _only_from_used_suppliers(builder: RowBuilder, item: Integers, size: Integers, switch_of_item: Integers) -> None:
    switched = (size > 0) & (switch_of_item[item] >= 0)
    names, position = np.unique(item[switched], return_inverse=True)
    ones = np.ones(len(names))
    builder.add(
        "<=",
        np.zeros(len(names)),
        (position, np.flatnonzero(switched), np.ones(len(position))),
        (np.arange(len(names)), switch_of_item[names], -ones),
    )


def _minimum_order_values(
    builder: RowBuilder, problem: JointProblem, item: Integers, units: Floats, fixed_units: Floats, suppliers: Integers, switch: Integers
) -> None:
    position = np.full(len(problem.minimum), -1, dtype=np.int64)
    position[suppliers] = np.arange(len(suppliers))
    fixed_value = supplier_values(problem, fixed_units)
    own = np.flatnonzero(position[problem.supplier[item]] >= 0)
    builder.add(
        ">=",
        -fixed_value[suppliers],
        (position[problem.supplier[item[own]]], own, units[own] * problem.unit_cost[item[own]]),
        (np.arange(len(suppliers)), switch[suppliers], -problem.minimum[suppliers]),
    )


def _rooms(builder: RowBuilder, problem: JointProblem, item: Integers, units: Floats, fixed_units: Floats) -> None:
    for room in np.flatnonzero(np.isfinite(problem.room)).tolist():
        per_unit = sum((np.where(rooms == room, amount, 0.0) for rooms, amount in problem.room_use), np.zeros(len(problem.unit_cost)))
        left = problem.room[room] - float(fixed_units @ per_unit)
        builder.add("<=", np.array([left]), (np.zeros(len(item), dtype=np.int64), np.arange(len(item)), units * per_unit[item]))
