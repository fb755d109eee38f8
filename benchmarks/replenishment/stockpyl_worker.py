"""stockpyl on textbook cases, in a process of its own: cases as JSON on standard input, answers and CPU seconds as JSON on standard output.

Nothing of Countinghouse is imported, so any Python with stockpyl can run this file.
"""

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from stockpyl.eoq import economic_order_quantity
from stockpyl.newsvendor import newsvendor_discrete, newsvendor_poisson
from stockpyl.rq import r_q_poisson_exact
from stockpyl.ss import s_s_discrete_exact
from stockpyl.wagner_whitin import wagner_whitin

Case = dict[str, Any]


def _lot_sizes(case: Case) -> list[float]:
    return [wagner_whitin(len(case["demand"]), case["holding"], case["fixed"], case["demand"], case["unit"])[1]]


def _discrete(case: Case) -> tuple[float, float]:
    chances = dict(zip(case["demand"], case["chance"], strict=True))
    return newsvendor_discrete(case["holding"], case["shortage"], demand_pmf=chances)


ANSWERS: dict[str, Callable[[Case], Any]] = {
    "wagner_whitin": _lot_sizes,
    "newsvendor_poisson": lambda case: newsvendor_poisson(case["holding"], case["shortage"], case["mean"]),
    "newsvendor_discrete": _discrete,
    "economic_order_quantity": lambda case: economic_order_quantity(case["fixed"], case["holding"], case["mean"]),
    "s_s_discrete_exact": lambda case: s_s_discrete_exact(case["holding"], case["shortage"], case["fixed"], True, case["mean"]),
    "r_q_poisson_exact": lambda case: r_q_poisson_exact(case["holding"], case["shortage"], case["fixed"], case["mean"], case["lead"]),
}


def main() -> None:
    """Answer every kind of case; the first of each kind is answered once before it is timed."""
    told: dict[str, list[Case]] = json.load(sys.stdin)
    found = {}
    for kind, cases in sorted(told.items()):
        answer = ANSWERS[kind]
        answer(cases[0])
        began = _cpu()
        answers = [answer(case) for case in cases]
        used = _cpu() - began
        found[kind] = {"cpu_s": used, "answers": [[float(number) for number in one] for one in answers]}
    json.dump(found, sys.stdout)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
