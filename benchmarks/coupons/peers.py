"""Peers on the very same coupon program: whole models in PuLP, highspy, PDLP and CP-SAT, nothing told of prices or cores.

Each gets the program as arrays and sparse matrix, ready made, and is measured from there on: writing its model down and solving it. Ours is
measured from frames to a checked plan with reasons, which is more. What a peer gives is checked against the limits with a tolerance of 1e-6
of each; a plan that breaks one counts as none. PDLP solves the linear relaxation only: its answer is no plan.

`maq` is no package on PyPI (0.2 there is an empty sdist; the real one is built from its repository) and knows one budget and nothing
else: the rule "single budget multiplier" of `rules.py` is what it computes.

Public: `PEERS`, `solve_with`, `program_of`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.coupons.instances import CouponInstance
from optimization.coupons.assign_coupons import build_program
from optimization.coupons.candidates import prepare_candidates
from optimization.coupons.choice_program import ChoiceProgram

Told = dict[str, Any]


def program_of(instance: CouponInstance) -> ChoiceProgram:
    """Return the program that `assign_coupons` solves when nobody is held out."""
    offers = prepare_candidates(instance.candidates)
    segment = offers.segment.text().value_counts()
    served = dict(segment.iter_rows())
    return build_program(offers, np.arange(offers.count, dtype=np.int64), instance.limits, served)


def solve_with(peer: str, program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    """Return value, bound, gap (None where unknown), status and whether the plan is integer."""
    return _SOLVERS[peer](program, gap, limit_s)


def build_in_pulp(program: ChoiceProgram) -> tuple[Any, list[Any]]:
    """Return the whole model written down in PuLP, as fast as PuLP can: names, expressions from lists of tuples."""
    import pulp

    model = pulp.LpProblem("coupons", pulp.LpMaximize)
    x = [model.add_variable(f"x{number:07d}", 0, 1, "Integer") for number in range(len(program.value))]
    model += pulp.LpAffineExpression(list(zip(x, program.value.tolist(), strict=True)))
    starts = [*program.group_starts.tolist(), len(x)]
    for group, (first, end) in enumerate(pairwise(starts)):
        model += pulp.LpConstraint(pulp.LpAffineExpression([(one, 1.0) for one in x[first:end]]), -1, f"g{group:07d}", 1.0)
    columns = program.matrix(np.arange(len(program.value))).tocsc()
    for row, rhs in enumerate(program.rhs.tolist()):
        part = slice(columns.indptr[row], columns.indptr[row + 1])
        terms = [(x[column], value) for column, value in zip(columns.indices[part].tolist(), columns.data[part].tolist(), strict=True)]
        model += pulp.LpConstraint(pulp.LpAffineExpression(terms), -1, f"r{row:02d}", rhs)
    return model, x


def judged(program: ChoiceProgram, x: np.ndarray | None, bound: float | None, status: str) -> Told:
    """Return what a peer's answer is worth: its value if it keeps every limit."""
    if x is None or len(x) == 0:
        return {"value": None, "bound": bound, "gap": None, "status": status}
    x = np.rint(x)
    room = program.rhs - program.activity(x) + 1e-6 * np.maximum(1.0, np.abs(program.rhs))
    if (room < 0).any() or (np.add.reduceat(x, program.group_starts) > 1).any():
        return {"value": None, "bound": bound, "gap": None, "status": f"{status}; its plan breaks a limit"}
    value = float(program.value @ x)
    return {"value": value, "bound": bound, "gap": None if bound is None else abs(bound - value) / max(abs(value), 1), "status": status}


