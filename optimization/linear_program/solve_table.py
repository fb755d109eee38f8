"""The plain textbook form: optimise c'x under A x <=, =, >= b, given as three tables.

Public: `solve_table`.
"""

import time

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, PlanStatus, hash_inputs, relative_gap
from optimization.linear_program.arrays import Floats, LinearArrays, Sense
from optimization.linear_program.options import SolveOptions
from optimization.linear_program.plan import DualSource, LinearPlan
from optimization.linear_program.read_tables import read_tables
from optimization.linear_program.relaxation import Relaxation, smallest_relaxation
from optimization.linear_program.solve_arrays import SOLVER, SolvedArrays, solve_arrays, solver_version

TOLERANCE = 1e-6
"""A row counts as kept where it is broken by no more than this share of its right-hand side (at least of 1)."""


def solve_table(
    variables: pl.DataFrame,
    rows: pl.DataFrame,
    coefficients: pl.DataFrame,
    sense: Sense = "min",
    options: SolveOptions | None = None,
    plan: str = "linear_program",
) -> LinearPlan:
    """Solve a program given as tables; the order of rows in the tables changes nothing.

    variables: variable, objective, lower, upper (null = none), is_integer. rows: row, sense (<=, = or >=), rhs.
    coefficients: row, variable, value. Colliding limits do not raise: the plan is the best one under the smallest relaxation, its status is
    "relaxed", and `rows` says which limits collide and by how much each gave way. Raises ValueError for tables that do not fit together.
    """
    if sense not in ("min", "max"):
        raise ValueError(f"Expected sense of min or max, got {sense!r}.")
    options = options or SolveOptions()
    started = time.perf_counter()
    variables, rows = variables.sort("variable"), rows.sort("row")
    coefficients = coefficients.sort("row", "variable")
    program = read_tables(variables, rows, coefficients, sense)
    answer, relaxation = solve_arrays(program, options), None
    if answer.status == "infeasible":
        relaxation = smallest_relaxation(program, options)
        if relaxation is not None:
            answer = solve_arrays(relaxation.relaxed, options)
    duals, reduced, source = _prices(program, answer, relaxation, options)
    row_frame = _rows_frame(rows, program, answer, duals, relaxation)
    status, message = _verdict(row_frame, answer, relaxation)
    certificate = PlanCertificate(
        plan=plan,
        status=status,
        sense=sense,
        value=answer.value,
        bound=answer.bound,
        gap=relative_gap(answer.value, answer.bound),
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        input_hash=hash_inputs(variables=variables, rows=rows, coefficients=coefficients, sense=sense),
        checked=len(answer.x) == len(program.objective),
        violations=_violations(row_frame),
    )
    has_plan = len(answer.x) == variables.height
    variable_frame = pl.DataFrame(
        {
            "variable": variables["variable"],
            "x": _column(answer.x if has_plan else None, variables.height),
            "reduced_cost": _column(reduced, variables.height),
        }
    )
    return LinearPlan(variable_frame, row_frame, certificate, source, message)


def _prices(
    program: LinearArrays, answer: SolvedArrays, relaxation: Relaxation | None, options: SolveOptions
) -> tuple[Floats | None, Floats | None, DualSource]:
    if relaxation is not None or answer.value is None:
        return None, None, "none"
    if not program.has_integers:
        return answer.duals, answer.reduced_costs, "program" if answer.duals is not None else "none"
    fractions = solve_arrays(program, options, relax=True)
    return fractions.duals, fractions.reduced_costs, "linear relaxation" if fractions.duals is not None else "none"


def _rows_frame(
    rows: pl.DataFrame, program: LinearArrays, answer: SolvedArrays, duals: Floats | None, relaxation: Relaxation | None
) -> pl.DataFrame:
    height = rows.height
    slack = np.where(program.row_sense == 1, answer.activity - program.rhs, program.rhs - answer.activity)
    slack = np.where(program.row_sense == 0, -np.abs(slack), slack) + 0.0
    colliding = np.zeros(height, dtype=np.bool_)
    if relaxation is not None:
        colliding[list(relaxation.colliding)] = True
    has_plan = answer.value is not None
    return pl.DataFrame(
        {
            "row": rows["row"],
            "sense": rows["sense"],
            "rhs": program.rhs,
            "activity": _column(answer.activity if has_plan else None, height),
            "slack": _column(slack if has_plan else None, height),
            "dual": _column(duals, height),
            "relaxed_by": relaxation.give if relaxation is not None else np.zeros(height),
            "is_colliding": colliding,
        }
    )


def _column(numbers: Floats | None, height: int) -> pl.Series:
    return pl.Series([None] * height, dtype=pl.Float64) if numbers is None else pl.Series(numbers, dtype=pl.Float64)


def _violations(rows: pl.DataFrame) -> tuple[str, ...]:
    broken = rows.filter(pl.col("slack") < -TOLERANCE * pl.max_horizontal(pl.col("rhs").abs(), 1.0))
    return tuple(f"row {row} is broken by {-slack:.6g}" for row, slack in broken.select("row", "slack").iter_rows())


def _verdict(rows: pl.DataFrame, answer: SolvedArrays, relaxation: Relaxation | None) -> tuple[PlanStatus, str]:
    if answer.status == "unbounded":
        return "unbounded", "No plan is best: the objective improves without end; a limit or a bound is missing."
    if answer.value is None:
        return "no_solution", "The solver stopped before it found a plan."
    if relaxation is None:
        if answer.status == "optimal":
            return "optimal", "The plan is proven best within the gap that was asked for."
        return "feasible", "The plan keeps every limit; the gap says how far from the best it may be."
    given = rows.filter(pl.col("relaxed_by") > 0)
    gives = ", ".join(f"{row} by {by:.6g}" for row, by in given.select("row", "relaxed_by").iter_rows())
    names = ", ".join(str(row) for row in rows.filter(pl.col("is_colliding"))["row"])
    return "relaxed", f"The limits {names} cannot hold together; the smallest relaxation moves {gives}."
