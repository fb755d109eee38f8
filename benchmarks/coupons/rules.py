"""What simpler rules lose under the full set of limits, beside the certified plan.

Every rule orders the offers; one filling makes its plan feasible: every offer that earns something, fits under all limits and finds its
customer without a coupon is taken in the rule's order. Where a minimum then lacks some, as many are taken before, the cheapest that count,
and the rule fills the rest again, until all limits hold.

profit per cost                   all offers by value per cost
best coupon, then ROI             each customer's own best offer, by value per cost
segment integer program           customers in 60 cells (segment and tenth of the best value), the best counts per cell and coupon
                                  by an integer program under all limits (480 cells), inside a cell by value
single budget multiplier, clip    the price of money at which everybody's own best choice spends the total budget; what it chooses, by
                                  value less priced cost (what a solver of one budget gives)
reduced value, fill               all offers by value less priced cost, at the same price

Loss is the share of the certified plan's value that a rule does not reach.

Public: `measure`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.coupons.instances import coupon_instance
from benchmarks.coupons.peers import program_of
from optimization.coupons import CouponSettings, assign_coupons
from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.whole_model import solve_whole
from optimization.linear_program.arrays import Floats, Integers

CUSTOMERS, SMALL_CUSTOMERS = 100_000, 5_000
LEAST_GAIN = 1.025
TENTHS = 10
ROUNDS = 16


def measure(small: bool) -> dict[str, Any]:
    """Return the value and loss of each rule, ours, and the target: profit over the best rule."""
    instance = coupon_instance(SMALL_CUSTOMERS if small else CUSTOMERS)
    gap = 3e-5 if small else 1e-5
    plan = assign_coupons(instance.candidates, instance.limits, CouponSettings(target_gap=gap, holdout_share=0.0))
    ours = plan.certificate.value or 0.0
    program = program_of(instance)
    rules = [_judged(name, rule, program, ours) for name, rule in RULES.items()]
    best = max((rule["value"] for rule in rules if rule["keeps_all_limits"]), default=None)
    over = None if best is None else ours / best
    told = {"value": ours, "bound": plan.certificate.bound, "gap": plan.certificate.gap, "violations": len(plan.certificate.violations)}
    target = {"name": "profit over the best simple rule", "value": over, "target": LEAST_GAIN, "at_least": True}
    return {"customers": SMALL_CUSTOMERS if small else CUSTOMERS, "ours": told, "rules": rules, "targets": [target]}


def _judged(name: str, rule: Callable[[ChoiceProgram], Integers], program: ChoiceProgram, ours: float) -> dict[str, Any]:
    order = rule(program)
    x, broken = _made_feasible(program, np.argsort(_cost(program), kind="stable"), order)
    one_each = bool((np.add.reduceat(x, program.group_starts) <= 1).all())
    value = float(program.value @ x)
    return {"rule": name, "value": value, "loss": 1 - value / ours, "keeps_all_limits": not broken and one_each, "broken": broken}


def _made_feasible(program: ChoiceProgram, first: Integers, order: Integers) -> tuple[Floats, list[str]]:
    """Return the plan with as many offers taken first as minimums lack, and which limits are still broken."""
    needed = np.zeros(len(program.rhs))
    x, broken = np.zeros(len(program.value)), [""]
    for _ in range(ROUNDS):
        x = fill(program, first, order, needed)
        lacking = program.activity(x) - program.rhs - 1e-6 * np.maximum(1.0, np.abs(program.rhs))
        broken = [f"{row.limit_name} of {row.scope}" for row, lack in zip(program.rows, lacking.tolist(), strict=True) if lack > 0]
        is_count = np.array([row.is_minimum and row.limit_name != "minimum_return" for row in program.rows])
        if not (is_count & (lacking > 0)).any():
            break
        more = np.maximum(np.ceil(lacking), np.ceil(0.15 * needed))
        needed += np.where(is_count & (lacking > 0), more, 0.0)
    return x, broken


def fill(program: ChoiceProgram, first: Integers, order: Integers, needed: Floats) -> Floats:
    """Return a plan that takes `needed` offers of each minimum in the order `first` (of all offers), then offers in the rule's order."""
    lines = _lines(program)
    room, group, value, before = program.rhs.tolist(), program.group.tolist(), program.value.tolist(), needed.tolist()
    minimums = {number for number, row in enumerate(program.rows) if row.is_minimum and row.limit_name != "minimum_return"}
    returns = {number for number, row in enumerate(program.rows) if row.limit_name == "minimum_return"}
    has = [False] * len(program.group_starts)
    x = np.zeros(len(program.value))

    def fits(column: int, ignoring: set[int]) -> bool:
        rows, entries = lines[column]
        return all(row in ignoring or entry <= room[row] + 1e-9 or entry < 0 for row, entry in zip(rows, entries, strict=True))

    def take(column: int) -> None:
        for row, entry in zip(*lines[column], strict=True):
            room[row] -= entry
            before[row] -= row in minimums
        has[group[column]] = True
        x[column] = 1.0

    for column in first.tolist() if needed.any() else []:
        wanted = any(row in minimums and before[row] > 0 for row in lines[column][0])
        if wanted and not has[group[column]] and fits(column, returns | minimums):
            take(column)
    for column in order.tolist():
        if value[column] > 0 and not has[group[column]] and fits(column, minimums):
            take(column)
    return x