def _pulp_build(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    model, _ = build_in_pulp(program)
    return {"value": None, "bound": None, "gap": None, "status": f"built: {model.numVariables():,} variables"}


def _pulp_highs(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    import pulp

    model, x = build_in_pulp(program)
    model.solve(pulp.HiGHS(msg=False, gapRel=gap, timeLimit=limit_s, threads=1))
    info = model.solverModel.getInfo()
    values = None if x[0].varValue is None else np.array([one.varValue for one in x])
    return judged(program, values, -float(info.mip_dual_bound), model.solverModel.modelStatusToString(model.solverModel.getModelStatus()))


def _pulp_cbc(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    import pulp

    model, x = build_in_pulp(program)
    cbc = pulp.COIN_CMD if not hasattr(pulp, "PULP_CBC_CMD") else pulp.PULP_CBC_CMD
    solver = cbc(msg=False, timeLimit=limit_s, threads=1, gapRel=gap)
    if not solver.available():
        return {"value": None, "bound": None, "gap": None, "status": "CBC is not installed"}
    model.solve(solver)
    values = None if x[0].varValue is None else np.array([one.varValue or 0.0 for one in x])
    return judged(program, values, None, f"{pulp.LpStatus[model.status]} (CBC tells no bound)")


def _highspy_model(program: ChoiceProgram, *, integer: bool) -> Any:
    import highspy
    from scipy.sparse import csc_matrix, csr_matrix, vstack

    columns, groups = len(program.value), len(program.group_starts)
    choose = csr_matrix((np.ones(columns), (program.group, np.arange(columns))), shape=(groups, columns))
    whole = csc_matrix(vstack([choose, program.matrix(np.arange(columns)).T.tocsr()]))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_, lp.sense_ = columns, groups + len(program.rhs), highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = program.value, np.zeros(columns), np.ones(columns)
    lp.row_lower_, lp.row_upper_ = np.full(lp.num_row_, -highspy.kHighsInf), np.concatenate([np.ones(groups), program.rhs])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = whole.indptr, whole.indices, whole.data
    if integer:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.passModel(lp)
    return model


def _highspy(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    model = _highspy_model(program, integer=True)
    model.setOptionValue("mip_rel_gap", gap)
    model.setOptionValue("time_limit", limit_s)
    model.run()
    info, x = model.getInfo(), np.array(model.getSolution().col_value)
    found = x if info.primal_solution_status == 2 else None
    return judged(program, found, float(info.mip_dual_bound), model.modelStatusToString(model.getModelStatus()))


def _pdlp(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp
    from scipy.sparse import csr_matrix, vstack

    columns, groups = len(program.value), len(program.group_starts)
    choose = csr_matrix((np.ones(columns), (program.group, np.arange(columns))), shape=(groups, columns))
    linear = pdlp.QuadraticProgram()
    linear.resize_and_initialize(columns, groups + len(program.rhs))
    linear.objective_vector = -program.value
    linear.constraint_matrix = vstack([choose, program.matrix(np.arange(columns)).T.tocsr()]).tocsc()
    linear.constraint_lower_bounds = np.full(groups + len(program.rhs), -np.inf)
    linear.constraint_upper_bounds = np.concatenate([np.ones(groups), program.rhs])
    linear.variable_lower_bounds, linear.variable_upper_bounds = np.zeros(columns), np.ones(columns)
    how = solvers_pb2.PrimalDualHybridGradientParams()
    how.termination_criteria.simple_optimality_criteria.eps_optimal_relative = 1e-5
    how.termination_criteria.simple_optimality_criteria.eps_optimal_absolute = 1e-5
    how.termination_criteria.time_sec_limit = limit_s
    how.num_threads = 1
    done = pdlp.primal_dual_hybrid_gradient(linear, how)
    fractional = done.primal_solution
    shares = np.abs(fractional - np.rint(fractional)) > 1e-4
    return {
        "value": float(program.value @ fractional),
        "bound": None,
        "gap": None,
        "integer": False,
        "fractions": int(shares.sum()),
        "status": solve_log_pb2.TerminationReason.Name(done.solve_log.termination_reason),
    }


def _cp_sat(program: ChoiceProgram, gap: float, limit_s: float) -> Told:
    from ortools.sat.python import cp_model

    scale = 10_000  # CP-SAT reads whole numbers only: money in hundredths of cents, needs rounded up and limits down
    model = cp_model.CpModel()
    x = [model.new_bool_var("") for _ in range(len(program.value))]
    starts = [*program.group_starts.tolist(), len(x)]
    for first, end in pairwise(starts):
        model.add_at_most_one(x[first:end])
    columns = program.matrix(np.arange(len(program.value))).tocsc()
    for row, rhs in enumerate(program.rhs.tolist()):
        part = slice(columns.indptr[row], columns.indptr[row + 1])
        weights = np.ceil(columns.data[part] * scale - 1e-9).astype(np.int64)
        model.add(cp_model.LinearExpr.weighted_sum([x[column] for column in columns.indices[part]], weights) <= int(np.floor(rhs * scale)))
    model.maximize(cp_model.LinearExpr.weighted_sum(x, np.rint(program.value * scale).astype(np.int64)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = limit_s, 1
    solver.parameters.relative_gap_limit = gap
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    values = np.array([solver.value(one) for one in x], dtype=np.float64) if found else None
    return judged(program, values, solver.best_objective_bound / scale, solver.status_name(status))


_SOLVERS: dict[str, Callable[[ChoiceProgram, float, float], Told]] = {
    "PuLP, building only": _pulp_build,
    "PuLP with CBC": _pulp_cbc,
    "PuLP with HiGHS": _pulp_highs,
    "highspy": _highspy,
    "PDLP": _pdlp,
    "CP-SAT": _cp_sat,
}
PEERS = {
    "PuLP, building only": 1_000_000,
    "PuLP with CBC": 10_000,
    "PuLP with HiGHS": 100_000,
    "highspy": 100_000,
    "PDLP": 100_000,
    "CP-SAT": 10_000,
}
"""And the most customers each is tried at: beyond, it had no plan in its time."""
