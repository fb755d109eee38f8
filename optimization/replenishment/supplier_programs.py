"""What each supplier's order really costs under the rooms' prices: its whole sizes in PuLP, one small program per supplier.

The prices' bound lets the last step towards a minimum order value be taken in part. Under fixed prices suppliers do not touch, so solving
one of them in whole sizes lifts the bound by what that step costs and finds its best order. Those whose present order lies farthest
above their bound come first. A size is left out only where its supplier's bound with it lies above the present order.

Public: `SupplierBounds`, `priced_bounds`, `solve_suppliers`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program import RowBuilder, SolveOptions, solve_arrays
from optimization.replenishment.first_plan import fill
from optimization.replenishment.joint_problem import Floats, Integers, JointProblem, ordered, supplier_values
from optimization.replenishment.priced_problem import Priced
from optimization.replenishment.settings import ReplenishmentSettings


@dataclass(frozen=True)
class SupplierBounds:
    """bound: no plan costs less. picks: the plan with each solved supplier's best order. lower: per supplier, its priced cost at least."""

    bound: float
    picks: Integers
    lower: Floats


def priced_bounds(problem: JointProblem, answer: Priced) -> SupplierBounds:
    """Return what prices alone prove, and a plan in whole sizes that keeps minima but perhaps not the rooms."""
    alone = replace(problem.without_room_limits(), cost=problem.cost + problem.unit_price(answer.prices)[:, None] * problem.units)
    lower = np.where(problem.binding, np.minimum(answer.on_cost, answer.off_cost), answer.on_cost)
    return SupplierBounds(answer.bound, fill(alone, _with_best_last_steps(alone, answer)), lower)


def _with_best_last_steps(alone: JointProblem, answer: Priced) -> Integers:
    """Return the answer with each step towards a minimum that is taken in part replaced by the cheapest one that reaches the minimum."""
    picks = answer.picks.copy()
    low = answer.lower_picks
    missing = alone.minimum - supplier_values(alone, ordered(alone, low))
    short = answer.on & alone.binding & (missing > alone.minimum * 1e-12)
    rows = np.flatnonzero(short[alone.supplier])
    if not len(rows):
        return picks
    owner, cost = alone.supplier[rows], alone.cost[rows]
    value = (alone.units[rows] - alone.units[rows, low[rows]][:, None]) * alone.unit_cost[rows][:, None]
    reaches = value >= (missing - alone.minimum * 1e-12)[owner][:, None]
    extra = np.where(reaches, cost - cost[np.arange(len(rows)), low[rows]][:, None], np.inf)
    size = extra.argmin(axis=1)
    extra = extra[np.arange(len(rows)), size]
    order = np.lexsort((extra, owner))
    first = order[np.concatenate([[True], owner[order][1:] != owner[order][:-1]])]
    first = first[np.isfinite(extra[first])]
    solved = np.zeros(len(alone.minimum), dtype=np.bool_)
    solved[owner[first]] = True
    picks = np.where(solved[alone.supplier], low, picks)
    picks[rows[first]] = size[first]
    return picks


def solve_suppliers(problem: JointProblem, answer: Priced, start: SupplierBounds, settings: ReplenishmentSettings) -> SupplierBounds:
    """Return what whole sizes cost supplier by supplier, until what is left unsolved cannot matter or `supplier_programs` are solved."""
    suppliers = len(problem.minimum)
    unit_price = problem.unit_price(answer.prices)
    picks, lower = start.picks.copy(), start.lower.copy()
    units = ordered(problem, picks)
    item_cost = problem.cost[np.arange(len(picks)), picks] + unit_price * units
    present = np.bincount(problem.supplier, weights=item_cost, minlength=suppliers)
    present = present + np.where(supplier_values(problem, units) > 0, problem.fixed, 0.0)
    above = np.where(problem.binding & np.isfinite(lower), present - lower, 0.0)
    wanted = settings.relative_gap * max(abs(answer.bound), 1.0) / 2
    order = np.argsort(-above, kind="stable")
    left = np.cumsum(above[order][::-1])[::-1]  # by the suppliers from here on
    order = order[(left > wanted) & (above[order] > 1e-9)][: settings.supplier_programs].tolist()
    enough = wanted / max(len(order), 1) / 2 + 1e-9
    by_supplier = np.argsort(problem.supplier, kind="stable")
    begins = np.searchsorted(problem.supplier[by_supplier], np.arange(suppliers + 1))
    for one in order:
        own = by_supplier[begins[one] : begins[one + 1]]
        lower[one], picks[own] = _solve(problem, answer, one, own, unit_price[own], picks[own], float(present[one]), enough, settings)
    finite = np.isfinite(problem.room)
    bound = float(lower.sum() - (answer.prices[finite] * problem.room[finite]).sum())
    return SupplierBounds(bound, picks, lower)


def _solve(
    problem: JointProblem,
    answer: Priced,
    supplier: int,
    own: Integers,
    unit_price: Floats,
    picks: Integers,
    present: float,
    enough: float,
    settings: ReplenishmentSettings,
) -> tuple[float, Integers]:
    """Return a supplier's bound and its best sizes; `present` is what its sizes cost now."""
    nu = float(answer.minimum_price[supplier])
    priced_cost = problem.cost[own] + unit_price[:, None] * problem.units[own]
    value = problem.units[own] * problem.unit_cost[own][:, None]
    total = priced_cost - nu * value
    cheapest = total.min(axis=1, keepdims=True)
    on_cost, off_cost = float(answer.on_cost[supplier]), float(answer.off_cost[supplier])
    kept = np.isfinite(total) & (on_cost + total - cheapest <= present + 1e-9)
    if not kept.any(axis=1).all():  # no order is better than the present one; nothing may still be
        return min(off_cost, present), picks if present <= off_cost else np.zeros_like(picks)
    contested = kept.sum(axis=1) > 1
    item, size = np.nonzero(kept & contested[:, None])
    only = kept.argmax(axis=1)
    fixed_rows = np.flatnonzero(~contested)
    constant = float(priced_cost[fixed_rows, only[fixed_rows]].sum()) + float(problem.fixed[supplier])
    missing = float(problem.minimum[supplier] - value[fixed_rows, only[fixed_rows]].sum())
    builder = RowBuilder()
    names, position = np.unique(item, return_inverse=True)
    builder.add("=", np.ones(len(names)), (position, np.arange(len(item)), np.ones(len(item))))
    builder.add(">=", np.array([missing]), (np.zeros(len(item), dtype=np.int64), np.arange(len(item)), value[item, size]))
    base = priced_cost[item, size].min() if len(item) else 0.0
    program = builder.program(priced_cost[item, size] - base, np.zeros(len(item)), np.ones(len(item)), is_integer=True)
    options = SolveOptions(
        relative_gap=0.0, absolute_gap=enough, most_nodes=settings.core_nodes, time_limit_seconds=None, seed=settings.seed
    )
    solved = solve_arrays(program, options)
    constant += base * len(names)
    if solved.status == "infeasible":
        return min(off_cost, present), picks if present <= off_cost else np.zeros_like(picks)
    on_bound = max(on_cost, solved.bound + constant) if solved.bound is not None else on_cost
    lower = min(on_bound, off_cost, present)
    best = picks
    if off_cost < present:
        best, present = np.zeros_like(picks), off_cost
    if solved.value is not None and solved.value + constant < present:
        best = only.astype(np.int64)
        chosen = solved.x > 0.5
        best[item[chosen]] = size[chosen]
    return lower, best
