"""The rules of `baselines.py` under the same limits, applied as buyers do who have no program.

What is missing to the level is rounded to packs, an MOQ is taken where at least half of it is needed; a supplier below its minimum is
topped up where at least half of it is wanted and skipped otherwise; a budget is spent on the items whose stock is lowest against their
level first.

Public: `limited_rule`.
"""

import numpy as np

from optimization.closed_loop.loop import Floats
from optimization.closed_loop.supply import SupplyLimits, cut_to_budget, in_packs, top_up_suppliers


def limited_rule(level: Floats, position: Floats, limits: SupplyLimits, number: int) -> Floats:
    """Units per item for round `number` that lift positions towards their levels within the limits."""
    wanted = np.asarray(in_packs(level - position, limits.pack, limits.least), dtype=np.float64)
    urgency = np.where(level > 0, position / np.maximum(level, 1e-9), np.inf)
    return cut_to_budget(top_up_suppliers(wanted, urgency, limits), urgency, limits, number)
