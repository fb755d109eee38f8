"""Which order periods suppliers with terms use: the cheapest patterns at the prices found, then changed supplier by supplier for as long as
the best mixture of item plans gets cheaper.

Public: `Start`, `start_of`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.course_of_stock import suppliers_used
from optimization.replenishment_horizon.find_prices import FoundPrices
from optimization.replenishment_horizon.first_plan import with_minima
from optimization.replenishment_horizon.fixed_periods import FixedPeriods, fix_periods
from optimization.replenishment_horizon.horizon_problem import Flags, Integers
from optimization.replenishment_horizon.mixtures import Mixture, mix_plans
from optimization.replenishment_horizon.order_patterns import pattern_costs
from optimization.replenishment_horizon.plan_pool import PlanPool
from optimization.replenishment_horizon.prices import Prices
from optimization.replenishment_horizon.settings import HorizonSettings

_FEWER = 0.3  # of the suppliers changed at once, where that made the mixture dearer


@dataclass(frozen=True)
class Start:
    """Order periods, the item plans met with them, and their best mixture."""

    fixed: FixedPeriods
    pool: PlanPool
    mixture: Mixture


def start_of(found: FoundPrices, near: float, settings: HorizonSettings) -> Start:
    """Return the order periods to go on with. near: distance from its bound at which a mixture is good enough, money."""
    problem = found.horizon.problem
    mended, open_ = with_minima(found.horizon, found.prices, found.answer.open_, found.answer.course.arriving)
    plans = [np.zeros_like(problem.demand), mended, *found.plans]
    best = _mixed(found, open_ & suppliers_used(problem, mended), plans, found.prices, near, settings)
    if not problem.has_terms.any():
        return best
    share = _FEWER
    for _ in range(settings.pattern_rounds):
        open_, count = _cheaper_periods(found, best, share)
        if not count:
            break
        tried = _mixed(found, open_, [*best.pool.whole_plans(), *found.plans], best.mixture.prices, near, settings)
        better = (tried.mixture.fits and not best.mixture.fits) or (
            tried.mixture.fits == best.mixture.fits and tried.mixture.cost < best.mixture.cost - near / 10
        )
        if better:
            best = tried
        elif count == 1:
            break
        else:
            share *= _FEWER
    return best


def _mixed(found: FoundPrices, open_: Flags, plans: list[Integers], prices: Prices, near: float, settings: HorizonSettings) -> Start:
    fixed = fix_periods(found.horizon.problem, open_)
    pool = PlanPool(found.horizon.problem)
    for plan in plans:
        pool.add(np.where(fixed.arrivals, plan, 0))
    return Start(fixed, pool, mix_plans(fixed, pool, prices, near, settings))


def _cheaper_periods(found: FoundPrices, best: Start, share: float) -> tuple[Flags, int]:
    """Return the open periods with the most promising suppliers changed, and how many those are. share: of all that promise to save."""
    horizon, prices = found.horizon, best.mixture.prices
    space = horizon.space
    costs = pattern_costs(horizon.problem, space, horizon.item_prices(prices), horizon.open_cost(prices))
    row, owners = np.arange(len(space.suppliers)), space.suppliers
    now = space.pattern_of(best.fixed.open_)[owners]
    cheapest = costs.argmin(axis=1)
    saves = costs[row, now] - costs[row, cheapest]
    promising = np.flatnonzero(saves > 1e-6 * max(abs(best.mixture.bound), 1.0) / max(len(owners), 1))
    count = -(-len(promising) * share // 1)
    chosen = promising[np.argsort(-saves[promising], kind="stable")][: int(count)]
    pattern = np.zeros(len(horizon.problem.minimum), dtype=np.int64)
    pattern[owners[chosen]] = cheapest[chosen]
    changed = np.isin(np.arange(len(pattern)), owners[chosen])
    return np.where(changed[:, None], space.open_periods(pattern), best.fixed.open_), len(chosen)
