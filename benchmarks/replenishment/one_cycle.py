"""One order cycle beside one monolithic PuLP model with HiGHS and with CBC: CPU seconds, peak memory, cost, bound, gap; and proof.

The peers get the very same curves, written down whole (`optimization.replenishment.whole_model`) and stopped after `TIME_LIMIT_S`. They
are told nothing of prices or cores. Ours runs through `plan_replenishment`, frames in, tables out, its checker and sentences included, so
its CPU seconds hold more than the peers' do. Every run has a process of its own.

Public: `measure`.
"""

from typing import Any

import numpy as np

from benchmarks.apart import answer, measured, run_apart
from benchmarks.cbc import NOT_INSTALLED, UNTOLD, cbc_answer, cbc_is_installed
from benchmarks.replenishment.cycle_instances import CycleInstance, cycle_instance
from benchmarks.told import told_by, told_of
from optimization.replenishment import ReplenishmentSettings, plan_replenishment

SIZES = ((100, 8), (1_000, 50), (10_000, 250), (100_000, 2_000))  # item-locations, suppliers
PEERS = {"PuLP with HiGHS": 10_000, "PuLP with CBC": 1_000}  # and the most item-locations each is tried at
TIME_LIMIT_S = 60
PROOF_INSTANCES, SMALL_PROOF_INSTANCES = 200, 20
OURS = "Countinghouse"


def measure(small: bool) -> dict[str, Any]:
    """Return runs (one dict per method and size), proof (counts) and targets; `small` stops at 1,000 item-locations."""
    runs: list[dict[str, Any]] = []
    for items, suppliers in SIZES[: 2 if small else 4]:
        methods = [OURS, *(name for name, most in PEERS.items() if items <= min(most, 1_000 if small else most))]
        runs += [run_apart(__name__, {"method": method, "items": items, "suppliers": suppliers}) for method in methods]
    proof = run_apart(__name__, {"method": "proof", "items": SMALL_PROOF_INSTANCES if small else PROOF_INSTANCES, "suppliers": 3})
    largest = max((run for run in runs if run["method"] == OURS), key=lambda run: run["items"])
    targets = [
        {"name": f"gap at {largest['items']:,}", "value": largest["gap"], "target": 0.001},
        {"name": f"seconds at {largest['items']:,}", "value": largest["wall_s"], "target": 30.0},
        {"name": f"GB at {largest['items']:,}", "value": largest["peak_gb"], "target": 2.0},
    ]
    return {"runs": runs, "proof": proof, "targets": targets, "time_limit_s": TIME_LIMIT_S}


def _ours(instance: CycleInstance) -> dict[str, Any]:
    plan = plan_replenishment(instance.items, instance.suppliers, instance.limits)
    rooms = plan.limits.filter(plan.limits["limit_name"].is_in(["purchase_budget", "warehouse_volume"]))
    priced = rooms.filter(rooms["shadow_price"].is_null() | (rooms["shadow_price"] > 0))
    return {**told_of(plan.certificate), "rooms_with_a_price": priced.height}


def _whole(instance: CycleInstance, solver: str) -> dict[str, Any]:
    """Write the whole model down and solve it; above 50,000 variables this is the peer's doing and not ours."""
    from optimization.linear_program import SolveOptions
    from optimization.replenishment.whole_model import solve_whole

    problem = _joint_problem(instance)
    sizes = int(np.isfinite(problem.cost).sum())
    if solver == "PuLP with CBC":
        return {"variables": sizes, **_with_cbc(problem)}
    options = SolveOptions(relative_gap=1e-6, time_limit_seconds=TIME_LIMIT_S, most_variables=10**7)
    solved, _ = solve_whole(problem, options)
    return {"variables": sizes, **told_by(solved.value, solved.bound, solved.status)}


def _with_cbc(problem: Any) -> dict[str, Any]:
    """Solve the whole model with CBC; a plan that breaks a limit is worth nothing."""
    from optimization.replenishment.joint_problem import is_feasible, total_cost
    from optimization.replenishment.whole_model import whole_model

    if not cbc_is_installed():
        return told_by(None, None, NOT_INSTALLED)
    program, item, size = whole_model(problem)
    chosen = cbc_answer(program, TIME_LIMIT_S)[: len(item)] > 0.5
    picks = np.zeros(len(problem.units), dtype=np.int64)
    picks[item[chosen]] = size[chosen]
    kept = is_feasible(problem, picks)
    return told_by(total_cost(problem, picks) if kept else None, None, UNTOLD)


def _joint_problem(instance: CycleInstance) -> Any:
    """The very problem that `plan_replenishment` solves."""
    from optimization.replenishment.item_needs import item_needs
    from optimization.replenishment.joint_stages import joint_problem
    from optimization.replenishment.read_items import read_items, read_suppliers
    from optimization.replenishment.room_limits import rooms_for, with_category

    read = with_category(read_items(instance.items), instance.items, instance.limits)
    settings = ReplenishmentSettings()
    needs = item_needs(read, settings)
    return joint_problem(read, needs, read_suppliers(instance.suppliers, read), rooms_for(read, instance.limits), settings)


def _proof(count: int) -> dict[str, Any]:
    """Count tiny shops, every limit in force, whose plan equals HiGHS at gap 0 on the whole model, and whose checker is content."""
    from optimization.replenishment.joint_problem import total_cost
    from optimization.replenishment.whole_model import solve_whole

    equal = checked = 0
    for seed in range(count):
        instance = cycle_instance(12, 3, places=2, seed=seed, budget_share=0.7, volume_share=0.8)
        plan = plan_replenishment(instance.items, instance.suppliers, instance.limits, ReplenishmentSettings(relative_gap=0.0))
        problem = _joint_problem(instance)
        _, picks = solve_whole(problem)
        equal += abs(total_cost(problem, picks) - (plan.certificate.value or 0.0)) <= 1e-6
        checked += not plan.certificate.violations
    return {"instances": count, "equal_to_highs_at_gap_0": equal, "checker_passes": checked}


def _work(order: dict[str, Any]) -> dict[str, Any]:
    if order["method"] == "proof":
        return _proof(order["items"])
    instance = cycle_instance(order["items"], order["suppliers"])
    return measured(lambda: _ours(instance) if order["method"] == OURS else _whole(instance, order["method"]))


if __name__ == "__main__":
    answer(_work)
