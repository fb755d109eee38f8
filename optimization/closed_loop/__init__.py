"""Closed loop: orders decided period by period against real demand, and what they cost.

Public: `LoopTerms`, `LoopStart`, `Loop`, `Seen`, `run_loop`, `Outcome`, `outcome`, `perfect_orders`, `path_orders`, `Baseline` and
`BASELINES`. Read `loop.py` first.
"""

from optimization.closed_loop.baselines import BASELINES, Baseline
from optimization.closed_loop.costs import Outcome, outcome
from optimization.closed_loop.loop import Loop, LoopStart, LoopTerms, Seen, run_loop
from optimization.closed_loop.path_policy import path_orders
from optimization.closed_loop.perfect import perfect_orders

__all__ = [
    "BASELINES",
    "Baseline",
    "Loop",
    "LoopStart",
    "LoopTerms",
    "Outcome",
    "Seen",
    "outcome",
    "path_orders",
    "perfect_orders",
    "run_loop",
]
