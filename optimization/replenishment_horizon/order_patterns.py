"""In which periods to order from a supplier with terms: every pattern of open periods weighed exactly, many items at once.

Under prices a supplier's items are tied to each other only by its open periods. A dynamic program that branches at every order period
(closed, open) gives every item's cost under every pattern, and shares all that later periods have in common; the sum over a supplier's
items plus what its open periods cost is least for one pattern. Bit j of a pattern stands for the supplier's j-th order period.

Where patterns are too many, only the first order periods branch. The later ones ("late") are open in every pattern, their fixed cost is
split
over the supplier's items as a cost per order line, and their minimum is left out: no plan costs less than that, so bounds stay true.

Public: `PatternSpace`, `pattern_space`, `pattern_costs`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers
from optimization.replenishment_horizon.item_program import ItemBlock, ItemPrices, Slopes, cut_blocks, floor_step, order_step, slopes_of

_MOST_PATTERN_ITEMS = 40_000_000  # items x patterns of one weighing
_MOST_BITS = 12


@dataclass(frozen=True)
class PatternSpace:
    """suppliers: those with terms. bit: suppliers x periods, the bit of an order period, -1 where it has none. late: suppliers x periods.
    bits: per supplier. line: items x arrival periods, the share of late fixed costs. blocks: of their items, by arrivals."""

    suppliers: Integers
    bit: Integers
    late: Flags
    bits: Integers
    line: Floats
    blocks: list[ItemBlock]

    def open_periods(self, pattern: Integers) -> Flags:
        """Return suppliers x periods: True where an order may be placed under one pattern per supplier; True for plain suppliers."""
        open_ = (pattern[:, None] >> np.maximum(self.bit, 0)) & 1 == 1
        open_ = (open_ & (self.bit >= 0)) | self.late
        plain = np.ones(len(pattern), dtype=np.bool_)
        plain[self.suppliers] = False
        return open_ | plain[:, None]

    def pattern_of(self, open_: Flags) -> Integers:
        """Return the pattern per supplier of the periods that are open."""
        return np.where(open_ & (self.bit >= 0), 1 << np.maximum(self.bit, 0), 0).sum(axis=1)


def pattern_space(problem: HorizonProblem) -> PatternSpace:
    """Return which order periods branch and which are late."""
    suppliers = np.flatnonzero(problem.has_terms)
    items = np.flatnonzero(problem.has_terms[problem.supplier]) if problem.items else np.zeros(0, dtype=np.int64)
    reach = np.full(len(problem.minimum), -1, dtype=np.int64)  # the last order period that can still arrive
    np.maximum.at(reach, problem.supplier, problem.periods - 1 - problem.lead)
    useful = problem.may_order & (np.arange(problem.periods)[None, :] <= reach[:, None]) & problem.has_terms[:, None]
    number = np.cumsum(useful, axis=1) - 1
    most = min(_MOST_BITS, int(np.log2(max(_MOST_PATTERN_ITEMS / max(len(items), 1), 2))))
    branching = useful & (number < most)
    late = useful & ~branching
    sizes = np.maximum(np.bincount(problem.supplier, minlength=len(problem.minimum)), 1)
    share = np.where(late, (problem.fixed / sizes)[:, None], 0.0)
    return PatternSpace(
        suppliers,
        np.where(branching, number, -1),
        late,
        branching.sum(axis=1),
        problem.at_arrival(share[problem.supplier]),
        cut_blocks(problem, items, by_arrivals=True),
    )


def pattern_costs(problem: HorizonProblem, space: PatternSpace, prices: ItemPrices, open_cost: Floats) -> Floats:
    """Return suppliers of the space x patterns: the least priced cost, infinite for patterns with bits that the supplier lacks.

    open_cost: suppliers x order periods, what an open period costs.
    """
    bits = int(space.bits.max(initial=0))
    pattern = np.arange(1 << bits)
    total = np.zeros((len(problem.minimum), len(pattern)))
    for block in space.blocks:
        costs = _block_costs(problem, space, block, prices)
        owner = problem.supplier[block.rows]
        order = np.argsort(owner, kind="stable")
        names, first = np.unique(owner[order], return_index=True)
        summed = np.add.reduceat(costs[:, order], first, axis=1)
        total[names] += summed[pattern & (len(costs) - 1)].T
    total = total[space.suppliers]
    for period in range(problem.periods):
        bit = space.bit[space.suppliers, period][:, None]
        is_open = (bit >= 0) & ((pattern[None, :] >> np.maximum(bit, 0)) & 1 == 1)
        total += np.where(is_open, open_cost[space.suppliers, period][:, None], 0.0)
    total[pattern[None, :] >= (1 << space.bits[space.suppliers])[:, None]] = np.inf
    return total


def _block_costs(problem: HorizonProblem, space: PatternSpace, block: ItemBlock, prices: ItemPrices) -> Floats:
    """Return patterns x items of a block."""
    slopes = slopes_of(problem, block, prices)
    rows = block.rows
    line = problem.line_cost[rows] + prices.line[rows].T
    branches = min(len(block.arrivals), int(space.bits[problem.supplier[rows]].max(initial=0)))
    costs = np.empty((1 << branches, len(rows)))
    state, constant = _until_first_arrival(problem, block, slopes)
    column = np.arange(len(rows))
    if not branches:  # nothing ever arrives
        costs[0] = constant
        return costs
    first = block.arrivals[0]
    reachable = _reachable(block, state, first)
    tilt = np.where(reachable, (np.arange(block.states)[:, None] - state) * slopes.order[first] + line[first], np.inf)

    def visit(table: Floats, last: int, pattern: int) -> None:
        for period in range(last, -1, -1):
            floor_step(problem, block, table, period, slopes.lost[period])
            position = bit_of.get(period, -1)
            if position == 0:  # only one state can be met here
                closed = table[state, column]
                costs[pattern] = closed + constant
                costs[pattern | 1] = np.minimum(closed, (table + tilt).min(axis=0)) + constant
                return
            if position >= branches:
                order_step(block, table, period, slopes.order[period], line[period])
            elif position > 0:
                opened = table.copy()
                order_step(block, opened, period, slopes.order[period], line[period])
                visit(opened, period - 1, pattern | 1 << position)

    bit_of = {period: position for position, period in enumerate(block.arrivals)}
    visit(np.zeros((block.states, len(rows))), problem.periods - 1, 0)
    return costs


def _until_first_arrival(problem: HorizonProblem, block: ItemBlock, slopes: Slopes) -> tuple[Integers, Floats]:
    """Return the state per item before the first arrival, and what it costs to get there."""
    rows = block.rows
    state, cost = np.zeros(len(rows), dtype=np.int64), slopes.constant.copy()
    for period in range(block.arrivals[0] if block.arrivals else problem.periods):
        floor = block.floor[period]
        short = np.clip(floor + problem.safety[rows] - state, 0, problem.safety[rows])
        cost += slopes.lost[period] * np.maximum(floor - state, 0) + problem.safety_penalty[rows] * short
        state = np.maximum(state, floor)
    return np.minimum(state, block.states - 1), cost


def _reachable(block: ItemBlock, state: Integers, period: int) -> Flags:
    """Return states x items: True where an order arriving in `period` may lead from `state`."""
    more = np.arange(block.states)[:, None] - state
    return (more >= block.step) & (more % block.pack == 0) & (np.arange(block.states)[:, None] <= block.top[period])
