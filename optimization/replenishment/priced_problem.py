"""The problem when limits are replaced by prices: it falls apart into suppliers, and each is solved at once.

Under prices on the rooms an item of a plain supplier simply takes its cheapest size. A binding supplier is used or not; where it is used, a
second price (nu, on its minimum order value) makes its items buy enough. The sum is a lower bound on the cost of every plan (Lagrange).

Public: `Priced`, `priced`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment.joint_problem import Flags, Floats, Integers, JointProblem, ordered, used_room

_ROUNDS = 36


@dataclass(frozen=True)
class Priced:
    """The answer to one set of prices.

    bound: no plan costs less. excess: use minus room at this answer (the slope of the bound in the prices). picks: one size per item,
    minima met where they can be. on: suppliers used. on_cost, off_cost: each supplier's priced cost when used and when not (on_cost is
    infinite where its minimum cannot be reached). minimum_price: nu per supplier. reduced: priced cost per item and size less the item's
    cheapest, >= 0.
    """

    bound: float
    excess: Floats
    picks: Integers
    on: Flags
    on_cost: Floats
    off_cost: Floats
    minimum_price: Floats
    reduced: Floats


def priced(problem: JointProblem, prices: Floats) -> Priced:
    """Return the best answer to `prices` (one per room, 0 where a room is without limit)."""
    base = problem.cost + problem.unit_price(prices)[:, None] * problem.units
    suppliers = len(problem.minimum)
    nu, low_picks, high_picks, reachable = _minimum_prices(problem, base)
    total = base - (nu[problem.supplier] * problem.unit_cost)[:, None] * problem.units
    rows = np.arange(len(base))
    cheapest = total.min(axis=1) if len(base) else np.zeros(0)
    summed = np.bincount(problem.supplier, weights=cheapest, minlength=suppliers).astype(np.float64)
    on_cost = np.where(reachable, problem.fixed + nu * problem.minimum + summed, np.inf)
    off_cost = np.bincount(problem.supplier, weights=base[:, 0], minlength=suppliers).astype(np.float64)
    on = ~problem.binding | (on_cost < off_cost)
    on_item = on[problem.supplier]
    low, high = np.where(on_item, low_picks, 0), np.where(on_item, high_picks, 0)
    finite = ~np.isinf(problem.room)
    bound = float(np.where(on, on_cost, off_cost).sum() - (prices[finite] * problem.room[finite]).sum())
    share = _mixing_share(problem, low_picks, high_picks)[problem.supplier]
    use = used_room(problem, share * ordered(problem, high) + (1 - share) * ordered(problem, low))
    excess = np.where(finite, use - np.where(finite, problem.room, 0), 0.0)
    picks = np.where(on_item, high_picks, 0)
    reduced = total - total[rows, total.argmin(axis=1)][:, None] if len(base) else total
    return Priced(bound, excess, picks.astype(np.int64), on, on_cost, off_cost, nu, reduced)


def _minimum_prices(problem: JointProblem, base: Floats) -> tuple[Floats, Integers, Integers, Flags]:
    """Return nu per supplier, the picks just below and just above its minimum, and whether the minimum can be reached."""
    picks = base.argmin(axis=1) if len(base) else np.zeros(0, dtype=np.int64)
    suppliers = len(problem.minimum)
    nu = np.zeros(suppliers)
    short = _values(problem, picks) < problem.minimum * (1 - 1e-12)
    largest = problem.units.argmax(axis=1) if len(base) else picks
    reachable = _values(problem, largest) >= problem.minimum * (1 - 1e-12)
    short &= reachable
    low_picks, high_picks = picks.copy(), picks.copy()
    if not short.any():
        return nu, low_picks, high_picks, reachable
    rows = np.flatnonzero(short[problem.supplier])
    part, value = base[rows], (problem.units * problem.unit_cost[:, None])[rows]
    owner = problem.supplier[rows]
    step = np.where(value > 0, part - part[:, :1], 0)
    steepest = np.max(np.where(value > 0, np.where(np.isfinite(step), step, 0) / np.where(value > 0, value, 1), 0), axis=1)
    low, high = np.zeros(suppliers), np.full(suppliers, 1e-6)
    np.maximum.at(high, owner, np.abs(steepest) * 2)
    at_low, at_high = picks[rows], largest[rows]
    for _ in range(40):  # a price high enough that the minimum is met
        trial = (part - high[owner][:, None] * value).argmin(axis=1)
        met = np.bincount(owner, weights=value[np.arange(len(rows)), trial], minlength=suppliers) >= problem.minimum * (1 - 1e-12)
        if (met | ~short).all():
            break
        high = np.where(met | ~short, high, high * 4)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        trial = (part - middle[owner][:, None] * value).argmin(axis=1)
        met = np.bincount(owner, weights=value[np.arange(len(rows)), trial], minlength=suppliers) >= problem.minimum * (1 - 1e-12)
        high, low = np.where(met, middle, high), np.where(met, low, middle)
        at_high, at_low = np.where(met[owner], trial, at_high), np.where(met[owner], at_low, trial)
    low_picks[rows], high_picks[rows] = at_low, at_high
    return np.where(short, high, 0.0), low_picks, high_picks, reachable


def _values(problem: JointProblem, picks: Integers) -> Floats:
    units = ordered(problem, picks) if len(picks) else np.zeros(0)
    return np.bincount(problem.supplier, weights=units * problem.unit_cost, minlength=len(problem.minimum)).astype(np.float64)


def _mixing_share(problem: JointProblem, low_picks: Integers, high_picks: Integers) -> Floats:
    """Return the weight of the higher picks at which each supplier's order value is just its minimum."""
    low, high = _values(problem, low_picks), _values(problem, high_picks)
    return np.where(high > low, np.clip((problem.minimum - low) / np.where(high > low, high - low, 1), 0, 1), 1.0)
