"""Polish a plan to a local best with the curves themselves (sequential least squares of SciPy), and find what each limit is worth there.

Public: `polished`, `limit_prices`.
"""

from dataclasses import dataclass, replace

import numpy as np

from optimization.ad_budget.ad_problem import AdProblem
from optimization.linear_program import LinearArrays, RowBuilder, SolveOptions, solve_arrays
from optimization.linear_program.arrays import Floats

_STEPS = 200


def polished(problem: AdProblem, spend: Floats) -> Floats:
    """Return a plan that is no worse and keeps the same limits; where minimums had to fall short, they fall no shorter."""
    from scipy.optimize import minimize

    if problem.shortage > 0:
        problem = replace(problem, lower=np.minimum(problem.lower, spend))
    shape = problem.lower.shape
    scale = max(float(problem.today.max(initial=0.0)), float(spend.max(initial=0.0)), 1e-9)
    worth = max(abs(problem.value(spend)), 1e-9)

    def loss(x: Floats) -> float:
        return -problem.value(x.reshape(shape) * scale) / worth

    def gradient(x: Floats) -> Floats:
        return (-(problem.marginal_return(x.reshape(shape) * scale) - problem.price) * scale / worth).ravel()

    rows = [(1.0 if row.is_minimum else -1.0, row.cells.ravel().astype(np.float64), row.allowed / scale) for row in problem.rows]
    if problem.shortage > 0:
        rows = [row for row in rows if row[0] < 0]
    constraints = [
        {
            "type": "ineq",
            "fun": lambda x, sign=sign, cells=cells, allowed=allowed: sign * (float(cells @ x) - allowed),
            "jac": lambda x, sign=sign, cells=cells: sign * cells,
        }
        for sign, cells, allowed in rows
    ]
    bounds = list(zip((problem.lower / scale).ravel().tolist(), (problem.upper / scale).ravel().tolist(), strict=True))
    answer = minimize(
        loss,
        (spend / scale).ravel(),
        jac=gradient,
        bounds=bounds,
        constraints=constraints,
        method="SLSQP",
        options={"maxiter": _STEPS, "ftol": 1e-13},
    )
    found = problem.within_budgets(np.nan_to_num(np.asarray(answer.x, dtype=np.float64)).reshape(shape) * scale)
    return found if problem.holds(found) and problem.value(found) > problem.value(spend) else spend


@dataclass(frozen=True)
class LimitPrices:
    """rows: money per 1.00 of each row's limit. lower, upper: money per 1.00 of each cell's bound; 0 where a limit stops nothing."""

    rows: Floats
    lower: Floats
    upper: Floats


def limit_prices(problem: AdProblem, spend: Floats, options: SolveOptions) -> LimitPrices:
    """Return what one more 1.00 of every limit is worth at a best plan: duals of the program in which curves are their tangents there."""
    unit = problem.money_unit
    problem, spend = problem.in_units(unit), spend / unit
    shape = problem.lower.shape
    slope = (problem.marginal_return(spend) - problem.price).ravel()
    lower = np.minimum(problem.lower, spend).ravel() if problem.shortage > 0 else problem.lower.ravel()
    builder = RowBuilder()
    for row in problem.rows:
        columns = np.flatnonzero(row.cells.ravel())
        allowed = min(row.allowed, float(spend[row.cells].sum())) if row.is_minimum else row.allowed
        builder.add(
            ">=" if row.is_minimum else "<=", np.array([allowed]), (np.zeros(len(columns), dtype=np.int64), columns, np.ones(len(columns)))
        )
    program: LinearArrays = builder.program(slope, lower, problem.upper.ravel(), False, "max")
    answer = solve_arrays(program, options)
    nothing = np.zeros(shape)
    if answer.duals is None or answer.reduced_costs is None:
        return LimitPrices(np.zeros(len(problem.rows)), nothing, nothing)
    prices = answer.duals.copy()
    for index, row in enumerate(problem.rows):
        room = abs(row.allowed - float(spend[row.cells].sum()))
        if room > 1e-6 * max(row.allowed, 1.0):
            prices[index] = 0.0
    reduced = slope - sum((price * row.cells.ravel() for price, row in zip(prices, problem.rows, strict=True)), np.zeros(len(slope)))
    reduced = reduced.reshape(shape)
    edge = 1e-6 * np.maximum(problem.upper, 1.0)
    at_upper = np.where((problem.upper - spend <= edge) & (reduced > 0), reduced, 0.0)
    at_lower = np.where((spend - problem.lower <= edge) & (reduced < 0), reduced, 0.0)
    return LimitPrices(prices, at_lower, at_upper)
