"""The certificate of both coupon plans, and when such a plan counts as proven best."""

import time
from collections.abc import Sequence

from optimization.certificate import PlanCertificate, PlanStatus, relative_gap
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.linear_program.solve_arrays import SOLVER, solver_version


def certify(
    plan: str,
    solution: ChoiceSolution,
    *,
    empty: bool,
    proven_gap: float,
    violations: Sequence[str],
    seed: int,
    input_hash: str,
    started: float,
) -> PlanCertificate:
    """Return the certificate of a solution. proven_gap: largest gap that counts as optimal. started: `time.perf_counter()` at the start."""
    gap = relative_gap(solution.value, solution.bound)
    return PlanCertificate(
        plan=plan,
        status=_status(solution, gap, empty, proven_gap),
        sense="max",
        value=solution.value,
        bound=solution.bound,
        gap=gap,
        solver=f"{SOLVER}, {solution.method}",
        solver_version=solver_version(),
        seed=seed,
        input_hash=input_hash,
        checked=True,
        violations=tuple(violations),
        seconds=time.perf_counter() - started,
    )


def _status(solution: ChoiceSolution, gap: float | None, empty: bool, proven_gap: float) -> PlanStatus:
    if (solution.relaxation > 0).any():
        return "relaxed"
    if empty:
        return "empty"
    return "optimal" if gap is not None and gap <= proven_gap else "feasible"
