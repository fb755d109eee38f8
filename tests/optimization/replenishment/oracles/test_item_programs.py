"""The programs of one item against every plan, a HiGHS model, and each other."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.linear_program import RowBuilder, SolveOptions, solve_arrays
from optimization.replenishment.oracles import ItemProgram, best_expected_cost, best_orders, discrete_newsvendor

EXACT = SolveOptions(relative_gap=0.0, absolute_gap=1e-9)


def random_item(seed: int, periods: int) -> tuple[np.ndarray, ItemProgram]:
    """Return small whole demand and an item with packs, MOQ, receipts, order days and a lead time."""
    luck = np.random.default_rng(seed)
    item = ItemProgram(
        on_hand=int(luck.integers(0, 6)),
        receipts=luck.integers(0, 5, periods) * (luck.random(periods) < 0.3),
        is_order_period=luck.random(periods) < 0.7,
        lead_time_periods=int(luck.integers(0, 3)),
        pack_units=int(luck.integers(1, 5)),
        moq_units=int(luck.integers(0, 8)),
        line_cost=float(luck.choice([0.0, 1.5, 6.0])),
        holding_cost=float(luck.choice([0.0, 0.2, 1.0])),
        lost_sale_cost=float(luck.uniform(1, 5)),
        unit_cost=float(luck.choice([0.0, 0.5])),
    )
    return luck.integers(0, 7, periods), item


def replayed(demand: np.ndarray, item: ItemProgram, orders: tuple) -> float:
    """Return the cost of given orders, stepping through the periods."""
    stock, cost = item.on_hand, 0.0
    for period, wanted in enumerate(demand.tolist()):
        cost += item.unit_cost * orders[period] + item.line_cost * (orders[period] > 0)
        placed = period - item.lead_time_periods
        stock += int(item.receipts[period]) + (orders[placed] if placed >= 0 else 0)
        cost += item.lost_sale_cost * max(wanted - stock, 0)
        stock = max(stock - wanted, 0)
        cost += item.holding_cost * stock
    return cost


def cost_by_highs(demand: np.ndarray, item: ItemProgram) -> float:
    """Return the lowest cost of the same item as an integer program: packs, line, stock and lost sales per period."""
    periods, first = len(demand), max(-(-item.moq_units // item.pack_units), 1)
    most = int(demand.sum()) // item.pack_units + first + 1
    packs, line, stock, lost = (np.arange(periods) + block * periods for block in range(4))
    rows, one = RowBuilder(), np.ones(periods)
    time = np.arange(periods)
    arrives = np.arange(periods - item.lead_time_periods)
    back = time[1:]
    rows.add(
        "=",
        demand - item.receipts - np.where(time == 0, item.on_hand, 0),
        (arrives + item.lead_time_periods, packs[arrives], np.full(len(arrives), float(item.pack_units))),
        (back, stock[back - 1], one[1:]),
        (time, stock, -one),
        (time, lost, one),
    )
    rows.add("<=", 0 * one, (time, packs, one), (time, line, -most * one))
    rows.add(">=", 0 * one, (time, packs, one), (time, line, -first * one))
    objective = np.concatenate(
        [item.unit_cost * item.pack_units * one, item.line_cost * one, item.holding_cost * one, item.lost_sale_cost * one]
    )
    upper = np.concatenate([most * item.is_order_period, item.is_order_period, np.full(2 * periods, np.inf)]).astype(np.float64)
    program = rows.program(objective, np.zeros(4 * periods), upper, is_integer=True)
    answer = solve_arrays(program, EXACT)
    assert answer.status == "optimal"
    return float(answer.value)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_no_plan_of_four_periods_is_cheaper(seed: int) -> None:
    demand, item = random_item(seed, periods=4)
    found = best_orders(demand, item)
    assert replayed(demand, item, tuple(found.order_units.tolist())) == pytest.approx(found.cost, abs=1e-9)
    sizes = item.sizes(int(demand.sum())).tolist()
    choices = [sizes if allowed else [0] for allowed in item.is_order_period]
    assert found.cost == pytest.approx(min(replayed(demand, item, plan) for plan in itertools.product(*choices)), abs=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_the_solver_finds_the_same_cost_over_eight_periods(seed: int) -> None:
    demand, item = random_item(seed, periods=8)
    assert best_orders(demand, item).cost == pytest.approx(cost_by_highs(demand, item), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_demand_that_is_certain_costs_what_known_demand_costs(seed: int) -> None:
    demand, item = random_item(seed, periods=5)
    cost, now = best_expected_cost([{int(one): 1.0} for one in demand], item)
    found = best_orders(demand, item)
    assert cost == pytest.approx(found.cost, abs=1e-9)
    assert replayed(demand, item, (now, *found.order_units[1:].tolist())) >= cost - 1e-9


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_one_period_is_the_newsvendor(seed: int) -> None:
    luck = np.random.default_rng(seed)
    chance = luck.dirichlet(np.ones(6))
    item = ItemProgram(0, np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.bool_), 0, 1, 0, 0.0, 1.0, float(luck.uniform(1, 9)))
    cost, now = best_expected_cost([dict(enumerate(chance.tolist()))], item)
    textbook = discrete_newsvendor(np.arange(6.0), chance, 1.0, item.lost_sale_cost)
    assert (now, cost) == (textbook.units[0], pytest.approx(textbook.cost[0]))


def test_two_periods_by_hand() -> None:
    # demand 0 or 2 with equal chance in each period, orders take one period, so only the first order can arrive (at period 1):
    # with nothing on hand period 0 loses 1 on average (3.00); ordering 2 costs 0.5 x 2 left over x 1 = 1.00, ordering 0 loses another 3.00
    item = ItemProgram(0, np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.bool_), 1, 1, 0, 0.0, 1.0, 3.0)
    assert best_expected_cost([{0: 0.5, 2: 0.5}] * 2, item) == (pytest.approx(4.0), 2)
    # packs of 3 leave 3 or 1 over (2.00 on average); a line cost of 1.10 makes not ordering the better plan
    assert best_expected_cost([{0: 0.5, 2: 0.5}] * 2, replace(item, pack_units=3)) == (pytest.approx(5.0), 3)
    assert best_expected_cost([{0: 0.5, 2: 0.5}] * 2, replace(item, pack_units=3, line_cost=1.1)) == (pytest.approx(6.0), 0)


def test_uncertain_demand_never_costs_less_than_knowing_it() -> None:
    _, item = random_item(11, periods=4)
    chances = [{0: 0.4, 3: 0.6}] * 4
    cost, _ = best_expected_cost(chances, item)
    known = 0.0
    for demand in itertools.product((0, 3), repeat=4):
        known += float(np.prod([chances[0][one] for one in demand])) * best_orders(np.array(demand), item).cost
    assert known <= cost + 1e-9


def test_too_large_an_oracle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimization.replenishment.oracles.expected_item_program.MOST_STATES", 20)
    _, item = random_item(3, periods=6)
    with pytest.raises(ValueError, match="More than 20 states"):
        best_expected_cost([{0: 0.5, 5: 0.5}] * 6, item)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pack_units": 0}, "pack_units of 1"),
        ({"on_hand": -1}, "stock"),
        ({"line_cost": np.inf}, "costs"),
        ({"receipts": np.zeros(1)}, "equal"),
    ],
)
def test_what_is_no_item_raises(change: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(random_item(0, 4)[1], **change)
