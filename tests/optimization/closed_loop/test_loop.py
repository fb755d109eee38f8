"""The closed loop's bookkeeping: three items worked by hand, units that do not get lost, and a cost that nobody can undercut."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optimization.closed_loop import LoopStart, LoopTerms, Seen, outcome, path_orders, perfect_orders, run_loop
from optimization.closed_loop.baselines import BASELINES, order_up_to
from optimization.closed_loop.loop import Floats

TERMS = LoopTerms(lead_time_periods=1, holding_cost=1.0, shortage_cost=4.0)
DEMAND = np.array([[4.0, 3.0, 6.0], [2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
START = LoopStart(np.array([5.0, 0.0, 10.0]), np.array([[2.0], [0.0], [0.0]]))
ORDERS = np.array([[3.0, 1.0], [2.0, 0.0], [0.0, 0.0]])


def given_orders(orders: Floats) -> Callable[[Seen], Floats]:
    return lambda seen: orders[:, seen.period + 1]


def test_three_items_by_hand() -> None:
    """A: 5 + 2 - 4 = 3, + 3 - 3 = 3, + 1 - 6: two lost. B: two lost, then 2 held, then 1. C: ten held three times."""
    loop = run_loop(DEMAND, START, TERMS, 2, given_orders(ORDERS))
    assert loop.stock.tolist() == [[3, 3, 0], [0, 2, 1], [10, 10, 10]]
    assert loop.missed.tolist() == [[0, 0, 2], [2, 0, 0], [0, 0, 0]]
    told = outcome(loop, DEMAND, TERMS, np.ones(DEMAND.shape, dtype=bool))
    assert told.item_cost.tolist() == [6 + 8, 3 + 8, 30]
    assert (told.holding, told.shortage, told.cost) == (39.0, 16.0, 55.0)
    assert told.fill_rate == pytest.approx(12 / 16)
    assert told.turns == pytest.approx(12 / (39 / 3))
    assert (told.ordered_units, told.order_lines) == (6.0, 3)


def test_what_is_seen_is_the_stock_and_what_is_due() -> None:
    seen: list[Seen] = []

    def decide(now: Seen) -> Floats:
        seen.append(now)
        return ORDERS[:, now.period + 1]

    run_loop(DEMAND, START, TERMS, 2, decide)
    assert [now.period for now in seen] == [-1, 0]
    assert seen[0].due[:, 0].tolist() == [2, 0, 0]
    assert seen[1].stock.tolist() == [3, 0, 10]
    assert seen[1].due[:, 0].tolist() == [3, 2, 0]
    assert seen[1].position.tolist() == [6, 2, 10]


def test_only_scored_cells_cost() -> None:
    scored = np.zeros(DEMAND.shape, dtype=bool)
    scored[0, 2] = True
    told = outcome(run_loop(DEMAND, START, TERMS, 2, given_orders(ORDERS)), DEMAND, TERMS, scored)
    assert (told.cost, told.missed_units, told.fill_rate) == (8.0, 2.0, pytest.approx(4 / 6))


def test_owed_units_are_served_later_and_charged_until_then() -> None:
    owing = LoopTerms(lead_time_periods=1, holding_cost=1.0, shortage_cost=4.0, lost_sales=False)
    loop = run_loop(np.array([[3.0, 1.0, 0.0]]), LoopStart(np.array([1.0]), np.zeros((1, 1))), owing, 2, lambda _: np.array([2.0]))
    assert loop.stock.tolist() == [[-2, -1, 1]]
    assert loop.missed.tolist() == [[2, 1, 0]]


def test_perfect_information_by_hand() -> None:
    known = perfect_orders(DEMAND, START, TERMS, 2)
    assert known.tolist() == [[0, 6], [0, 1], [0, 0]]
    told = outcome(run_loop(DEMAND, START, TERMS, 2, given_orders(known)), DEMAND, TERMS, np.ones(DEMAND.shape, dtype=bool))
    assert told.item_cost.tolist() == [3, 8, 30]


def test_the_last_order_lasts_as_long_as_holding_is_cheaper_than_missing() -> None:
    demand, start = np.array([[0.0, 2.0, 2.0, 2.0]]), LoopStart(np.zeros(1), np.zeros((1, 0)))
    cheap, dear = LoopTerms(1, 1.0, 1.5), LoopTerms(1, 1.0, 0.5)
    assert perfect_orders(demand, start, cheap, 1).tolist() == [[4.0]]
    assert perfect_orders(demand, start, dear, 1).tolist() == [[2.0]]


@given(
    hnp.arrays(np.float64, (2, 5), elements=st.integers(0, 6)),
    hnp.arrays(np.float64, (2, 3), elements=st.integers(0, 8)),
    st.integers(0, 2),
    st.sampled_from([0.1, 0.5, 1.0, 3.0]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_units_are_kept_and_nobody_beats_perfect_information(
    demand: Floats, orders: Floats, lead: int, shortage: float, lost_sales: bool
) -> None:
    terms = LoopTerms(lead, 1.0, shortage, lost_sales)
    start = LoopStart(np.array([2.0, 0.0]), np.array([[1.0, 0.0], [0.0, 3.0]]))
    loop = run_loop(demand, start, terms, 3, given_orders(orders))
    came = start.on_hand + loop.received.sum(axis=1)
    gone = loop.served.sum(axis=1) if lost_sales else demand.sum(axis=1)
    assert came - gone == pytest.approx(loop.stock[:, -1])
    assert (loop.served + (loop.missed if lost_sales else 0.0) <= demand + 1e-9).all()
    if lost_sales:
        everywhere = np.ones(demand.shape, dtype=bool)
        best = outcome(run_loop(demand, start, terms, 3, given_orders(perfect_orders(demand, start, terms, 3))), demand, terms, everywhere)
        assert best.cost <= outcome(loop, demand, terms, everywhere).cost + 1e-9
    else:
        with pytest.raises(ValueError, match="lost sales only"):
            perfect_orders(demand, start, terms, 3)


def test_orders_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        run_loop(DEMAND, START, TERMS, 1, lambda _: np.full(3, -1.0))


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_the_order_is_the_best_whole_number_for_its_fractile(seed: int, fractile: float) -> None:
    rng = np.random.default_rng(seed)
    paths = rng.poisson(3.0, size=(1, 40, 2)).astype(np.float64)
    seen = Seen(-1, np.array([float(rng.integers(0, 4))]), np.array([[float(rng.integers(0, 3))]]))
    told = path_orders(seen, paths, TERMS, np.array([fractile]))[0]
    left = np.maximum(seen.stock[0] + seen.due[0, 0] - paths[0, :, 0], 0.0)

    def cost(units: int) -> float:
        lacking = paths[0, :, 1] - left - units
        return float((fractile * np.maximum(lacking, 0) + (1 - fractile) * np.maximum(-lacking, 0)).mean())

    assert cost(int(told)) == pytest.approx(min(cost(units) for units in range(30)))


def test_known_demand_is_ordered_exactly() -> None:
    paths = np.repeat(DEMAND[:, None, :], 5, axis=1)
    told = path_orders(Seen(-1, START.on_hand, START.receipts), paths, TERMS, np.full(3, 0.6))
    assert told.tolist() == [0, 0, 0]  # A has 3 left when 3 are wanted, B's period wants none, C has plenty
    later = path_orders(Seen(0, np.array([3.0, 0.0, 10.0]), np.zeros((3, 1))), paths[:, :, 1:], TERMS, np.full(3, 0.6))
    assert later.tolist() == [6, 1, 0]


def test_the_rules_order_up_to_their_levels() -> None:
    history = np.array([[2.0, 4.0, 0.0, 6.0]])
    known = np.array([[True, True, False, True]])
    chosen = zip(BASELINES, (2, 3, 1, 0.5), strict=True)
    levels = {rule.name.split(",")[0]: rule.level(history, known, TERMS, parameter) for rule, parameter in chosen}
    assert levels["cover rule"].tolist() == [8.0]
    assert levels["moving-average base stock"].tolist() == [12.0]
    assert levels["reorder point z sigma sqrt(L)"] == pytest.approx([8.0 + 2.0 * np.sqrt(2)])
    assert levels["newsvendor on past sums"] == pytest.approx([8.0])  # sums 6, 8, 10 with the mean in the unknown period's place
    assert order_up_to(np.array([8.4, 3.0]), np.array([3.0, 5.0])).tolist() == [5.0, 0.0]
