"""Plans of single items that were met, each once, with what they cost: the columns that programs choose from.

Public: `PlanPool`, `Choices`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.course_of_stock import course_of, item_costs
from optimization.replenishment_horizon.horizon_problem import Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.item_program import ItemPrices

_HASH_SEED = 20240229


@dataclass(frozen=True)
class Choices:
    """One row per column: item, its plan and stock (columns x periods), cost. base: the plan of items without a choice (0 for the
    contested), base_stock and base_cost likewise. contested: the items that have a choice, ascending."""

    item: Integers
    plan: Integers
    stock: Integers
    cost: Floats
    base: Integers
    base_stock: Integers
    base_cost: Floats
    contested: Integers


class PlanPool:
    """Columns grow with every plan added; the same plan of an item is kept once."""

    def __init__(self, problem: HorizonProblem) -> None:
        self.problem = problem
        self.item = np.zeros(0, dtype=np.int64)
        self.plan = np.zeros((0, problem.periods), dtype=np.int32)
        self.stock = np.zeros((0, problem.periods), dtype=np.int32)
        self.cost = np.zeros(0)
        self._key = np.zeros(0, dtype=np.int64)
        self._weights = np.random.default_rng(_HASH_SEED).integers(1, 2**62, problem.periods + 1)

    def add(self, plan: Integers) -> None:
        """Add the plans of all items (items x arrival periods, units) that are not there yet."""
        key = np.arange(len(plan)) * self._weights[-1] + (plan * self._weights[:-1]).sum(axis=1)  # wraps around: a hash
        fresh = np.flatnonzero(~np.isin(key, self._key))
        if not len(fresh):
            return
        part = self.problem.part(fresh)
        course = course_of(part, plan[fresh])
        self._key = np.concatenate([self._key, key[fresh]])
        self.item = np.concatenate([self.item, fresh])
        self.plan = np.concatenate([self.plan, plan[fresh].astype(np.int32)])
        self.stock = np.concatenate([self.stock, course.stock.astype(np.int32)])
        self.cost = np.concatenate([self.cost, item_costs(part, course)])

    def choices(self, seen: ItemPrices, most: int) -> Choices:
        """Return about `most` columns, those that are dearest last at the prices seen; every item's best one is its base.

        An item with one column less than another's dearest has no choice: it keeps its base.
        """
        item, plan, stock = self.item, self.plan, self.stock
        priced = self.cost + (seen.order[item] * plan + seen.stock[item] * stock).sum(axis=1)
        order = np.lexsort((np.arange(len(item)), priced, item))
        first = order[np.concatenate([[True], item[order][1:] != item[order][:-1]])] if len(order) else order
        if len(first) != self.problem.items:
            raise ValueError("Expected at least one plan of every item in the pool.")
        dearer = priced - priced[first][item]
        others = np.ones(len(item), dtype=np.bool_)
        others[first] = False
        ranked = np.flatnonzero(others)
        ranked = ranked[np.lexsort((ranked, dearer[ranked]))][:most]
        new = np.zeros(len(ranked), dtype=np.bool_)  # the first choice of an item brings a second column, its base plan
        new[np.unique(item[ranked], return_index=True)[1]] = True
        ranked = ranked[np.cumsum(1 + new) <= most]
        contested = np.unique(item[ranked])
        columns = np.concatenate([first[contested], ranked])
        columns = columns[np.lexsort((columns, item[columns]))]
        base, base_stock, base_cost = plan[first].astype(np.int64), stock[first].astype(np.int64), self.cost[first].copy()
        base[contested], base_stock[contested], base_cost[contested] = 0, 0, 0.0
        return Choices(
            item[columns],
            plan[columns].astype(np.int64),
            stock[columns].astype(np.int64),
            self.cost[columns],
            base,
            base_stock,
            base_cost,
            contested,
        )
