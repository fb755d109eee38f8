"""Where minimums add up to more than the budgets hold: how much must fall short, and which limits collide. Budgets never give way.

Public: `Collision`, `find_collision`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.ad_budget.ad_problem import AdProblem
from optimization.linear_program import RowBuilder, SolveOptions, solve_arrays

_TINY = 1e-7


@dataclass(frozen=True)
class Collision:
    """shortage: least money by which minimums fall short in all. limits: (limit_name, scope) of those that cannot hold together."""

    shortage: float
    limits: tuple[tuple[str, str], ...]


def find_collision(problem: AdProblem, options: SolveOptions) -> Collision | None:
    """Return None where all limits can hold together."""
    if _plainly_holds(problem):
        return None
    unit = problem.money_unit
    problem = problem.in_units(unit)
    cells = np.arange(problem.lower.size)
    minimums = [row for row in problem.rows if row.is_minimum]
    gives = problem.lower.size + np.arange(len(cells) + len(minimums))
    rows = RowBuilder()
    names: list[tuple[str, str]] = []
    position = len(cells)
    for row in problem.rows:
        columns = cells[row.cells.ravel()]
        entries = [(np.zeros(len(columns), dtype=np.int64), columns, np.ones(len(columns)))]
        if row.is_minimum:
            entries.append((np.zeros(1, dtype=np.int64), gives[position : position + 1], np.ones(1)))
            position += 1
        rows.add(">=" if row.is_minimum else "<=", np.array([row.allowed]), *entries)
        names.append((row.limit_name, row.scope))
    rows.add(">=", problem.lower.ravel(), (cells, cells, np.ones(len(cells))), (cells, gives[: len(cells)], np.ones(len(cells))))
    periods = problem.shape[1]
    for index, channel in enumerate(problem.channels):
        names += [(problem.lower_name[index], channel)] * periods
    width = len(cells) + len(gives)
    objective = np.append(np.zeros(len(cells)), np.ones(len(gives)))
    upper = np.append(problem.upper.ravel(), np.full(len(gives), np.inf))
    answer = solve_arrays(rows.program(objective, np.zeros(width), upper, False), options)
    if answer.value is None or answer.duals is None:
        raise RuntimeError(f"The search for the smallest shortage of the ad limits ended as {answer.status}.")
    if answer.value <= _TINY * max(float(problem.lower.sum()), 1.0):
        return None
    colliding = [name for name, dual in zip(names, answer.duals.tolist(), strict=True) if abs(dual) > _TINY and name[0] != "none"]
    return Collision(answer.value * unit, tuple(dict.fromkeys(colliding)))


def _plainly_holds(problem: AdProblem) -> bool:
    """True where the lower bounds alone keep every limit, as they nearly always do."""
    for row in problem.rows:
        used = float(problem.lower[row.cells].sum())
        if (row.is_minimum and used < row.allowed) or (not row.is_minimum and used > row.allowed):
            return False
    return True
