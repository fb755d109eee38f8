"""Closed loop: orders decided period by period against real demand, and what they cost.

Public: `LoopTerms`, `LoopStart`, `Loop`, `Seen`, `run_loop`; `Outcome`, `outcome`; orders without limits: `path_orders`, `perfect_orders`,
`weighed_fractile`; under limits: `SupplyLimits`, `limited_orders` with `RoundPolicy` and `Rollout`; the rules: `Baseline`, `BASELINES`,
`limited_rule`. Read `loop.py` first.
"""

from optimization.closed_loop.baselines import BASELINES, Baseline
from optimization.closed_loop.costs import Outcome, outcome
from optimization.closed_loop.limited_policy import RoundPolicy, limited_orders, weighed_fractile
from optimization.closed_loop.limited_rules import limited_rule
from optimization.closed_loop.loop import Loop, LoopStart, LoopTerms, Seen, run_loop
from optimization.closed_loop.path_policy import path_orders
from optimization.closed_loop.perfect import perfect_orders
from optimization.closed_loop.rollout import Rollout
from optimization.closed_loop.supply import SupplyLimits

__all__ = [
    "BASELINES",
    "Baseline",
    "Loop",
    "LoopStart",
    "LoopTerms",
    "Outcome",
    "Rollout",
    "RoundPolicy",
    "Seen",
    "SupplyLimits",
    "limited_orders",
    "limited_rule",
    "outcome",
    "path_orders",
    "perfect_orders",
    "run_loop",
    "weighed_fractile",
]
