"""Plans of single items that were met, each once, with what they cost: the columns that programs choose from.

Whole plans are remembered too, cut into groups of suppliers: what a group does in one of them is one column ("block"). Blocks carry items
that are far from contested from one price to the next, so that a program over few items still moves all of them.

Public: `PlanPool`, `Choices`, `Blocks`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.course_of_stock import by_group, course_of, item_costs
from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.item_program import ItemPrices

_HASH_SEED = 20240229
_GOLDEN = 0.6180339887498949
_GROUPS, _GROUP_ITEMS = 20, 1_000  # groups at least, and items of a group where there are many
_MOST_WHOLE = 40


@dataclass(frozen=True)
class Choices:
    """One row per column: column (its number in the pool), item, its plan and stock (columns x periods), cost. base: the plan of items
    without a choice (0 for the contested), base_stock and base_cost likewise. contested: the items that have a choice, ascending."""

    column: Integers
    item: Integers
    plan: Integers
    stock: Integers
    cost: Floats
    base: Integers
    base_stock: Integers
    base_cost: Floats
    contested: Integers


@dataclass(frozen=True)
class Blocks:
    """What items without a choice do in a whole plan, group by group: one row per plan and group. group: its number. cost: money. room:
    rows x all rooms. plan: number of the whole plan; value: whole plans x suppliers x periods, money ordered. group_of: per supplier."""

    group: Integers
    cost: Floats
    room: Floats
    plan: Integers
    value: Floats
    group_of: Integers


@dataclass(frozen=True)
class _Use:
    """Groups: cost; groups x rooms: room; suppliers x periods: value."""

    cost: Floats
    room: Floats
    value: Floats


class PlanPool:
    """Columns grow with every plan added; the same plan of an item is kept once."""

    def __init__(self, problem: HorizonProblem) -> None:
        self.problem = problem
        self.item = np.zeros(0, dtype=np.int64)
        self.plan = np.zeros((0, problem.periods), dtype=np.int32)
        self.stock = np.zeros((0, problem.periods), dtype=np.int32)
        self.cost = np.zeros(0)
        self._key = np.zeros(0, dtype=np.int64)
        self._order = np.zeros(0, dtype=np.int64)
        self._whole: list[tuple[Integers, _Use]] = []
        suppliers = len(problem.minimum)
        groups = min(max(_GROUPS, problem.items // _GROUP_ITEMS), suppliers)
        self._group_of = np.arange(suppliers) * groups // max(suppliers, 1)
        self._weights = np.random.default_rng(_HASH_SEED).integers(1, 2**62, problem.periods + 1)

    def add(self, plan: Integers, whole: bool = True) -> None:
        """Add the plans of all items (items x arrival periods, units) that are not there yet; with `whole` remember them together."""
        key = self._keys(plan)
        fresh = np.flatnonzero(~np.isin(key, self._key))
        if len(fresh):
            part = self.problem.part(fresh)
            course = course_of(part, plan[fresh])
            self._key = np.concatenate([self._key, key[fresh]])
            self._order = np.argsort(self._key)
            self.item = np.concatenate([self.item, fresh])
            self.plan = np.concatenate([self.plan, plan[fresh].astype(np.int32)])
            self.stock = np.concatenate([self.stock, course.stock.astype(np.int32)])
            self.cost = np.concatenate([self.cost, item_costs(part, course)])
        if whole and (len(fresh) or not self._whole):
            columns = self.columns(plan)
            self._whole = [*self._whole[-_MOST_WHOLE + 1 :], (columns, self._use(columns))]

    def columns(self, plan: Integers) -> Integers:
        """Return the column of every item in a plan that was added."""
        return self._order[np.searchsorted(self._key, self._keys(plan), sorter=self._order)]

    def _keys(self, plan: Integers) -> Integers:
        return np.arange(len(plan)) * self._weights[-1] + (plan * self._weights[:-1]).sum(axis=1)  # wraps around: a hash

    def masked(self, arrivals: Flags) -> "PlanPool":
        """Return the pool of its whole plans without the orders of closed periods (items x arrival periods: True where open)."""
        other = PlanPool(self.problem)
        for plan in self.whole_plans():
            other.add(np.where(arrivals, plan, 0))
        return other

    def whole_plans(self) -> list[Integers]:
        """Return the whole plans remembered (items x arrival periods, units)."""
        return [self.plan[columns].astype(np.int64) for columns, _ in self._whole]

    def _use(self, columns: Integers) -> _Use:
        """Return what some columns cost and use together, by group."""
        item = self.item[columns]
        part = self.problem.part(item)
        group = self._group_of[part.supplier]
        groups, categories, places = int(self._group_of.max(initial=0)) + 1, len(part.category_budget), len(part.volume)
        money = part.at_order(self.plan[columns] * part.unit_cost[:, None])
        volume = self.stock[columns] * part.unit_volume[:, None]
        by_category = by_group(np.where(part.category >= 0, group * categories + part.category, -1), money, groups * categories)
        by_place = by_group(np.where(part.place >= 0, group * places + part.place, -1), volume, groups * places)
        return _Use(
            np.bincount(group, weights=self.cost[columns], minlength=groups).astype(np.float64),
            np.concatenate([by_group(group, money, groups), by_category.reshape(groups, -1), by_place.reshape(groups, -1)], axis=1),
            by_group(part.supplier, money, len(part.minimum)),
        )

    def rounded(self, contested: Integers, own: Integers, shares: Floats) -> Integers:
        """Return one column per item: `own` for the contested; for the others what a whole plan does, drawn evenly by the shares.

        shares: one per block, in the order of `blocks`. Items next to each other in a group get different draws, so that what all use
        together stays near what the shares say.
        """
        groups = int(self._group_of.max(initial=0)) + 1
        upto = np.cumsum(np.maximum(shares, 0.0).reshape(-1, groups), axis=0)
        group = self._group_of[self.problem.supplier]
        draw = (np.arange(self.problem.items) * _GOLDEN) % 1.0 * upto[-1, group]
        chosen = np.minimum((draw[None, :] >= upto[:, group]).sum(axis=0), len(upto) - 1)
        columns = np.stack([columns for columns, _ in self._whole])[chosen, np.arange(self.problem.items)]
        columns[contested] = own
        return columns

    def blocks(self, contested: Integers) -> Blocks:
        """Return the blocks of the whole plans remembered, the contested items left out."""
        cost: list[Floats] = []
        room: list[Floats] = []
        value: list[Floats] = []
        for columns, use in self._whole:
            out = self._use(columns[contested])
            cost.append(use.cost - out.cost)
            room.append(use.room - out.room)
            value.append(use.value - out.value)
        groups = len(cost[0])
        return Blocks(
            np.tile(np.arange(groups), len(cost)),
            np.concatenate(cost),
            np.concatenate(room),
            np.repeat(np.arange(len(cost)), groups),
            np.stack(value),
            self._group_of,
        )

    def choices(self, seen: ItemPrices, most: int, base: Integers | None = None) -> Choices:
        """Return up to `most` columns, those that are nearest to their item's best at the prices seen. base: one column per item, kept by
        items without a choice; None: their best."""
        item, plan, stock = self.item, self.plan, self.stock
        priced = self.cost + (seen.order[item] * plan + seen.stock[item] * stock).sum(axis=1)
        order = np.lexsort((np.arange(len(item)), priced, item))
        first = order[np.concatenate([[True], item[order][1:] != item[order][:-1]])] if len(order) else order
        if len(first) != self.problem.items:
            raise ValueError("Expected at least one plan of every item in the pool.")
        dearer = priced - priced[first][item]
        first = first if base is None else base
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
        rest, rest_stock, rest_cost = plan[first].astype(np.int64), stock[first].astype(np.int64), self.cost[first].copy()
        rest[contested], rest_stock[contested], rest_cost[contested] = 0, 0, 0.0
        return Choices(
            columns,
            item[columns],
            plan[columns].astype(np.int64),
            stock[columns].astype(np.int64),
            self.cost[columns],
            rest,
            rest_stock,
            rest_cost,
            contested,
        )
