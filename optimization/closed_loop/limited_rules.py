"""The rules of `baselines.py` under the same limits, applied as buyers do who have no program.

Where the budget does not reach, what every item lacks is cut by the same share. The rest is rounded to packs, an MOQ is taken where at
least half of it is needed; a supplier below its minimum is topped up where at least half of it is wanted and skipped otherwise; should that
be more than the budget again, items whose stock is lowest against their level come first. One share for all was the best of four ways
tried on M5 (lowest stock first, best margin first, both weighed, one share).

Public: `limited_rule`.
"""

import numpy as np

from optimization.closed_loop.loop import Floats
from optimization.closed_loop.supply import SupplyLimits, cut_to_budget, in_packs, top_up_suppliers


def limited_rule(level: Floats, position: Floats, limits: SupplyLimits, number: int) -> Floats:
    """Units per item for round `number` that lift positions towards their levels within the limits."""
    lacking = np.maximum(level - position, 0.0)
    share = min(1.0, float(limits.budget[number]) / max(float(lacking @ limits.unit_cost), 1e-9))
    wanted = np.asarray(in_packs(lacking * share, limits.pack, limits.least), dtype=np.float64)
    urgency = np.where(level > 0, position / np.maximum(level, 1e-9), np.inf)
    return cut_to_budget(top_up_suppliers(wanted, urgency, limits), urgency, limits, number)
