"""Textbook programs with known answers: what the plans of a day are judged by in tests, and peers in benchmarks.

Public: `wagner_whitin` (lot sizes of many items), `best_orders` (one item, known demand, packs, MOQ, lead time, order days, lost sales),
`best_expected_cost` (the same under a distribution of demand), `critical_fractile`, `poisson_newsvendor`, `discrete_newsvendor`,
`economic_order_quantity`, `best_order_up_to_policy`, `best_fixed_order_policy`.
"""

from optimization.replenishment.oracles.expected_item_program import best_expected_cost
from optimization.replenishment.oracles.item_program import ItemOrders, ItemProgram, best_orders
from optimization.replenishment.oracles.newsvendor import Newsvendor, critical_fractile, discrete_newsvendor, poisson_newsvendor
from optimization.replenishment.oracles.review_policies import (
    Policy,
    best_fixed_order_policy,
    best_order_up_to_policy,
    economic_order_quantity,
)
from optimization.replenishment.oracles.wagner_whitin import LotSizes, wagner_whitin

__all__ = [
    "ItemOrders",
    "ItemProgram",
    "LotSizes",
    "Newsvendor",
    "Policy",
    "best_expected_cost",
    "best_fixed_order_policy",
    "best_order_up_to_policy",
    "best_orders",
    "critical_fractile",
    "discrete_newsvendor",
    "economic_order_quantity",
    "poisson_newsvendor",
    "wagner_whitin",
]
