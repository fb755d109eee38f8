"""Large choice programs: prices from the smoothed dual, then an integer program over the customers who are close calls.

At the right prices almost every customer has one clearly best offer. Those are fixed. The few whose best and second best are nearly
worth the same (the core) share what is left of every limit, as a PuLP integer program. The true dual value bounds all plans, so the
gap is proven whatever was fixed; while it misses the target the core is doubled, up to everybody.
"""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram, activity_of
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.find_prices import find_prices
from optimization.coupons.priced_groups import PricedGroups, closest, columns_of, dual_of, price_groups
from optimization.coupons.settings import CouponSettings
from optimization.coupons.smoothed_dual import softmax_shares
from optimization.linear_program.arrays import Floats, Integers, LinearArrays
from optimization.linear_program.solve_arrays import solve_arrays

METHOD = "dual prices, then a core program"
_STALE_ROUNDS = 2  # a core that was widened twice in vain leaves the gap of whole customers, not of the method
_GOLDEN = 0.6180339887498949  # its multiples spread evenly, so that close calls are split in proportion
_CLOSE = 8.0  # temperatures within which a call is close
_WORTH_A_LOOK, _WORTH_A_TRY = 30.0, 100.0  # temperatures below a customer's best: offers of the first relaxed plan, of the first core
_FIRST_RELAXED_SHARE = 1 / 400  # of all customers: the first core whose relaxation is looked at


@dataclass(frozen=True)
class _Settled:
    """What the search for whole customers starts from: a choice per group (-1: none), regrets at `priced`, and the best bound known.

    `relaxed_value` is the best value with fractions among the close calls; `temperature` is the one at which prices were found.
    """

    priced: PricedGroups
    choice: Integers
    bound: float
    relaxed_value: float
    temperature: float


@dataclass(frozen=True)
class _Core:
    """The customers who are close calls, everybody else fixed: the integer program left over, at most `farthest` from the own best."""

    groups: Integers
    columns: Integers
    fixed: Integers
    fixed_value: float
    arrays: LinearArrays
    farthest: float

    @staticmethod
    def around(program: ChoiceProgram, priced: PricedGroups, choice: Integers, customers: int, farthest: float = np.inf) -> "_Core":
        """Take the `customers` closest calls, and of their offers those at most `farthest` worse than their best at the prices."""
        groups = closest(priced.regret, customers)
        columns = columns_of(program, groups)
        if np.isfinite(farthest):
            loss = priced.top[program.group[columns]] - (program.value[columns] - program.charges_of(columns, priced.prices))
            columns = columns[(loss <= farthest) | (choice[program.group[columns]] == columns)]
        outside = choice.copy()
        outside[groups] = -1
        fixed = outside[outside >= 0]
        left = program.rhs - activity_of(program.families, fixed, np.ones(len(fixed)), len(program.rhs))
        return _Core(groups, columns, fixed, float(program.value[fixed].sum()), program.restricted_to(columns, left), farthest)

    def whole(self, program: ChoiceProgram, x: Floats) -> Floats:
        """Return the plan of everybody from that of the core."""
        every = np.zeros(len(program.value))
        every[self.fixed] = 1.0
        every[self.columns] = x
        return every

    def decides_all(self, priced: PricedGroups, choice: Integers, loss: float) -> bool:
        """Tell whether no plan within `loss` of L(prices) differs from this core's plans outside of it (fixing by reduced cost)."""
        outside = np.ones(len(choice), dtype=bool)
        outside[self.groups] = False
        return self.farthest > loss and bool((priced.regret[outside] > loss).all() and (choice == priced.choice)[outside].all())


def solve_by_core(program: ChoiceProgram, settings: CouponSettings, sample_order: Integers) -> ChoiceSolution | None:
    """Return a plan with a proven gap, or None where the limits collide. All capacities and upper bounds must be 1."""
    if (program.capacity != 1).any() or (program.upper != 1).any():
        raise ValueError("The core method is for one coupon per customer.")
    worst = float(np.minimum(program.value, 0.0).sum())
    for among_all in (False, True):  # where close calls alone cannot repair a plan, prices are looked for again without fixing anybody
        priced, temperature = find_prices(program, _highest_prices(program), sample_order, among_all=among_all)
        if priced.bound < worst - 1e-6 * max(abs(worst), 1.0):
            return None  # every plan is worth at least `worst`: a bound below it proves that there is none
        settled = _settle(program, priced, temperature, settings, widen=among_all)
        if settled is not None:
            return _whole_customers(program, settled, settings)
    return None


