"""Solve a linear or integer program given as arrays, through PuLP with HiGHS, and read the answer with suspicion.

PuLP says 'Optimal' even where HiGHS stopped at a time limit, so the status is read from HiGHS itself, the bound from its search tree,
and the value is recomputed from x. Signs: `duals` and `reduced_costs` are the change of the optimal value per unit of right-hand side or
of the variable, in the program's own sense (maximising under a budget gives a dual >= 0).

Public: `SolvedArrays`, `SolverError`, `solve_arrays`, `solver_version`.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np

from optimization.linear_program.arrays import Floats, LinearArrays
from optimization.linear_program.options import SolveOptions

SOLVER = "PuLP with HiGHS"
_ZERO = 1e-9  # duals below this are rounding, not prices

SolveStatus = Literal["optimal", "feasible", "infeasible", "unbounded", "no_solution"]


class SolverError(RuntimeError):
    """HiGHS refused the model or stopped for a reason that is no answer; the message names its status."""


@dataclass(frozen=True)
class SolvedArrays:
    """The answer: x per column (empty where there is none), reduced cost per column, activity and dual per row.

    `duals` and `reduced_costs` are None for integer programs, where prices do not exist; ask for the relaxation.
    """

    status: SolveStatus
    x: Floats
    value: float | None
    bound: float | None
    activity: Floats
    duals: Floats | None
    reduced_costs: Floats | None


def solver_version() -> str:
    """Return the versions of PuLP and HiGHS, for certificates."""
    import highspy
    import pulp

    return f"pulp {pulp.__version__}, highs {highspy.Highs().version()}"


def solve_arrays(program: LinearArrays, options: SolveOptions | None = None, *, relax: bool = False) -> SolvedArrays:
    """Solve `program`; with `relax` integers may be fractions (the linear relaxation, which has duals).

    Raises ValueError above `options.most_variables` columns and SolverError where HiGHS gives no readable answer.
    """
    options = options or SolveOptions()
    if len(program.objective) > options.most_variables:
        raise ValueError(f"{len(program.objective)} variables are more than the {options.most_variables} one model may hold: decompose.")
    if relax and program.has_integers:
        program = replace(program, is_integer=np.zeros_like(program.is_integer))
    if len(program.objective) == 0:
        return _without_columns(program)
    problem, solver, variables = _build(program, options)
    # PuLP knows fewer statuses than HiGHS has (a node limit is none of them) and says so after it has handed over the values;
    # `_read` looks at the status of HiGHS itself
    with suppress(KeyError):
        problem.solve(solver)
    return _read(program, problem, variables)


def solved_model(program: LinearArrays, options: SolveOptions) -> Any:
    """Return HiGHS as PuLP leaves it after a solve, for what PuLP has no word for."""
    problem, solver, _ = _build(program, options)
    with suppress(KeyError):
        problem.solve(solver)
    return problem.solverModel


def _without_columns(program: LinearArrays) -> SolvedArrays:
    nothing = np.zeros(0)
    holds = bool((program.excess(nothing) <= _ZERO).all())
    rows = np.zeros(len(program.rhs))
    return SolvedArrays("optimal" if holds else "infeasible", nothing, 0.0 if holds else None, 0.0 if holds else None, rows, rows, nothing)


def _build(program: LinearArrays, options: SolveOptions) -> tuple[Any, Any, list[Any]]:
    """Return the PuLP problem, the configured solver and the variables in column order."""
    import highspy

    pulp = _pulp()
    highspy.Highs.resetGlobalScheduler(True)  # HiGHS refuses a new thread count within one process otherwise
    problem = pulp.LpProblem("plan", pulp.LpMaximize if program.sense == "max" else pulp.LpMinimize)
    lower = [None if bound == -np.inf else bound for bound in program.lower.tolist()]
    upper = [None if bound == np.inf else bound for bound in program.upper.tolist()]
    kinds = ["Integer" if whole else "Continuous" for whole in program.is_integer.tolist()]
    # zero-padded names, because PuLP orders columns by name and the order must not depend on the count
    variables = [
        problem.add_variable(f"x{i:07d}", low, up, kind) for i, (low, up, kind) in enumerate(zip(lower, upper, kinds, strict=True))
    ]
    problem += pulp.LpAffineExpression(list(zip(variables, program.objective.tolist(), strict=True)))  # zeros too: it names every column
    for index, (terms, sense, rhs) in enumerate(
        zip(_terms(program, variables), program.row_sense.tolist(), program.rhs.tolist(), strict=True)
    ):
        problem += pulp.LpConstraint(pulp.LpAffineExpression(terms), sense, f"r{index:07d}", rhs)
    solver = pulp.HiGHS(
        msg=False,
        gapRel=options.relative_gap,
        gapAbs=options.absolute_gap,
        threads=options.threads,
        timeLimit=options.time_limit_seconds,
        random_seed=options.seed,
        mip_max_nodes=2**31 - 1 if options.most_nodes is None else options.most_nodes,  # the largest is HiGHS's word for no limit
    )
    return problem, solver, variables


@cache
def _pulp() -> Any:
    """Return PuLP. It keeps the errors of solvers that are not installed, and these the whole call under which it was first imported."""
    import pulp

    for named in vars(pulp).values():
        error = getattr(named, "err", None)
        if isinstance(error, BaseException):
            error.__traceback__ = None
    return pulp


def _terms(program: LinearArrays, variables: list[Any]) -> list[list[tuple[Any, float]]]:
    """Return one list of (variable, coefficient) per row, coefficients of the same pair added up."""
    rows: list[list[tuple[Any, float]]] = [[] for _ in range(len(program.rhs))]
    width = max(len(variables), 1)
    pair, position = np.unique(program.entry_row * width + program.entry_column, return_inverse=True)
    total = np.bincount(position, weights=program.entry_value, minlength=len(pair))
    for row, column, value in zip((pair // width).tolist(), (pair % width).tolist(), total.tolist(), strict=True):
        rows[row].append((variables[column], value))
    return rows


def _read(program: LinearArrays, problem: Any, variables: list[Any]) -> SolvedArrays:
    from highspy import HighsModelStatus, SolutionStatus

    model = problem.solverModel
    status, info = model.getModelStatus(), model.getInfo()
    rows, nothing = np.zeros(len(program.rhs)), np.zeros(0)
    has_plan = info.primal_solution_status == SolutionStatus.kSolutionStatusFeasible
    if status in (HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible):
        verdict: SolveStatus = "infeasible"
        if status == HighsModelStatus.kUnboundedOrInfeasible:  # without an objective only infeasibility can be left
            verdict = _told_apart(program)
        return SolvedArrays(verdict, nothing, None, None, rows, None, None)
    if status == HighsModelStatus.kUnbounded:
        return SolvedArrays("unbounded", nothing, None, None, rows, None, None)
    stopped = (HighsModelStatus.kTimeLimit, HighsModelStatus.kIterationLimit, HighsModelStatus.kSolutionLimit)
    if status != HighsModelStatus.kOptimal and status not in stopped:
        raise SolverError(f"HiGHS stopped with status {model.modelStatusToString(status)}.")
    if not has_plan:
        return SolvedArrays("no_solution", nothing, None, None, rows, None, None)
    x = np.array([variable.varValue for variable in variables], dtype=np.float64)
    x[program.is_integer] = np.rint(x[program.is_integer])
    x = np.clip(x, program.lower, program.upper)
    value = float(program.objective @ x)
    sign = -1.0 if program.sense == "max" else 1.0
    finished = status == HighsModelStatus.kOptimal
    if program.has_integers:
        bound = sign * float(info.mip_dual_bound)
        return SolvedArrays("optimal" if finished else "feasible", x, value, _finite(bound), program.activity(x), None, None)
    duals = sign * np.array(model.getSolution().row_dual, dtype=np.float64)
    reduced = sign * np.array([variable.dj for variable in variables], dtype=np.float64)
    duals[np.abs(duals) < _ZERO], reduced[np.abs(reduced) < _ZERO] = 0.0, 0.0
    bound = value if finished else None
    return SolvedArrays("optimal" if finished else "feasible", x, value, bound, program.activity(x), duals, reduced)


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _told_apart(program: LinearArrays) -> SolveStatus:
    plain = solve_arrays(replace(program, objective=np.zeros_like(program.objective)))
    return "infeasible" if plain.status == "infeasible" else "unbounded"
