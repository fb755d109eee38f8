"""Moves by gains against HiGHS at gap 0, and every set of moves tried on tiny products."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.transfers.choose_moves import choose_moves, used_limits
from optimization.transfers.greedy_moves import greedy_bound, greedy_moves, moves_gain
from optimization.transfers.location_subsets import best_of_subsets
from optimization.transfers.settings import TransferLimits, TransferSettings
from optimization.transfers.stock_curves import ProductStock, StockNode
from optimization.transfers.transfer_program import solve_moves

OPEN = TransferLimits()


def random_stock(seed: int, most_nodes: int, most_steps: int, name: str = "p") -> ProductStock:
    """Return a product whose givers' losses rise and whose receivers' gains fall."""
    luck = np.random.default_rng(seed)

    def side(letter: str, low: float, high: float) -> tuple[StockNode, ...]:
        counts = luck.integers(1, most_steps + 1, luck.integers(1, most_nodes + 1))
        return tuple(
            StockNode(index, f"{letter}{index}", np.sort(luck.uniform(low, high, count))[::-1]) for index, count in enumerate(counts)
        )

    return ProductStock(name, float(luck.integers(1, 4)), float(luck.choice([0.0, 0.5])), side("g", -4, 0.5), side("r", -0.5, 8))


def test_moves_by_gains_equal_highs_at_gap_0_on_200_products() -> None:
    ways = TransferSettings(handling_cost_per_unit=0.4, relative_gap=0.0)
    for seed in range(200):
        stock = random_stock(seed, most_nodes=5, most_steps=12)
        gain = moves_gain(stock, greedy_moves(stock, ways), ways)
        solved = solve_moves([stock], OPEN, ways)
        assert gain == pytest.approx(moves_gain(stock, solved.moves[0], ways), abs=1e-7)
        assert gain == pytest.approx(greedy_bound(stock, ways), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    line=st.sampled_from([0.0, 1.5, 5.0]),
    lanes=st.sampled_from([None, {("g0", "r0"): 2.0, ("g1", "r0"): 4.0, ("g1", "r1"): np.inf}]),
    volume=st.sampled_from([{}, {"r0": 0.6, "r1": 1.6}]),
)
def test_no_moves_of_two_tiny_products_gain_more(seed: int, line: float, lanes: dict | None, volume: dict) -> None:
    stocks = [random_stock(seed, 2, 2, "p"), random_stock(seed + 1, 2, 2, "q")]
    ways = TransferSettings(handling_cost_per_unit=0.2, handling_cost_per_line=line, relative_gap=0.0)
    limits = TransferLimits(lanes, volume)
    best = 0.0
    for one, two in itertools.product(_every_move(stocks[0]), _every_move(stocks[1])):
        units, lies = used_limits(stocks, [one, two])
        if all(moved <= limits.lane_units(*pair) + 1e-9 for pair, moved in units.items()) and all(
            moved <= volume.get(place, np.inf) + 1e-9 for place, moved in lies.items()
        ):
            best = max(best, moves_gain(stocks[0], one, ways) + moves_gain(stocks[1], two, ways))
    found = choose_moves(stocks, limits, ways)
    assert found.value == pytest.approx(best, abs=1e-6)
    assert found.bound == pytest.approx(best, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), line=st.floats(0.1, 8))
def test_choices_of_locations_hold_the_best_moves_under_line_costs_between_value_and_bound(seed: int, line: float) -> None:
    stock = random_stock(seed, most_nodes=3, most_steps=5)
    ways = TransferSettings(handling_cost_per_unit=0.2, handling_cost_per_line=line, relative_gap=0.0)
    moves, bound = best_of_subsets(stock, ways)
    exact = moves_gain(stock, solve_moves([stock], OPEN, ways).moves[0], ways)
    assert moves_gain(stock, moves, ways) <= exact + 1e-7 <= bound + 2e-7
    if min(len(stock.givers), len(stock.receivers)) == 1:
        assert moves_gain(stock, moves, ways) == pytest.approx(bound, abs=1e-9)
    assert choose_moves([stock], OPEN, ways).value == pytest.approx(exact, abs=1e-6)


def test_products_with_too_many_choices_are_left_to_a_program() -> None:
    node = [StockNode(index, f"l{index}", np.ones(1)) for index in range(8)]
    assert best_of_subsets(ProductStock("p", 1.0, 0.0, tuple(node[:4]), tuple(node[4:])), TransferSettings()) is None


def _every_move(stock: ProductStock) -> list[np.ndarray]:
    shape = (len(stock.givers), len(stock.receivers))
    found = []
    for flat in itertools.product(range(3), repeat=shape[0] * shape[1]):
        moves = np.array(flat, dtype=np.float64).reshape(shape)
        given, taken = moves.sum(axis=1), moves.sum(axis=0)
        if all(n <= len(one.gains) for n, one in zip(given, stock.givers, strict=True)) and all(
            n <= len(one.gains) for n, one in zip(taken, stock.receivers, strict=True)
        ):
            found.append(moves)
    return found


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), line=st.sampled_from([0.0, 3.0]), volume=st.floats(0, 8))
def test_the_rule_for_too_many_products_keeps_limits_and_its_bound_holds(seed: int, line: float, volume: float) -> None:
    stocks = [random_stock(seed * 7 + one, 3, 6, f"p{one}") for one in range(6)]
    limits = TransferLimits(receiving_volume_m3={"r0": volume, "r1": volume / 2})
    exact = choose_moves(stocks, limits, TransferSettings(handling_cost_per_line=line, relative_gap=0.0))
    rule = choose_moves(stocks, limits, TransferSettings(handling_cost_per_line=line, program_variables=1))
    _, lies = used_limits(stocks, rule.moves)
    assert all(lies.get(place, 0.0) <= room + 1e-9 for place, room in limits.receiving_volume_m3.items())
    assert rule.value <= exact.value + 1e-6
    assert exact.value <= rule.bound + 1e-6


def test_gains_that_do_not_fall_never_claim_more_than_they_have() -> None:
    # the second step gains more than the first: sorted gains are a bound, the plan's value is what its steps really gain
    stock = ProductStock("p", 1.0, 0.0, (StockNode(0, "g", np.array([0.0, 0.0])),), (StockNode(1, "r", np.array([1.0, 3.0])),))
    found = choose_moves([stock], OPEN, TransferSettings())
    assert (found.value, found.bound) == (4.0, 4.0)
    assert found.moves[0].tolist() == [[2.0]]
