"""Every item's own best plan under prices, exactly and many items at once: a dynamic program over whole units.

State: q, the units ordered and arrived plus the units lost so far. Stock is q + base, so that neither demand nor receipts move a state:
demand
only lifts states below `floor` (stock that does not reach) to it, at the cost of lost sales. An order arriving moves from q to a higher
state in steps of a pack; its cost is linear in the units, so that the best order from every state is one running minimum from above
along steps of a pack. Linear costs of stock (holding, price of volume) are taken out of the table as a slope and added at the end. One
evaluation takes about seven array operations per state and period.

Items of equal pack and MOQ and of like size share a table (states x items), cut so that it stays in the cache.

Public: `ItemBlock`, `ItemPrices`, `cut_blocks`, `best_plans`, `floor_step`, `order_step`, `slopes_of`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.horizon_problem import Flags, Floats, HorizonProblem, Integers

_CELLS = 32_000  # states x items of a table: a quarter of a megabyte
_WASTE = 1.3  # a table may be this much larger than its smallest item needs
_FEWEST = 128  # items per table, where there are as many: below, calls cost more than cells
_NARROW = 200  # cells of a step: below, one accumulating call is faster than one call per step
_TIE = 1e-9  # an order must save more than this, money


@dataclass(frozen=True)
class ItemBlock:
    """Items that share a table. rows: item numbers. states: rows of the table, a multiple of the pack. step: the smallest order, units.

    Periods x items: floor (state to which demand lifts), top (highest state an order arriving may reach), base. arrivals: periods in which
    an order of at least one of the items may arrive.
    """

    rows: Integers
    pack: int
    step: int
    states: int
    floor: Integers
    top: Integers
    base: Floats
    arrivals: tuple[int, ...]


@dataclass(frozen=True)
class ItemPrices:
    """Items x arrival periods: per unit ordered, per unit of stock, per order line. All are added to the costs of the problem."""

    order: Floats
    stock: Floats
    line: Floats


@dataclass(frozen=True)
class Slopes:
    """Of one block, periods x items: order (cost of one state higher through an order), lost (cost per unit lost); items: constant."""

    order: Floats
    lost: Floats
    constant: Floats


def cut_blocks(problem: HorizonProblem, rows: Integers, by_arrivals: bool = False) -> list[ItemBlock]:
    """Return blocks that together hold the items `rows`, in a fixed order; with `by_arrivals` arrivals are equal within a block."""
    floor, top = problem.demand - problem.base, problem.most_stock - problem.base
    useful_top = np.where(problem.may_arrive, top, 0).max(axis=1, initial=0)
    size = np.maximum(np.maximum(floor.max(axis=1, initial=0), useful_top), 0) + 1
    mask = (problem.may_arrive * (1 << np.arange(problem.periods, dtype=np.int64))).sum(axis=1)
    mask = mask if by_arrivals else np.zeros_like(mask)
    rows = rows[np.lexsort((rows, size[rows], mask[rows], problem.moq_packs[rows], problem.pack[rows]))]
    blocks: list[ItemBlock] = []
    key = np.stack([problem.pack[rows], problem.moq_packs[rows], mask[rows]], axis=1)
    edges = np.flatnonzero(np.any(key[1:] != key[:-1], axis=1)) + 1
    for part in np.split(rows, edges) if len(rows) else []:
        pack, moq = int(problem.pack[part[0]]), int(problem.moq_packs[part[0]])
        for first, last in _cuts(size[part]):
            own = part[first:last]
            states = -(-int(size[own[-1]]) // pack) * pack
            arrivals = tuple(np.flatnonzero(problem.may_arrive[own].any(axis=0)).tolist())
            blocks.append(
                ItemBlock(
                    own, pack, pack * moq, states, floor[own].T.copy(), top[own].T.copy(), problem.base[own].T.astype(float), arrivals
                )
            )
    return blocks


def _cuts(size: Integers) -> Iterator[tuple[int, int]]:
    """Yield (first, last) so that each part's tables waste little and stay small; `size` is ascending."""
    first = 0
    while first < len(size):
        last = max(int(np.searchsorted(size, size[first] * _WASTE + 8, side="right")), min(first + _FEWEST, len(size)))
        while last - first > 1 and (last - first) * int(size[last - 1]) > _CELLS:
            last = first + max((last - first) // 2, 1)
        yield first, last
        first = last


def slopes_of(problem: HorizonProblem, block: ItemBlock, prices: ItemPrices) -> Slopes:
    """Return the slopes and constants of a block's tables."""
    rows = block.rows
    stock, holding = prices.stock[rows].T, problem.holding[rows]
    onward = np.cumsum((holding + stock)[::-1], axis=0)[::-1]  # of holding a unit from a period to the end
    after = np.concatenate([onward[1:], np.zeros((1, len(rows)))])
    constant = (stock * block.base - holding * block.floor).sum(axis=0)
    return Slopes(prices.order[rows].T + onward, problem.lost_cost[rows] + holding + after, constant)


def floor_step(problem: HorizonProblem, block: ItemBlock, table: Floats, period: int, lost: Floats) -> None:
    """Turn the table after a period's demand into the one before it, in place."""
    floor = block.floor[period]
    highest = min(int(floor.max()), block.states - 1)
    if highest > 0:
        part = table[:highest]
        below = floor - np.arange(highest)[:, None]
        landed = table[np.maximum(floor, 0), np.arange(len(floor))]
        np.copyto(part, landed + lost * below, where=below > 0)
    safety = problem.safety[block.rows]
    penalty = problem.safety_penalty[block.rows]
    if (safety * penalty).any():
        reach = int(min(max((floor + safety).max(), 0), block.states))
        table[:reach] += penalty * np.clip(floor + safety - np.arange(reach)[:, None], 0, safety)


def order_step(block: ItemBlock, table: Floats, period: int, slope: Floats, line: Floats) -> Floats | None:
    """Let an order arrive, in place; return the running minimum from above (states x items), None where no order fits."""
    pack, step, states = block.pack, block.step, block.states
    if step >= states:
        return None
    tilt = np.arange(states, dtype=np.float64)[:, None] * slope
    ahead = table + tilt
    top = block.top[period]
    lowest = max(int(top.min()) + 1, 0)
    if lowest < states:
        np.copyto(ahead[lowest:], np.inf, where=np.arange(lowest, states)[:, None] > top)
    if ahead[:pack].size < _NARROW:
        from_above = ahead.reshape(states // pack, -1)[::-1]
        np.minimum.accumulate(from_above, axis=0, out=from_above)
    else:
        for first in range(states - 2 * pack, -1, -pack):
            np.minimum(ahead[first : first + pack], ahead[first + pack : first + 2 * pack], out=ahead[first : first + pack])
    better = ahead[step:] - tilt[: states - step]
    better += line
    np.minimum(table[: states - step], better, out=table[: states - step])
    return ahead


def best_plans(problem: HorizonProblem, blocks: list[ItemBlock], prices: ItemPrices, open_: Flags) -> tuple[Floats, Integers]:
    """Return each item's least priced cost and the plan that has it (items x arrival periods, units); 0 for items of no block.

    open_: items x arrival periods, whether an order may arrive (besides the supplier's calendar).
    """
    value = np.zeros(problem.items)
    plan = np.zeros((problem.items, problem.periods), dtype=np.int64)
    for block in blocks:
        value[block.rows], plan[block.rows] = _best_of_block(problem, block, prices, open_)
    return value, plan


def _best_of_block(problem: HorizonProblem, block: ItemBlock, prices: ItemPrices, open_: Flags) -> tuple[Floats, Integers]:
    slopes = slopes_of(problem, block, prices)
    count = len(block.rows)
    table = np.zeros((block.states, count))
    rows = block.rows
    line = np.where((open_[rows] & problem.may_arrive[rows]).T, problem.line_cost[rows] + prices.line[rows].T, np.inf)
    kept: list[tuple[Floats, Floats] | None] = [None] * problem.periods
    for period in range(problem.periods - 1, -1, -1):
        floor_step(problem, block, table, period, slopes.lost[period])
        if period in block.arrivals and np.isfinite(line[period]).any():
            before = table.copy()
            ahead = order_step(block, table, period, slopes.order[period], line[period])
            kept[period] = None if ahead is None else (before, ahead)
    value = table[0] + slopes.constant
    return value, _traced(block, kept, slopes.order, line)


def _traced(block: ItemBlock, kept: list[tuple[Floats, Floats] | None], slope: Floats, line: Floats) -> Integers:
    """Return items x periods: the units arriving on the best path from state 0."""
    count = len(block.rows)
    column = np.arange(count)
    state = np.zeros(count, dtype=np.int64)
    plan = np.zeros((count, len(kept)), dtype=np.int64)
    for period, tables in enumerate(kept):
        if tables is not None:
            before, ahead = tables
            first = np.minimum(state + block.step, block.states - 1)
            best = np.where(state + block.step < block.states, ahead[first, column], np.inf)
            wanted = best + line[period] - slope[period] * state < before[state, column] - _TIE
            if wanted.any():
                target = _reached(ahead[:, wanted], first[wanted], block.pack)
                plan[wanted, period] = target - state[wanted]
                state[wanted] = target
        state = np.maximum(state, block.floor[period])
    return plan


def _reached(ahead: Floats, first: Integers, pack: int) -> Integers:
    """Return the state at which each running minimum is attained: the last one along steps of a pack that still has its value."""
    column = np.arange(len(first))
    value = ahead[first, column]
    low, high = np.zeros_like(first), (len(ahead) - 1 - first) // pack
    while (low < high).any():
        middle = (low + high + 1) // 2
        same = ahead[first + middle * pack, column] <= value
        low, high = np.where(same, middle, low), np.where(same, high, middle - 1)
    return first + low * pack
