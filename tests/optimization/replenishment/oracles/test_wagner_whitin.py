"""Lot sizes: the textbook's example, every plan tried, the integer program of one item, and stockpyl where it is installed."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment.oracles import ItemProgram, best_orders, wagner_whitin


def random_items(seed: int, items: int, periods: int) -> tuple:
    """Return demand with empty periods, and costs per item."""
    luck = np.random.default_rng(seed)
    demand = luck.integers(0, 60, (items, periods)) * (luck.random((items, periods)) < 0.7)
    return demand.astype(np.float64), luck.uniform(0, 200, (items, 1)), luck.uniform(0, 3, (items, 1)), luck.uniform(0, 5, (items, 1))


def test_the_textbooks_example() -> None:
    # Snyder and Shen, Fundamentals of Supply Chain Theory, Example 3.9; stockpyl 1.0.2: wagner_whitin(4, 2, 500, [90, 120, 80, 70])
    lots = wagner_whitin(np.array([[90.0, 120.0, 80.0, 70.0]]), 500.0, 2.0)
    assert lots.order_units.tolist() == [[210, 0, 150, 0]]
    assert lots.cost.tolist() == [1380]


def test_holding_costs_that_change_are_charged_for_the_periods_they_belong_to() -> None:
    # one order for all: 10 kept two periods at 1 then 5; ordering again costs 40, less than the 5 x 10 of the second period's keeping
    lots = wagner_whitin(np.array([[0.0, 4.0, 10.0]]), 40.0, np.array([[1.0, 5.0, 0.0]]))
    assert lots.order_units.tolist() == [[0, 4, 10]]
    assert lots.cost.tolist() == [80]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_choice_of_order_periods_is_cheaper(seed: int) -> None:
    demand, fixed, holding, unit = random_items(seed, items=3, periods=6)
    unit = unit + np.random.default_rng(seed).uniform(0, 3, demand.shape)  # prices that change make early buying worth while
    lots = wagner_whitin(demand, fixed, holding, unit)
    for row in range(3):
        cheapest = np.inf
        for chosen in itertools.product([False, True], repeat=6):
            starts = [period for period in range(6) if chosen[period]]
            if demand[row, : starts[0] if starts else 6].sum() > 0:
                continue
            cost = 0.0
            for start, end in zip(starts, [*starts[1:], 6][: len(starts)], strict=True):
                lot = demand[row, start:end]
                cost += fixed[row, 0] * (lot.sum() > 0) + unit[row, start] * lot.sum() + holding[row, 0] * (lot * np.arange(len(lot))).sum()
            cheapest = min(cheapest, cost)
        assert lots.cost[row] == pytest.approx(cheapest, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_orders_serve_all_demand_at_the_cost_that_is_told(seed: int) -> None:
    demand, fixed, holding, unit = random_items(seed, items=20, periods=12)
    lots = wagner_whitin(demand, fixed, holding, unit)
    stock = np.cumsum(lots.order_units - demand, axis=1)
    assert (stock >= -1e-9).all()
    assert np.abs(stock[:, -1]).max() < 1e-9
    told = (fixed * (lots.order_units > 0) + unit * lots.order_units + holding * stock).sum(axis=1)
    assert told == pytest.approx(lots.cost, abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_integer_program_of_one_item_finds_the_same_cost(seed: int) -> None:
    demand, fixed, holding, unit = random_items(seed, items=1, periods=6)
    item = ItemProgram(
        on_hand=0,
        receipts=np.zeros(6, dtype=np.int64),
        is_order_period=np.ones(6, dtype=np.bool_),
        lead_time_periods=0,
        pack_units=1,
        moq_units=0,
        line_cost=float(fixed[0, 0]),
        holding_cost=float(holding[0, 0]),
        lost_sale_cost=1e6,
        unit_cost=float(unit[0, 0]),
    )
    assert best_orders(demand[0].astype(np.int64), item).cost == pytest.approx(wagner_whitin(demand, fixed, holding, unit).cost[0])


@pytest.mark.parametrize(
    ("demand", "fixed", "says"),
    [(np.array([1.0]), 1.0, "items x periods"), (np.array([[-1.0]]), 1.0, "demand of 0"), (np.array([[1.0]]), np.nan, "fixed_cost of 0")],
)
def test_what_is_no_instance_raises(demand: np.ndarray, fixed: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wagner_whitin(demand, fixed, 1.0)


def test_stockpyl_agrees_on_random_items() -> None:
    peer = pytest.importorskip("stockpyl.wagner_whitin")
    demand, fixed, holding, unit = random_items(5, items=40, periods=10)
    lots = wagner_whitin(demand, fixed, holding, unit)
    for row in range(40):
        cost = peer.wagner_whitin(10, holding[row, 0], fixed[row, 0], demand[row].tolist(), unit[row, 0])[1]
        assert lots.cost[row] == pytest.approx(cost, abs=1e-6)
