"""The expected cost of one item under the best policy when demand is not known, exact, for small whole numbers.

Demand of a period is drawn from its own distribution and seen at its end. Orders on their way are part of the state (with lost
sales the sum of stock and pipeline is not enough), so the work grows with every period of lead time: an oracle for tests, not a planner.

Public: `best_expected_cost`.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from optimization.replenishment.oracles.item_program import ItemProgram

MOST_STATES = 2_000_000
"""Above this many states the program is refused: it would run for hours and is no oracle any more."""


def best_expected_cost(chances: Sequence[Mapping[int, float]], item: ItemProgram) -> tuple[float, int]:
    """Return the lowest expected cost over all periods, and the best order now (the smallest of equal ones).

    chances: per period the chance of each whole demand. The order of events and the costs are those of `best_orders`; later orders may
    depend on the demand seen by then. Raises ValueError for chances that do not add up to 1 and for more than `MOST_STATES` states.
    """
    periods = len(item.receipts)
    if len(chances) != periods:
        raise ValueError("Expected chances of demand for every period.")
    for one in chances:
        if min(one) < 0 or min(one.values()) < 0 or abs(sum(one.values()) - 1) > 1e-9:
            raise ValueError("Expected demands and chances of 0 or more, the chances adding up to 1.")
    highest = [sum(max(one) for one in chances[period:]) for period in range(periods)]
    lead = item.lead_time_periods
    seen = 0

    @cache
    def best(period: int, stock: int, pipeline: tuple[int, ...]) -> tuple[float, int]:
        nonlocal seen
        if period == periods:
            return 0.0, 0
        seen += 1
        if seen > MOST_STATES:
            raise ValueError(f"More than {MOST_STATES} states: take fewer units, periods or a shorter lead time.")
        arrives = period + lead < periods and bool(item.is_order_period[period])
        sizes = item.sizes(highest[period + lead]).tolist() if arrives else [0]
        return min(((_cost(period, stock, (*pipeline, size), size), size) for size in sizes), key=lambda one: (round(one[0], 12), one[1]))

    def _cost(period: int, stock: int, pipeline: tuple[int, ...], size: int) -> float:
        full = stock + int(item.receipts[period]) + pipeline[0]
        total = item.unit_cost * size + item.line_cost * (size > 0)
        for demand, chance in chances[period].items():
            left, lost = max(full - demand, 0), max(demand - full, 0)
            after = best(period + 1, left, pipeline[1:])[0]
            total += chance * (item.holding_cost * left + item.lost_sale_cost * lost + after)
        return total

    return best(0, item.on_hand, (0,) * lead)
