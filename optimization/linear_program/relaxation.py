"""What to do when limits collide: which rows, and how little they would have to give way.

The elastic program lets every row give way at a price and minimises the total; each row's give is measured against its own right-hand
side (at least 1), so that money, pieces and cubic metres can be added up. Colliding rows are found by the multipliers of that program: rows
with a multiplier other than zero cannot hold together (Farkas). Where only whole numbers make the rows collide, rows are dropped one by one
as long as the rest still collides, which leaves a smallest colliding set.

Public: `Relaxation`, `smallest_relaxation`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.linear_program.arrays import Floats, LinearArrays
from optimization.linear_program.options import SolveOptions
from optimization.linear_program.solve_arrays import solve_arrays

_TINY = 1e-7
MOST_ROWS_TO_DROP = 60
"""Up to this many rows the colliding set of an integer program is made smallest by dropping rows; above, the relaxed rows stand for it."""


@dataclass(frozen=True)
class Relaxation:
    """`give` is by how much each row must give way, in the row's unit (0 = holds); `colliding` are rows that cannot hold together.

    `relaxed` is the program with the right-hand sides moved by `give`; equality rows that gave way keep only the side that still holds.
    """

    give: Floats
    colliding: tuple[int, ...]
    relaxed: LinearArrays


def smallest_relaxation(program: LinearArrays, options: SolveOptions | None = None) -> Relaxation | None:
    """Return the smallest total relaxation of an infeasible program; None where the elastic program itself has no answer in time."""
    rows, columns = len(program.rhs), len(program.objective)
    weight = 1.0 / np.maximum(np.abs(program.rhs), 1.0)
    down = np.flatnonzero(program.row_sense <= 0)  # rows whose activity may be too high: subtract the give
    up = np.flatnonzero(program.row_sense >= 0)
    extra = len(down) + len(up)
    gives = columns + np.arange(extra)
    elastic = LinearArrays(
        objective=np.concatenate([np.zeros(columns), weight[down], weight[up]]),
        lower=np.concatenate([program.lower, np.zeros(extra)]),
        upper=np.concatenate([program.upper, np.full(extra, np.inf)]),
        is_integer=np.concatenate([program.is_integer, np.zeros(extra, dtype=np.bool_)]),
        row_sense=program.row_sense,
        rhs=program.rhs,
        entry_row=np.concatenate([program.entry_row, down, up]),
        entry_column=np.concatenate([program.entry_column, gives]),
        entry_value=np.concatenate([program.entry_value, -np.ones(len(down)), np.ones(len(up))]),
    )
    answer = solve_arrays(elastic, options)
    if answer.status not in ("optimal", "feasible"):
        return None
    over, under = np.zeros(rows), np.zeros(rows)
    over[down], under[up] = answer.x[columns : columns + len(down)], answer.x[columns + len(down) :]
    give = np.where(np.maximum(over, under) > _TINY / weight, np.maximum(over, under), 0.0)
    shift = np.where(over > under, give, -give)
    sense = np.where((program.row_sense == 0) & (give > 0), np.where(shift > 0, -1, 1), program.row_sense)
    loosened = program.rhs + shift + np.sign(shift) * _TINY * np.maximum(np.abs(program.rhs), 1.0)  # room for rounding
    return Relaxation(give, _colliding(program, elastic, give, options), replace(program, rhs=loosened, row_sense=sense))


def _colliding(program: LinearArrays, elastic: LinearArrays, give: Floats, options: SolveOptions | None) -> tuple[int, ...]:
    relaxation = solve_arrays(elastic, options, relax=True)
    if relaxation.value is not None and relaxation.value > _TINY and relaxation.duals is not None:
        return tuple(np.flatnonzero(np.abs(relaxation.duals) > _TINY).tolist())
    rows = list(range(len(program.rhs)))
    if len(rows) > MOST_ROWS_TO_DROP:
        return tuple(np.flatnonzero(give > 0).tolist())
    feasibility = replace(program, objective=np.zeros_like(program.objective))
    for row in list(rows):
        rest = [other for other in rows if other != row]
        if solve_arrays(_only_rows(feasibility, rest), options).status == "infeasible":
            rows = rest
    return tuple(rows)


def _only_rows(program: LinearArrays, rows: list[int]) -> LinearArrays:
    position = np.full(len(program.rhs), -1, dtype=np.int64)
    position[rows] = np.arange(len(rows))
    kept = position[program.entry_row] >= 0
    return replace(
        program,
        row_sense=program.row_sense[rows],
        rhs=program.rhs[rows],
        entry_row=position[program.entry_row[kept]],
        entry_column=program.entry_column[kept],
        entry_value=program.entry_value[kept],
    )
