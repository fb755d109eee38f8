"""The problem when limits are replaced by prices: it falls apart into suppliers, and each is solved at once.

Under prices on the rooms an item of a plain supplier simply takes its cheapest size. A binding supplier is used or not; where it is used, a
second price (nu, on its minimum order value) makes its items buy enough: segments of its items' hulls are taken by falling worth until the
minimum is met, the last one in part. The sum is a lower bound on the cost of every plan (Lagrange).

Public: `Priced`, `priced`, `reduced_costs`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment.joint_problem import Flags, Floats, Integers, JointProblem, used_room
from optimization.replenishment.size_hulls import SizeHulls

_SHORT = 1 - 1e-12  # a minimum met but for rounding is met


@dataclass(frozen=True)
class Priced:
    """The answer to one set of prices.

    bound: no plan costs less. excess: use minus room at this answer (the slope of the bound in the prices). picks: one size per item,
    minima met where they can be; lower_picks: the same without the steps taken in part. on: suppliers used. on_cost, off_cost: each
    supplier's priced cost when used and when not (infinite where that cannot be). minimum_price: nu per supplier.
    """

    prices: Floats
    bound: float
    excess: Floats
    picks: Integers
    lower_picks: Integers
    on: Flags
    on_cost: Floats
    off_cost: Floats
    minimum_price: Floats


def priced(problem: JointProblem, hulls: SizeHulls, prices: Floats) -> Priced:
    """Return the best answer to `prices` (one per room, 0 where a room is without limit)."""
    items, suppliers = len(problem.units), len(problem.minimum)
    rows = np.arange(items)
    unit_price = problem.unit_price(prices)
    first_units = problem.units[rows, hulls.first]
    first_cost = problem.cost[rows, hulls.first] + unit_price * first_units
    gain = hulls.slope + unit_price[hulls.item]  # priced cost of one more unit
    share = (gain < 0).astype(np.float64)  # of each segment
    start_value = np.bincount(problem.supplier, weights=first_units * problem.unit_cost, minlength=suppliers)
    value = start_value + np.bincount(hulls.supplier, weights=share * hulls.value, minlength=suppliers)
    most = start_value + np.bincount(hulls.supplier, weights=hulls.value, minlength=suppliers)
    reachable = ~problem.binding | (most >= problem.minimum * _SHORT)
    short = reachable & (value < problem.minimum * _SHORT)
    nu = _fill_up(problem, hulls, gain, share, short, problem.minimum - value) if short.any() else np.zeros(suppliers)
    begun = np.bincount(problem.supplier, weights=first_cost, minlength=suppliers)
    on_cost = begun + problem.fixed + np.bincount(hulls.supplier, weights=share * gain * hulls.units, minlength=suppliers)
    on_cost = np.where(reachable, on_cost, np.inf)
    forced = start_value > 0  # a supplier one of whose items must be ordered is used whatever it costs
    off_cost = np.where(forced, np.inf, begun)
    on = ~problem.binding | (on_cost < off_cost) | forced
    taken = np.where(on[hulls.supplier], share, 0.0)
    units = first_units + np.bincount(hulls.item, weights=taken * hulls.units, minlength=items)
    finite = ~np.isinf(problem.room)
    bound = float(np.where(on, on_cost, off_cost).sum() - (prices[finite] * problem.room[finite]).sum())
    excess = np.where(finite, used_room(problem, units) - np.where(finite, problem.room, 0), 0.0)
    picks = hulls.picks(np.bincount(hulls.item[taken > 0], minlength=items))
    lower_picks = hulls.picks(np.bincount(hulls.item[taken >= 1], minlength=items))
    return Priced(prices, bound, excess, picks, lower_picks, on, on_cost, off_cost, nu)


def _fill_up(problem: JointProblem, hulls: SizeHulls, gain: Floats, share: Floats, short: Flags, missing: Floats) -> Floats:
    """Take more segments of each short supplier into `share` until nothing is missing; return nu per supplier."""
    open_ = np.flatnonzero(short[hulls.supplier] & (share == 0))
    price = gain[open_] * hulls.units[open_] / np.maximum(hulls.value[open_], 1e-300)  # cost of one unit of money's worth
    order = np.argsort(price, kind="stable")
    order = order[np.argsort(hulls.supplier[open_[order]].astype(np.int32), kind="stable")]
    open_, price = open_[order], price[order]
    owner, value = hulls.supplier[open_], hulls.value[open_]
    running = np.cumsum(value)
    begins = np.concatenate([[True], owner[1:] != owner[:-1]])
    before = running - value
    before -= np.repeat(before[begins], np.diff(np.append(np.flatnonzero(begins), len(owner))))
    share[open_] = np.clip((missing[owner] - before) / np.where(value > 0, value, 1), 0, 1)
    nu = np.zeros(len(missing))
    touched = share[open_] > 0
    np.maximum.at(nu, owner[touched], price[touched])
    return nu


def reduced_costs(problem: JointProblem, answer: Priced) -> Floats:
    """Return priced cost per item and size less the item's cheapest, >= 0 (infinite where a size does not exist)."""
    nu = answer.minimum_price[problem.supplier] * problem.unit_cost
    total = problem.cost + (problem.unit_price(answer.prices) - nu)[:, None] * problem.units
    return total - total.min(axis=1, keepdims=True) if len(total) else total
