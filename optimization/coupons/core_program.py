"""Large choice programs: prices from the smoothed dual, then an integer program over the customers who are close calls.

At the right prices almost every customer has one clearly best offer. Those are fixed. The few whose best and second best are nearly
worth the same (the core) share what is left of every limit, as a PuLP integer program. The true dual value bounds all plans, so the
gap is proven whatever was fixed; while it misses the target the core is doubled, up to everybody.
"""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.find_prices import find_prices
from optimization.coupons.priced_groups import PricedGroups, closest, columns_of, dual_of, price_groups
from optimization.coupons.settings import CouponSettings
from optimization.coupons.smoothed_dual import softmax_shares
from optimization.linear_program.arrays import Floats, Integers, LinearArrays
from optimization.linear_program.solve_arrays import solve_arrays

_STALE_ROUNDS = 2  # a core that was doubled twice in vain leaves the gap of whole customers, not of the method
_GOLDEN = 0.6180339887498949  # its multiples spread evenly, so that close calls are split in proportion
_CLOSE = 8.0  # temperatures within which a call is close


@dataclass(frozen=True)
class _Core:
    """The customers who are close calls, everybody else fixed: the integer program left over and its linear relaxation."""

    columns: Integers
    fixed: Floats
    arrays: LinearArrays
    relaxed_value: float | None
    prices: Floats | None

    @staticmethod
    def around(program: ChoiceProgram, priced: PricedGroups, choice: Integers, customers: int, settings: CouponSettings) -> "_Core":
        """Take the `customers` closest calls; `relaxed_value` is the whole plan's value with the core relaxed, None where it cannot fit."""
        columns = columns_of(program, closest(priced.regret, customers))
        fixed = np.zeros(len(program.value))
        fixed[choice[choice >= 0]] = 1.0
        fixed[columns] = 0.0
        arrays = program.restricted_to(columns, program.rhs - program.activity(fixed))
        relaxed = solve_arrays(arrays, settings.solve_options(), relax=True)
        value = None if relaxed.value is None else float(program.value @ fixed) + relaxed.value
        prices = None if relaxed.duals is None else np.maximum(relaxed.duals[: len(program.rhs)], 0.0)
        return _Core(columns, fixed, arrays, value, prices)

    def search(self, loss: float, settings: CouponSettings) -> tuple[Floats, bool] | None:
        """Return (x of the whole plan, finished) at most `loss` below the relaxation where that can be had, None where nothing fits."""
        solved = solve_arrays(self.arrays, settings.solve_options(loss))
        if solved.value is None:
            return None
        x = self.fixed.copy()
        x[self.columns] = solved.x
        return x, solved.status == "optimal"


def solve_by_core(program: ChoiceProgram, settings: CouponSettings, sample_order: Integers) -> ChoiceSolution | None:
    """Return a plan with a proven gap, or None where the limits collide. All capacities and upper bounds must be 1."""
    if (program.capacity != 1).any() or (program.upper != 1).any():
        raise ValueError("The core method is for one coupon per customer.")
    worst = float(np.minimum(program.value, 0.0).sum())
    priced, temperature = find_prices(program, _highest_prices(program), sample_order)
    if priced.bound < worst - 1e-6 * max(abs(worst), 1.0):
        return None  # every plan is worth at least `worst`: a bound below it proves that there is none
    choice = _split_close_calls(program, priced, temperature)
    best: ChoiceSolution | None = None
    core_size, stale_rounds = settings.core_customers, 0
    while stale_rounds < _STALE_ROUNDS:
        core = _Core.around(program, priced, choice, core_size, settings)
        last = core_size >= len(program.group_starts) or 2 * len(core.columns) > settings.most_core_columns
        core_size *= 2
        allowed_loss = settings.target_gap * max(abs(priced.bound), 1.0)
        if core.prices is not None and (core.relaxed_value is None or priced.bound - core.relaxed_value > 0.3 * allowed_loss):
            other = price_groups(program, core.prices)
            if other.bound < priced.bound:
                priced, choice = other, _split_close_calls(program, other, temperature)
        allowed_loss = settings.target_gap * max(abs(priced.bound), 1.0)
        if core.relaxed_value is None or (priced.bound - core.relaxed_value > 0.6 * allowed_loss and not last):
            if last:
                break
            continue  # fixing so many customers already costs too much: widen the core before searching in it
        attempt = core.search(0.9 * (allowed_loss - (priced.bound - core.relaxed_value)), settings)
        if attempt is not None:
            x, finished = attempt
            value = float(program.value @ x)
            stale_rounds += 1
            if best is None or value > best.value + 0.1 * allowed_loss:
                stale_rounds = 0
            if best is None or value > best.value:
                method = "dual prices, then a core program"
                best = ChoiceSolution(x, value, priced.bound, priced.prices, np.zeros(len(program.rhs)), method, finished)
            if priced.bound - best.value <= settings.target_gap * max(abs(best.value), 1.0):
                break
        if last:
            break
    if best is None:
        return None
    bound = max(priced.bound, best.value)
    return ChoiceSolution(best.x, best.value, bound, priced.prices, best.relaxation, best.method, best.finished)


def _highest_prices(program: ChoiceProgram) -> Floats:
    """Return a ceiling per row: far above what one unit could ever earn, so that colliding limits do not run away."""
    smallest = program.smallest_entry
    typical = np.where(np.isfinite(smallest), np.maximum(smallest, 1e-3 * np.maximum(program.largest_entry, 1e-9)), 1.0)
    return 1e3 * max(program.largest_value, 1e-9) / typical


def _split_close_calls(program: ChoiceProgram, priced: PricedGroups, temperature: float) -> Integers:
    """Return the choice per group, close calls split in the proportion of the softmax, so that the limits are used about in full."""
    near = np.flatnonzero(priced.regret <= _CLOSE * temperature).astype(np.int64)
    choice = priced.choice.astype(np.int64)
    if len(near) == 0:
        return choice
    dual = dual_of(program, near, program.rhs)
    shares, _ = softmax_shares(dual, priced.prices, temperature)
    sizes, starts = dual.sizes, program.group_starts[near]
    before = np.concatenate([[0.0], np.cumsum(shares)])
    within = before[1:] - np.repeat(before[dual.starts], sizes)  # cumulative share inside the group
    owner = np.repeat(np.arange(len(near)), sizes)
    draw = (near * _GOLDEN) % 1.0
    passed = np.bincount(owner, weights=(within <= draw[owner] + 1e-12).astype(np.float64), minlength=len(near)).astype(np.int64)
    choice[near] = np.where(passed < sizes, starts + np.minimum(passed, sizes - 1), -1)
    return choice
