"""Rolling horizon: speed, memory and gap beside one monolithic PuLP model, and how often small plans equal HiGHS at gap 0.

Each run has a process of its own (`benchmarks.apart`), so that CPU and memory are its
own; the shop is drawn before the clock starts. "ours" is `plan_horizon`, frames in, checked plan out. Peers get the same problem as one
PuLP model, with HiGHS and with CBC, one thread, up to a time limit of wall seconds, and say what they had by then.

Public: `measure`.
"""

from typing import Any

import numpy as np

from benchmarks.apart import answer, measured, run_apart
from benchmarks.cbc import UNTOLD, cbc_answer
from benchmarks.replenishment.horizon_shops import HorizonShop, horizon_shop, small_problem
from benchmarks.told import told_by, told_of
from optimization.linear_program import LinearArrays, SolveOptions
from optimization.replenishment_horizon import HorizonProblem, HorizonSettings, plan_horizon, read_horizon, solve_horizon
from optimization.replenishment_horizon.course_of_stock import course_of, keeps_limits
from optimization.replenishment_horizon.find_prices import find_prices
from optimization.replenishment_horizon.horizon_problem import Floats
from optimization.replenishment_horizon.mixtures import Mixture
from optimization.replenishment_horizon.order_periods import start_of
from optimization.replenishment_horizon.whole_model import solve_whole, whole_program

SIZES, SMALL_SIZES, PEER_SIZES = (100, 1_000, 10_000, 100_000), (100, 1_000), (100, 1_000)
TERMS_SIZES = (100, 1_000, 10_000)
LIMIT_S, PATIENCE_S = 60, 300
PEERS = ("PuLP with HiGHS", "PuLP with CBC")
PRICED_ITEMS = 1_000
SMALL_PROBLEMS, FEW_PROBLEMS = 240, 60


def measure(small: bool) -> dict[str, Any]:
    """Return {"runs": one dict per method, size and kind of shop, "correctness": counts, "shadow_prices": counts}."""
    sizes = SMALL_SIZES if small else SIZES
    runs = [_run("ours", size, False) for size in sizes]
    runs += [_run("ours", size, True) for size in TERMS_SIZES if size in sizes]
    runs += [_run(peer, size, False) for size in PEER_SIZES for peer in PEERS if not (small and size > 100)]
    return {
        "runs": runs,
        "correctness": correctness(FEW_PROBLEMS if small else SMALL_PROBLEMS),
        "shadow_prices": shadow_prices(SMALL_SIZES[0] if small else PRICED_ITEMS),
    }


def correctness(count: int) -> dict[str, int]:
    """Compare `count` small problems over all kinds of limits with the whole model at gap 0; both ways of solving are asked.

    equal: plans of `solve_horizon` at its defaults for small problems with HiGHS's value. enclosed: bound <= HiGHS <= value of the
    decomposition
    alone. broken: plans of either that break a limit.
    """
    told = {"problems": count, "equal": 0, "enclosed": 0, "broken": 0}
    exact = SolveOptions(relative_gap=0.0, absolute_gap=0.0)
    alone = HorizonSettings(relative_gap=0.0, whole_model_cells=0, price_rounds=1, price_answers=15, core_rounds=2)
    for seed in range(count):
        problem = small_problem(seed)
        best = solve_whole(problem, exact).value
        whole, priced = solve_horizon(problem, HorizonSettings(relative_gap=0.0)), solve_horizon(problem, alone)
        if best is None:
            raise RuntimeError(f"HiGHS found no plan for problem {seed}.")
        hair = 1e-6 * max(abs(best), 1.0)  # the solver's own tolerance
        told["equal"] += abs(whole.cost - best) <= hair and whole.status == "optimal"
        told["enclosed"] += priced.bound <= best + hair <= priced.cost + 2 * hair
        told["broken"] += sum(not keeps_limits(problem, course_of(problem, one.arriving)) for one in (whole, priced))
    return told


def shadow_prices(items: int) -> dict[str, int]:
    """Compare shadow prices of rooms with planning again at 1 % more and 1 % less of the room (bounds of the converged prices).

    agree: within 5 % of the mean slope. kinks: not so, but between the slopes of the two sides. edges: without 1 % no plan exists.
    """
    problem = read_horizon(*horizon_shop(items, False).frames).problem
    here = _priced(problem)
    told = {"rooms": 0, "agree": 0, "kinks": 0, "edges": 0, "apart": 0}
    for room in np.flatnonzero(here.prices.room > 0)[::2].tolist():
        less, more = (_priced(problem.with_room(_scaled(problem.room, room, share))) for share in (0.99, 1.01))
        told["rooms"] += 1
        if not less.fits:
            told["edges"] += 1
            continue
        step = 0.01 * problem.room[room]
        steep, flat, price = (less.bound - here.bound) / step, (here.bound - more.bound) / step, here.prices.room[room]
        mean = (steep + flat) / 2
        told["agree" if abs(price - mean) <= 0.05 * mean else "kinks" if flat * 0.99 <= price <= steep * 1.01 else "apart"] += 1
    return told


def _priced(problem: HorizonProblem) -> Mixture:
    settings = HorizonSettings()
    found = find_prices(problem, settings)
    return start_of(found, 1e-5 * abs(found.bound), settings).mixture


def _scaled(rooms: Floats, number: int, share: float) -> Floats:
    scaled = rooms.copy()
    scaled[number] *= share
    return scaled


def _run(method: str, items: int, with_terms: bool) -> dict[str, Any]:
    order = {"method": method, "items": items, "terms": with_terms, "limit_s": None if method == "ours" else LIMIT_S}
    return run_apart(__name__, order, patience_s=PATIENCE_S)


def _work(order: dict[str, Any]) -> dict[str, Any]:
    shop = horizon_shop(order["items"], order["terms"])
    return measured(lambda: _ours(shop) if order["method"] == "ours" else _peer(shop, order["method"], order["limit_s"]))


def _ours(shop: HorizonShop) -> dict[str, Any]:
    certificate = plan_horizon(*shop.frames).certificate
    if certificate.violations:
        raise RuntimeError(f"The plan breaks limits: {certificate.violations[:3]}.")
    return told_of(certificate)


def _peer(shop: HorizonShop, method: str, limit_s: int) -> dict[str, Any]:
    program = whole_program(read_horizon(*shop.frames).problem)
    return told_by(*(_highs if method == PEERS[0] else _cbc)(program, limit_s))


def _highs(program: LinearArrays, limit_s: int) -> tuple[float | None, float | None, str]:
    from optimization.linear_program import solve_arrays

    solved = solve_arrays(program, SolveOptions(relative_gap=1e-4, time_limit_seconds=limit_s))
    return solved.value, solved.bound, solved.status


def _cbc(program: LinearArrays, limit_s: int) -> tuple[float | None, float | None, str]:
    solution = cbc_answer(program, limit_s, 1e-4)
    if np.isnan(solution).any():
        return None, None, "no_solution"
    broken = np.abs(solution - np.rint(solution))[program.is_integer].max(initial=0.0)
    if max(broken, program.excess(solution).max(initial=0.0)) > 1e-4:
        return None, None, "no_solution"
    return float(program.objective @ solution), None, UNTOLD


if __name__ == "__main__":
    answer(_work)
