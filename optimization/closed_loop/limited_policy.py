"""Orders of one round under packs, MOQs, suppliers' terms and a budget: one order size per item, all items at once.

Every size is weighed by simulation on the sample paths (`rollout.py`); then the day's own program of purchase orders chooses among the
sizes (`optimization.replenishment.solve_joint`), so that a budget goes where a unit of money saves most and a supplier's minimum is reached
only where that is worth it. `weight` is the one calibrated number: the shortage cost counts `weight` times, 1 being the textbook.

Public: `RoundPolicy`, `limited_orders`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.closed_loop.loop import Floats, LoopTerms, Seen
from optimization.closed_loop.rollout import Rollout, order_up_to_levels, rollout_cost
from optimization.closed_loop.supply import SupplyLimits
from optimization.replenishment.joint_problem import JointProblem, ordered
from optimization.replenishment.order_sizes import order_sizes
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.replenishment.solve_joint import solve_joint

SIZES = 16
SETTINGS = ReplenishmentSettings(relative_gap=5e-4, time_limit_seconds=None, core_variables=1_000)


@dataclass(frozen=True)
class RoundPolicy:
    """weight: per item, times the shortage cost. rollout: how far the simulation goes."""

    weight: Floats
    rollout: Rollout


def weighed_fractile(weight: Floats, terms: LoopTerms) -> Floats:
    """The newsvendor's fractile w b / (w b + h) per item; one half where both costs are 0."""
    shortage, holding = weight * terms.shortage(weight.size), terms.holding(weight.size)
    whole = shortage + holding
    return np.where(whole > 0, shortage / np.where(whole > 0, whole, 1.0), 0.5)


def limited_orders(
    seen: Seen, paths: Floats, terms: LoopTerms, limits: SupplyLimits, number: int, policy: RoundPolicy
) -> tuple[Floats, float]:
    """Units per item for round `number`, and the proven distance from the least expected cost (a share of it).

    paths: items x paths x at least the longest lead time + `policy.rollout.reach` coming periods.
    """
    items = paths.shape[0]
    sizes, cost = np.zeros((items, SIZES)), np.zeros((items, SIZES))
    for rows, own in terms.groups(items):
        now, ahead, weight = seen.of(rows, own.longest_lead), paths[rows], policy.weight[rows]
        fractile = weighed_fractile(weight, own)
        sizes[rows], cost[rows] = _curves(now, ahead, fractile, weight, own, limits, rows, policy.rollout)
    problem = JointProblem(
        units=sizes,
        cost=cost,
        unit_cost=limits.unit_cost,
        unit_volume=np.zeros(items),
        supplier=limits.supplier,
        place=np.full(items, -1, dtype=np.int64),
        minimum=limits.minimum,
        fixed=limits.fixed,
        room=np.array([limits.budget[number]]),
    )
    answer = solve_joint(problem, SETTINGS)
    return ordered(problem, answer.picks), (answer.cost - answer.bound) / max(abs(answer.cost), 1.0)


def _curves(
    now: Seen,
    paths: Floats,
    fractile: Floats,
    weight: Floats,
    terms: LoopTerms,
    limits: SupplyLimits,
    rows: np.ndarray,
    rollout: Rollout,
) -> tuple[Floats, Floats]:
    """Order sizes of items of one lead time and their expected cost, `SIZES` wide; infinite where there is no such size."""
    lead, pack, least = terms.longest_lead, limits.pack[rows], limits.least[rows]
    level = order_up_to_levels(paths, fractile, lead, 1)[:, 0]
    most = paths[:, :, : lead + rollout.reach].sum(axis=2).max(axis=1)
    sizes = order_sizes(np.maximum(level - now.position, 0.0), most, pack, limits.moq[rows], SIZES)
    missing = np.isnan(sizes)
    sizes = np.where(missing, 0.0, sizes)
    weighed = LoopTerms(lead, terms.holding(rows.size), terms.shortage(rows.size) * weight, terms.lost_sales)
    cost = rollout_cost(now, paths, sizes, fractile, (pack, least), weighed, rollout)
    wide = np.full((rows.size, SIZES - sizes.shape[1]), np.inf)
    return np.hstack([sizes, np.zeros_like(wide)]), np.hstack([np.where(missing, np.inf, cost), wide])
