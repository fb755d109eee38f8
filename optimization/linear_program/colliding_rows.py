"""Which rows of an infeasible program cannot hold together: an irreducible set, found by HiGHS.

Taken away any one of them, the rest (with the bounds of the variables) can hold. The set is one of possibly many; it is found for the
program with fractions allowed, and is empty where only whole numbers make the rows collide.

Public: `colliding_rows`.
"""

from dataclasses import replace

import numpy as np

from optimization.linear_program.arrays import LinearArrays
from optimization.linear_program.options import SolveOptions
from optimization.linear_program.solve_arrays import solved_model

_ALL_INFEASIBLE_ROWS = 2  # the default strategy of HiGHS returns an empty set


def colliding_rows(program: LinearArrays, options: SolveOptions | None = None) -> tuple[int, ...]:
    """Return the positions of rows that cannot hold together, sorted; empty where the program with fractions can be solved."""
    relaxed = replace(program, is_integer=np.zeros_like(program.is_integer), objective=np.zeros_like(program.objective))
    if len(program.objective) == 0:
        return tuple(np.flatnonzero(relaxed.excess(np.zeros(0)) > 0).tolist())
    model = solved_model(relaxed, options or SolveOptions())
    model.setOptionValue("iis_strategy", _ALL_INFEASIBLE_ROWS)
    _, found = model.getIis()
    return tuple(sorted(int(row) for row in found.row_index_))
