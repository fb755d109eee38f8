"""Linear and integer programs through PuLP with HiGHS, as arrays (fast) or as tables (the textbook form).

`solve_arrays` answers one program; `solve_table` takes frames of variables, rows and coefficients and returns frames with x, slack and
dual, names the limits that collide, and carries a certificate.
"""

from optimization.linear_program.arrays import LinearArrays
from optimization.linear_program.colliding_rows import colliding_rows
from optimization.linear_program.options import MOST_VARIABLES, SolveOptions
from optimization.linear_program.plan import LinearPlan
from optimization.linear_program.relaxation import Relaxation, smallest_relaxation
from optimization.linear_program.row_builder import RowBuilder
from optimization.linear_program.solve_arrays import SOLVER, SolvedArrays, SolverError, solve_arrays, solver_version
from optimization.linear_program.solve_table import solve_table

__all__ = [
    "MOST_VARIABLES",
    "SOLVER",
    "LinearArrays",
    "LinearPlan",
    "Relaxation",
    "RowBuilder",
    "SolveOptions",
    "SolvedArrays",
    "SolverError",
    "colliding_rows",
    "smallest_relaxation",
    "solve_arrays",
    "solve_table",
    "solver_version",
]
