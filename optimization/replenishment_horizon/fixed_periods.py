"""The problem with every supplier's order periods given: open ones cost their fixed cost and must get the supplier's minimum, closed ones
take no orders. Under prices of rooms and minima every item is then on its own.

Public: `FixedPeriods`, `FixedAnswer`, `fix_periods`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from optimization.replenishment_horizon.course_of_stock import course_of, supplier_values, used_room
from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.item_program import ItemBlock, ItemPrices, best_plans, cut_blocks
from optimization.replenishment_horizon.prices import Prices


@dataclass(frozen=True)
class FixedPeriods:
    """open_, required: suppliers x periods; required cells must get the supplier's minimum. fixed_cost: of all open cells, money."""

    problem: HorizonProblem
    open_: Flags
    required: Flags
    fixed_cost: float

    @cached_property
    def blocks(self) -> list[ItemBlock]:
        """All items, cut into tables."""
        return cut_blocks(self.problem, np.arange(self.problem.items))

    @cached_property
    def arrivals(self) -> Flags:
        """Items x arrival periods: True where an order may arrive."""
        return self.problem.at_arrival(self.open_[self.problem.supplier].astype(np.float64)) > 0

    @cached_property
    def finite(self) -> Integers:
        """The rooms that have a limit."""
        return np.flatnonzero(np.isfinite(self.problem.room))

    def item_prices(self, prices: Prices) -> ItemPrices:
        """Return the prices as items see them."""
        problem = self.problem
        money = problem.money_prices(prices.room) - np.where(self.required, prices.minimum, 0.0)[problem.supplier]
        return ItemPrices(
            problem.at_arrival(money * problem.unit_cost[:, None]),
            problem.volume_prices(prices.room) * problem.unit_volume[:, None],
            np.zeros(problem.demand.shape),
        )

    def answer(self, prices: Prices) -> "FixedAnswer":
        """Return the best plan under prices; its value is below that of every plan with these order periods."""
        problem = self.problem
        own, plan = best_plans(problem, self.blocks, self.item_prices(prices), self.arrivals)
        worth = float(prices.room[self.finite] @ problem.room[self.finite])
        least = float((prices.minimum * problem.minimum[:, None])[self.required].sum())
        return FixedAnswer(float(own.sum()) + self.fixed_cost - worth + least, plan)

    def noisy_plan(self, prices: Prices, width: float, luck: np.random.Generator) -> Integers:
        """Return a plan that is nearly best: every item sees prices of its own, off by about `width` of what it pays for a unit."""
        seen, shape = self.item_prices(prices), self.problem.demand.shape
        usual = np.abs(seen.order).mean(axis=1, keepdims=True) + self.problem.holding[:, None]
        noisy = ItemPrices(
            seen.order + width * usual * luck.standard_normal(shape),
            seen.stock + width * self.problem.holding[:, None] * luck.standard_normal(shape),
            seen.line,
        )
        return best_plans(self.problem, self.blocks, noisy, self.arrivals)[1]

    def missed(self, plan: Integers) -> tuple[Floats, Floats]:
        """Return by how much a plan overfills rooms, and misses required minima (money, suppliers x periods)."""
        problem = self.problem
        over = np.where(np.isfinite(problem.room), used_room(problem, course_of(problem, plan)) - problem.room, 0.0)
        short = np.where(self.required, problem.minimum[:, None] - supplier_values(problem, plan), 0.0)
        return np.maximum(over, 0.0), np.maximum(short, 0.0)


@dataclass(frozen=True)
class FixedAnswer:
    """value: a lower bound for plans with these order periods. plan: items x arrival periods, units."""

    value: float
    plan: Integers


def fix_periods(problem: HorizonProblem, open_: Flags) -> FixedPeriods:
    """Return the problem with the order periods given for suppliers with terms; all others may order whenever their calendar allows."""
    terms = problem.has_terms[:, None]
    open_ = problem.may_order & (open_ | ~terms)
    required = open_ & terms & (problem.minimum > 0)[:, None]
    fixed_cost = float((problem.fixed[:, None] * (open_ & terms)).sum())
    return FixedPeriods(problem, open_, required, fixed_cost)