def _settle(program: ChoiceProgram, priced: PricedGroups, temperature: float, settings: CouponSettings, *, widen: bool) -> _Settled | None:
    """Widen the core until its linear relaxation is as good as the bound; its plan and prices then decide all but a handful.

    None where even the widest core cannot keep the limits, or, without `widen`, the first one cannot: then prices are off.
    """
    groups = len(program.group_starts)
    choice, bound = _split_close_calls(program, priced, temperature), priced.bound
    first_size = size = max(settings.core_customers, int(groups * _FIRST_RELAXED_SHARE))
    farthest = _WORTH_A_LOOK * temperature
    while True:
        core = _Core.around(program, priced, choice, size, farthest)
        last = size >= groups or 3 * len(core.columns) > settings.most_core_columns
        relaxed = solve_arrays(core.arrays, settings.solve_options(), relax=True)
        if relaxed.value is not None and relaxed.duals is not None:
            value = core.fixed_value + relaxed.value
            after = price_groups(program, np.maximum(relaxed.duals[: len(program.rhs)], 0.0))
            bound = min(bound, after.bound)
            if last or bound - value <= 0.3 * settings.target_gap * max(abs(bound), 1.0):
                return _Settled(after, _rounded(program, core, choice, relaxed.x), bound, value, temperature)
            if after.bound < priced.bound:
                priced, choice = after, _split_close_calls(program, after, temperature)
        elif np.isfinite(farthest):  # the limits may need offers that looked far from the best
            farthest, size = np.inf, first_size
            continue
        elif last or not widen:
            return None
        size = min(3 * size, groups)


def _whole_customers(program: ChoiceProgram, settled: _Settled, settings: CouponSettings) -> ChoiceSolution | None:
    """Search for whole customers in growing cores until the gap meets the target."""
    priced, choice, bound = settled.priced, settled.choice, settled.bound
    best: tuple[float, Floats, bool] | None = None
    size, stale, farthest = settings.core_customers, 0, _WORTH_A_TRY * settled.temperature
    while stale < _STALE_ROUNDS:
        everybody = size >= len(choice)
        core = _Core.around(program, priced, choice, size, np.inf if everybody and best is None else farthest)
        last = everybody or 2 * len(core.columns) > settings.most_core_columns
        allowed = settings.target_gap * max(abs(bound), 1.0)
        solved = solve_arrays(core.arrays, settings.solve_options(0.9 * max(allowed - (bound - settled.relaxed_value), 0.1 * allowed)))
        if solved.value is not None:
            x = core.whole(program, solved.x)
            value = float(program.value @ x)
            stale = 0 if best is None or value > best[0] + 0.1 * allowed else stale + 1
            if best is None or value > best[0]:
                best = (value, x, solved.status == "optimal")
            if solved.bound is not None and core.decides_all(priced, choice, priced.bound - best[0]):
                bound = min(bound, max(best[0], core.fixed_value + solved.bound + program.tie_break_of(core.columns)))
            if bound - best[0] <= settings.target_gap * max(abs(best[0]), 1.0):
                break
            loss = (priced.bound - best[0]) * (1 + 1e-6) + 1e-9
            needed = int(np.count_nonzero(priced.regret <= loss))
            farthest = loss
            size = needed if needed <= 4 * size else 2 * size
        else:
            size, farthest = 2 * size, np.inf
        if last:
            break
    if best is None:
        return None
    value, x, finished = best
    return ChoiceSolution(x, value, max(bound, value), priced.prices, np.zeros(len(program.rhs)), METHOD, finished)


def _rounded(program: ChoiceProgram, core: _Core, choice: Integers, x: Floats) -> Integers:
    """Return the choices with those of the core's relaxed plan where it decided a customer."""
    decided = choice.copy()
    decided[core.groups] = -1
    taken = core.columns[x > 0.5]
    decided[program.group[taken]] = taken
    return decided


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
    sizes, first = dual.sizes, dual.starts
    before = np.concatenate([[0.0], np.cumsum(shares)])
    within = before[1:] - np.repeat(before[first], sizes)  # cumulative share inside the group
    owner = np.repeat(np.arange(len(near)), sizes)
    draw = (near * _GOLDEN) % 1.0
    passed = np.bincount(owner, weights=(within <= draw[owner] + 1e-12).astype(np.float64), minlength=len(near)).astype(np.int64)
    choice[near] = np.where(passed < sizes, program.group_starts[near] + np.minimum(passed, sizes - 1), -1)
    return choice
