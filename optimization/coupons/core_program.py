"""Large choice programs: prices from the smoothed dual, then an integer program over the customers who are close calls.

At the right prices almost every customer has one clearly best offer. Those are fixed. The few whose best and second best are nearly
worth the same (the core) share what is left of every limit, as a PuLP integer program. The true dual value bounds all plans, so the
gap is proven whatever was fixed; while it misses the target the core is doubled, up to everybody.
"""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.settings import CouponSettings
from optimization.coupons.smoothed_dual import DualProblem, find_prices, softmax_shares
from optimization.linear_program.arrays import Floats, Integers, LinearArrays
from optimization.linear_program.solve_arrays import solve_arrays

_STALE_ROUNDS = 2  # a core that was doubled twice in vain leaves the gap of whole customers, not of the method
_GOLDEN = 0.6180339887498949  # its multiples spread evenly, so that close calls are split in proportion


@dataclass(frozen=True)
class _Priced:
    """One customer at a time at given prices: the fixed choice (column or -1) and how close the call is."""

    choice: Integers
    regret: Floats


@dataclass(frozen=True)
class _Core:
    """The customers who are close calls, everybody else fixed: the integer program left over and its linear relaxation."""

    columns: Integers
    fixed: Floats
    arrays: LinearArrays
    relaxed_value: float | None
    prices: Floats | None

    @staticmethod
    def around(program: ChoiceProgram, dual: DualProblem, priced: _Priced, customers: int, settings: CouponSettings) -> "_Core":
        """Take the `customers` closest calls; `relaxed_value` is the whole plan's value with the core relaxed, None where it cannot fit."""
        in_core = np.zeros(len(dual.starts), dtype=bool)
        in_core[np.argsort(priced.regret, kind="stable")[:customers]] = True
        columns = np.flatnonzero(np.repeat(in_core, dual.sizes)).astype(np.int64)
        fixed = np.zeros(len(program.value))
        fixed[priced.choice[priced.choice >= 0]] = 1.0
        fixed[columns] = 0.0
        arrays = program.restricted_to(columns, program.rhs - program.activity(fixed))
        relaxed = solve_arrays(arrays, settings.solve_options(), relax=True)
        value = None if relaxed.value is None else float(program.value @ fixed) + relaxed.value
        prices = None if relaxed.duals is None else np.maximum(relaxed.duals[: len(program.rhs)], 0.0)
        return _Core(columns, fixed, arrays, value, prices)

    def search(self, program: ChoiceProgram, loss: float, settings: CouponSettings) -> tuple[Floats, bool] | None:
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
    dual = DualProblem(program.value, program.matrix(), program.group_starts, program.rhs)
    worst = float(np.minimum(program.value, 0.0).sum())
    prices, temperature = find_prices(dual, _highest_prices(program), sample_order)
    bound = dual.bound(prices)
    if bound < worst - 1e-6 * max(abs(worst), 1.0):
        return None  # every plan is worth at least `worst`: a bound below it proves that there is none
    best: ChoiceSolution | None = None
    core_size, stale_rounds = settings.core_customers, 0
    while stale_rounds < _STALE_ROUNDS:
        core = _Core.around(program, dual, _price_customers(dual, prices, temperature), core_size, settings)
        last = core_size >= len(dual.starts) or 2 * len(core.columns) > settings.most_core_columns
        core_size *= 2
        if core.prices is not None and dual.bound(core.prices) < bound:
            prices, bound = core.prices, dual.bound(core.prices)
        allowed_loss = settings.target_gap * max(abs(bound), 1.0)
        if core.relaxed_value is None or (bound - core.relaxed_value > 0.6 * allowed_loss and not last):
            if last:
                break
            continue  # fixing so many customers already costs too much: widen the core before searching in it
        attempt = core.search(program, 0.9 * (allowed_loss - (bound - core.relaxed_value)), settings)
        if attempt is not None:
            x, finished = attempt
            value = float(program.value @ x)
            stale_rounds += 1
            if best is None or value > best.value + 0.1 * allowed_loss:
                stale_rounds = 0
            if best is None or value > best.value:
                best = ChoiceSolution(x, value, bound, prices, np.zeros(len(program.rhs)), "dual prices, then a core program", finished)
            if bound - best.value <= settings.target_gap * max(abs(best.value), 1.0):
                break
        if last:
            break
    if best is None:
        return None
    return ChoiceSolution(best.x, best.value, max(bound, best.value), prices, best.relaxation, best.method, best.finished)


def _highest_prices(program: ChoiceProgram) -> Floats:
    """Return a ceiling per row: far above what one unit could ever earn, so that colliding limits do not run away."""
    top = max(float(np.abs(program.value).max(initial=0.0)), 1e-9)
    smallest = np.full(len(program.rhs), np.inf)
    np.minimum.at(smallest, program.entry_row, np.abs(program.entry_value))
    typical = np.where(np.isfinite(smallest), np.maximum(smallest, 1e-3 * np.maximum(program.largest_entry(), 1e-9)), 1.0)
    return 1e3 * top / typical


def _price_customers(dual: DualProblem, prices: Floats, temperature: float) -> _Priced:
    shares, _ = softmax_shares(dual, prices, temperature)
    reduced = dual.value - dual.matrix @ prices
    sizes, groups = dual.sizes, len(dual.starts)
    owner = np.repeat(np.arange(groups), sizes)
    before = np.concatenate([[0.0], np.cumsum(shares)])
    within = before[1:] - np.repeat(before[dual.starts], sizes)  # cumulative share inside the group
    draw = (np.arange(groups) * _GOLDEN) % 1.0
    passed = np.bincount(owner, weights=(within <= draw[owner] + 1e-12).astype(np.float64), minlength=groups).astype(np.int64)
    choice = np.where(passed < sizes, dual.starts + np.minimum(passed, sizes - 1), -1)
    top = np.maximum.reduceat(reduced, dual.starts)
    is_top = reduced >= np.repeat(top, sizes)
    first_top = np.maximum.reduceat(np.where(is_top, -np.arange(len(reduced)), -len(reduced)), dual.starts) * -1
    others = reduced.copy()
    others[first_top] = -np.inf
    second = np.maximum.reduceat(others, dual.starts)
    regret = np.where(top > 0, top - np.maximum(second, 0.0), -top)
    clear = regret > 8 * temperature
    choice = np.where(clear, np.where(top > 0, first_top, -1), choice)
    return _Priced(choice.astype(np.int64), regret)
