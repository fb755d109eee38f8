"""The problem when rooms and minimum order values are replaced by prices: items and suppliers' patterns remain, each solved exactly.

Public: `Priced`, `PricedHorizon`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.course_of_stock import Course, course_of, supplier_values, used_room
from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.item_program import ItemBlock, ItemPrices, best_plans, cut_blocks
from optimization.replenishment_horizon.order_patterns import PatternSpace, pattern_costs, pattern_space
from optimization.replenishment_horizon.prices import Prices


@dataclass(frozen=True)
class Priced:
    """The best answer to prices. value: its priced cost, a lower bound on every plan where all patterns were weighed. course: of the plan.
    open_: suppliers x periods. item_value: per item. excess: use of room less room (0 where there is no limit). shortfall: suppliers x
    periods, minimum less value where open (0 where plain or late). Excess and shortfall are the slopes of the value."""

    value: float
    course: Course
    open_: Flags
    item_value: Floats
    excess: Floats
    shortfall: Floats


class PricedHorizon:
    """One problem with its blocks and, per supplier with terms, the patterns found so far."""

    def __init__(self, problem: HorizonProblem) -> None:
        """Cut the items into blocks; call `keep_patterns` before asking for an answer."""
        self.problem = problem
        self.space: PatternSpace = pattern_space(problem)
        self.branching: Flags = self.space.bit >= 0
        self.finite: Flags = np.isfinite(problem.room)
        self.patterns: list[Integers] = []  # layers: one pattern per supplier
        self._fresh: list[Flags] = []  # which suppliers have a new pattern in a layer
        self._blocks: list[list[ItemBlock]] = []

    def keep_patterns(self, patterns: Integers) -> None:
        """Weigh only these from now on: patterns x suppliers, repeated ones are weighed once."""
        plain = np.ones(patterns.shape[1], dtype=np.bool_)
        plain[self.space.suppliers] = False
        self.patterns, self._fresh, self._blocks = [], [], []
        for number, pattern in enumerate(patterns):
            fresh = ~plain & ~(patterns[:number] == pattern).any(axis=0)
            if number == 0:
                fresh |= plain
            if fresh.any():
                self.patterns.append(pattern)
                self._fresh.append(fresh)
                self._blocks.append(cut_blocks(self.problem, np.flatnonzero(fresh[self.problem.supplier])))

    def open_cost(self, prices: Prices) -> Floats:
        """Return suppliers x periods: what an open period costs under prices."""
        charged = self.problem.fixed[:, None] + prices.minimum * self.problem.minimum[:, None]
        return np.where(self.branching, charged, 0.0)

    def item_prices(self, prices: Prices, late: bool = False) -> ItemPrices:
        """Return the prices as items see them; with `late` minima of late periods are priced too (which is no longer a bound)."""
        problem = self.problem
        money = problem.money_prices(prices.room) - np.where(self.branching | late, prices.minimum, 0.0)[problem.supplier]
        return ItemPrices(
            problem.at_arrival(money * problem.unit_cost[:, None]),
            problem.volume_prices(prices.room) * problem.unit_volume[:, None],
            self.space.line,
        )

    def best_patterns(self, prices: Prices, count: int) -> Integers:
        """Return the `count` cheapest patterns of each supplier among all, cheapest first (patterns x suppliers; 0 for plain ones)."""
        owners = self.space.suppliers
        found = np.zeros((count, len(self.problem.minimum)), dtype=np.int64)
        if len(owners):
            costs = pattern_costs(self.problem, self.space, self.item_prices(prices), self.open_cost(prices))
            for number in range(count):
                best = costs.argmin(axis=1)
                exists = np.isfinite(costs[np.arange(len(owners)), best])
                found[number, owners] = np.where(exists, best, found[0, owners])
                costs[np.arange(len(owners)), best] = np.inf
        return found

    def answer(self, prices: Prices) -> Priced:
        """Return the best answer over the patterns found so far; its value is a bound only where they hold the best of all."""
        problem, owner = self.problem, self.problem.supplier
        seen = self.item_prices(prices)
        open_cost = self.open_cost(prices)
        suppliers = len(problem.minimum)
        least = np.full(suppliers, np.inf)
        value, plan = np.zeros(problem.items), np.zeros(problem.demand.shape, dtype=np.int64)
        open_ = np.ones(problem.may_order.shape, dtype=np.bool_)
        for pattern, fresh, blocks in zip(self.patterns, self._fresh, self._blocks, strict=True):
            now = self.space.open_periods(pattern)
            arrivals = problem.at_arrival(now[owner].astype(np.float64)) > 0
            own_value, own_plan = best_plans(problem, blocks, seen, arrivals)
            total = np.bincount(owner, weights=own_value, minlength=suppliers) + (open_cost * (now & self.branching)).sum(axis=1)
            better = fresh & (total < least)
            least = np.where(better, total, least)
            rows = better[owner]
            value[rows], plan[rows], open_[better] = own_value[rows], own_plan[rows], now[better]
        return self._told(prices, plan, value, open_, float(least[np.isfinite(least)].sum()))

    def _told(self, prices: Prices, plan: Integers, value: Floats, open_: Flags, total: float) -> Priced:
        problem = self.problem
        course = course_of(problem, plan)
        room = np.where(self.finite, problem.room, 0.0)
        excess = np.where(self.finite, used_room(problem, course) - room, 0.0)
        short = problem.minimum[:, None] - supplier_values(problem, plan)
        shortfall = np.where(self.branching & open_, short, 0.0)
        return Priced(total - float(prices.room @ room), course, open_, value, excess, shortfall)
