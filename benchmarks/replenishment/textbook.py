"""The textbook's programs beside stockpyl on the same random cases: are the answers equal, and how long does each take.

stockpyl runs in a process of its own (`stockpyl_worker`), under this Python or the one that STOCKPYL_PYTHON names.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from optimization.replenishment.oracles import (
    Policy,
    best_fixed_order_policy,
    best_order_up_to_policy,
    discrete_newsvendor,
    economic_order_quantity,
    poisson_newsvendor,
    wagner_whitin,
)

WORKER = Path(__file__).with_name("stockpyl_worker.py")
PERIODS = 24
MANY = 10_000  # items, for the time of ours per item
EQUAL = 1e-6
SEED = 7
Case = dict[str, Any]
KINDS = ("newsvendor_poisson", "newsvendor_discrete", "economic_order_quantity", "s_s_discrete_exact", "r_q_poisson_exact")


def measure(small: bool) -> dict[str, Any]:
    """Return largest differences, counts of equal answers, CPU seconds per item and their ratio for lot sizes.

    Keys: wagner_whitin (cases, periods, largest_difference of cost, cpu_s_per_item on the same cases, many and cpu_s_per_item_of_many,
    stockpyl_cpu_s_per_item, ratio: stockpyl's CPU over ours on the same cases), policies (per kind: cases, equal: costs within 1e-6,
    equal_quantities, largest_difference of cost), stockpyl (version).
    Raises RuntimeError with the worker's words where stockpyl cannot be run.
    """
    cases = {"wagner_whitin": _lot_cases(60 if small else 300)} | {kind: _cases(kind, 20 if small else 100) for kind in KINDS}
    told = _stockpyl(cases)
    return {
        "wagner_whitin": _lot_sizes(cases["wagner_whitin"], told["wagner_whitin"], 1_000 if small else MANY),
        "policies": {kind: _compared(kind, cases[kind], told[kind]["answers"]) for kind in KINDS},
        "stockpyl": told["version"],
    }


def _lot_cases(count: int) -> list[Case]:
    luck = np.random.default_rng(SEED)
    demand = luck.integers(0, 60, (count, PERIODS)) * (luck.random((count, PERIODS)) < 0.8)
    costs = [(float(luck.uniform(0, 300)), float(luck.uniform(0, 3)), float(luck.uniform(0, 5))) for _ in range(count)]
    return [
        {"demand": row.tolist(), "fixed": fixed, "holding": holding, "unit": unit}
        for row, (fixed, holding, unit) in zip(demand, costs, strict=True)
    ]


def _cases(kind: str, count: int) -> list[Case]:
    luck = np.random.default_rng(SEED + KINDS.index(kind))
    found: list[Case] = []
    for _ in range(count):
        case: Case = {
            name: float(luck.uniform(low, high)) for name, low, high in (("holding", 0.1, 2), ("shortage", 1, 12), ("fixed", 2, 60))
        }
        case |= {"mean": float(luck.uniform(0.3, 15)), "lead": float(luck.uniform(0.5, 3))}
        if kind == "newsvendor_discrete":
            chance = luck.dirichlet(np.ones(8))
            case |= {"demand": np.sort(luck.choice(60, 8, replace=False)).tolist(), "chance": (chance / chance.sum()).tolist()}
        found.append(case)
    return found


def _stockpyl(cases: dict[str, list[Case]]) -> dict[str, Any]:
    python = os.environ.get("STOCKPYL_PYTHON", sys.executable)
    version = subprocess.run(
        [python, "-c", "from importlib.metadata import version; print(version('stockpyl'))"], capture_output=True, text=True, check=False
    )
    if version.returncode != 0:
        raise RuntimeError(f"{python} has no stockpyl; `make bench-replenishment` installs it, or name another Python in STOCKPYL_PYTHON.")
    done = subprocess.run([python, WORKER], input=json.dumps(cases), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"stockpyl failed: {done.stderr.strip()[-800:]}")
    return json.loads(done.stdout) | {"version": version.stdout.strip()}


def _lot_sizes(cases: list[Case], told: dict[str, Any], many: int) -> dict[str, Any]:
    demand, fixed, holding, unit = _stacked(cases)
    wagner_whitin(demand[:1], fixed[:1], holding[:1], unit[:1])
    repeats = 20  # one call is too short to time
    ours, cost = _timed(lambda: [wagner_whitin(demand, fixed, holding, unit).cost for _ in range(repeats)][-1])
    copies = -(-many // len(cases))
    large, _ = _timed(lambda: wagner_whitin(*(np.tile(one, (copies, 1))[:many] for one in (demand, fixed, holding, unit))))
    theirs = told["cpu_s"] / len(cases)
    answers = np.array([one[0] for one in told["answers"]])
    return {
        "cases": len(cases),
        "periods": PERIODS,
        "largest_difference": float(np.abs(cost - answers).max()),
        "cpu_s_per_item": ours / repeats / len(cases),
        "cpu_s_per_item_of_many": large / many,
        "many": many,
        "stockpyl_cpu_s_per_item": theirs,
        "ratio": theirs / max(ours / repeats / len(cases), 1e-12),
    }


def _stacked(cases: list[Case]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    demand = np.array([case["demand"] for case in cases], dtype=np.float64)
    fixed, holding, unit = (np.array([[case[name]] for case in cases]) for name in ("fixed", "holding", "unit"))
    return demand, fixed, holding, unit


def _compared(kind: str, cases: list[Case], answers: list[list[float]]) -> dict[str, Any]:
    """Count answers whose cost and whose quantity agree; a quantity that costs the same is equal too."""
    ours = [_ours(kind, case) for case in cases]
    differences = [abs(mine - theirs[-1]) for (_, mine), theirs in zip(ours, answers, strict=True)]
    same = [np.allclose(units, theirs[:-1], rtol=1e-9, atol=1e-9) for (units, _), theirs in zip(ours, answers, strict=True)]
    return {
        "cases": len(cases),
        "equal": sum(one <= EQUAL for one in differences),
        "equal_quantities": sum(same),
        "largest_difference": max(differences),
    }


def _ours(kind: str, case: Case) -> tuple[list[float], float]:
    if kind == "newsvendor_poisson":
        one = poisson_newsvendor([case["mean"]], case["holding"], case["shortage"])
        return [float(one.units[0])], float(one.cost[0])
    if kind == "newsvendor_discrete":
        one = discrete_newsvendor(np.array(case["demand"]), np.array(case["chance"]), case["holding"], case["shortage"])
        return [float(one.units[0])], float(one.cost[0])
    if kind == "economic_order_quantity":
        units, cost = economic_order_quantity(case["mean"], case["fixed"], case["holding"])
        return [units], cost
    if kind == "s_s_discrete_exact":
        return _quantities(best_order_up_to_policy(case["mean"], case["fixed"], case["holding"], case["shortage"]))
    return _quantities(best_fixed_order_policy(case["mean"], case["lead"], case["fixed"], case["holding"], case["shortage"]))


def _quantities(policy: Policy) -> tuple[list[float], float]:
    return [float(policy.reorder_point), float(policy.order)], policy.cost


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = _cpu()
    found = work()
    return _cpu() - began, found


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