_KEPT: dict[int, list[tuple[list[int], list[float]]]] = {}


def _lines(program: ChoiceProgram) -> list[tuple[list[int], list[float]]]:
    """Return rows and coefficients per offer, written out once per program."""
    if id(program) not in _KEPT:
        matrix = program.matrix(np.arange(len(program.value)))
        ends = pairwise(matrix.indptr.tolist())
        _KEPT[id(program)] = [(matrix.indices[begin:end].tolist(), matrix.data[begin:end].tolist()) for begin, end in ends]
    return _KEPT[id(program)]


def _cost(program: ChoiceProgram) -> Floats:
    """Return the cost per offer: what it uses of the total budget."""
    return np.asarray(program.families[0].coefficient)


def _by(score: Floats, columns: Integers) -> Integers:
    return columns[np.argsort(-score[columns], kind="stable")]


def _own_best(program: ChoiceProgram, value: Floats) -> Integers:
    first = np.concatenate([part.first_top(value[part.columns])[1] + part.columns.start for part in program.parts()])
    return first[value[first] > 0]


def _per_cost(program: ChoiceProgram) -> Floats:
    return program.value / np.maximum(_cost(program), 1e-9)


def _profit_per_cost(program: ChoiceProgram) -> Integers:
    return _by(_per_cost(program), np.arange(len(program.value)))


def _best_then_roi(program: ChoiceProgram) -> Integers:
    return _by(_per_cost(program), _own_best(program, program.value))


def _price_of_money(program: ChoiceProgram) -> float:
    cost, low, high = _cost(program), 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        spent = float(cost[_own_best(program, program.value - middle * cost)].sum())
        low, high = (middle, high) if spent > program.rhs[0] else (low, middle)
    return high


def _multiplier_then_clip(program: ChoiceProgram) -> Integers:
    reduced = program.value - _price_of_money(program) * _cost(program)
    return _by(reduced, _own_best(program, reduced))


def _reduced_value(program: ChoiceProgram) -> Integers:
    return _by(program.value - _price_of_money(program) * _cost(program), np.arange(len(program.value)))


def _segment_program(program: ChoiceProgram) -> Integers:
    """Order offers by a plan over cells: first those that the plan counts, cell by cell by value, then all others by value per cost."""
    starts = program.group_starts
    best = np.maximum.reduceat(program.value, starts)
    rank = np.argsort(np.argsort(best, kind="stable"), kind="stable")
    tenth = (rank * TENTHS // len(best)).astype(np.int64)
    signature = np.stack([family.row for family in program.families], axis=1).astype(np.int64)
    kinds, kind = np.unique(signature, axis=0, return_inverse=True)  # offers with the same rows: segment and coupon, as far as limits tell
    segment_rows = [number for number, row in enumerate(program.rows) if "segment" in row.limit_name]
    in_segments = np.where(np.isin(signature[starts], segment_rows), signature[starts], -1)
    _, segment = np.unique(in_segments, axis=0, return_inverse=True)
    cell_group = segment.ravel() * TENTHS + tenth
    cell = cell_group[program.group] * len(kinds) + kind.ravel()
    found, first, of_cell, sizes = np.unique(cell, return_index=True, return_inverse=True, return_counts=True)
    groups, group_of_cell = np.unique(cell_group[program.group[first]], return_inverse=True)
    capacity = np.bincount(np.searchsorted(groups, cell_group), minlength=len(groups)).astype(np.float64)
    means = [np.bincount(of_cell, weights=family.coefficient, minlength=len(found)) / sizes for family in program.families]
    cells = ChoiceProgram(
        value=np.bincount(of_cell, weights=program.value, minlength=len(found)) / sizes,
        upper=np.minimum(sizes.astype(np.float64), capacity[group_of_cell]),
        group=group_of_cell.astype(np.int32),
        capacity=capacity,
        rows=program.rows,
        rhs=program.rhs,
        families=tuple(type(family)(mean, family.row[first]) for family, mean in zip(program.families, means, strict=True)),
    )
    solution = solve_whole(cells, CouponSettings(target_gap=1e-4, time_limit_seconds=30.0))
    if solution is None:
        return _profit_per_cost(program)
    order = np.lexsort((-program.value, of_cell))
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order)) - np.searchsorted(of_cell[order], of_cell[order])
    counted = position < solution.x[of_cell]
    every = _profit_per_cost(program)
    return np.concatenate([every[counted[every]], every[~counted[every]]])


RULES: dict[str, Callable[[ChoiceProgram], Integers]] = {
    "profit per cost": _profit_per_cost,
    "best coupon, then ROI": _best_then_roi,
    "segment integer program": _segment_program,
    "single budget multiplier, clip": _multiplier_then_clip,
    "reduced value, fill": _reduced_value,
}
