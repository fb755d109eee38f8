"""Cost curves against a slow replay of single days, and the best size against trying them all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.replenishment.cost_curves import CostTerms, best_size, expected_at
from optimization.replenishment.demand_scenarios import LEVELS, DemandScenarios, chance_above, interpolate

STEPS = 7_000


def one_item(position: float, before: list[float], after: list[float], life: float = np.inf, holding: float = 0.01) -> tuple:
    """Return scenarios and terms of one item: rate 5 a day, a week between deliveries, lost sales cost 4, units cost 6."""
    demand = DemandScenarios(np.array([before]), np.array([after]), np.array([5.0]), np.array([7.0]))
    terms = CostTerms(np.array([position]), np.array([6.0]), np.array([4.0]), np.array([holding]), 0.5, np.array([life]))
    return demand, terms


def replayed_cost(units: float, demand: DemandScenarios, terms: CostTerms) -> float:
    """Return the expected cost of one order by stepping through time."""
    costs = []
    for before, after in zip(demand.until_arrival[0], demand.after_arrival[0], strict=True):
        lost, stock, unit_days = max(before - terms.position[0], 0.0), max(terms.position[0] - before, 0.0) + units, 0.0
        step = 7.0 / STEPS
        for _ in range(STEPS):
            sold = min(stock, after / STEPS)
            lost += after / STEPS - sold
            unit_days += (stock - sold / 2) * step
            stock -= sold
        unit_days += stock * (stock / demand.rate[0]) / 2
        costs.append(4 * lost + terms.holding_per_day[0] * unit_days)
    return float(np.mean(costs)) + 0.5 * (units > 0)


@pytest.mark.parametrize("units", [0.0, 9.0, 30.0, 80.0])
def test_the_cost_of_an_order_equals_a_replay_in_small_steps(units: float) -> None:
    demand, terms = one_item(20.0, [4.0, 25.0], [30.0, 45.0])
    assert expected_at(np.array([[units]]), demand, terms).cost.item() == pytest.approx(replayed_cost(units, demand, terms), rel=1e-3)


def test_units_that_outlive_their_shelf_life_are_wasted_at_full_cost() -> None:
    # 10 on hand, 3 days of life: 3/7 of 28 = 12 can be sold in time, so of 8 more 6 spoil
    demand, terms = one_item(10.0, [0.0], [28.0], life=3.0, holding=0.0)
    outcome = expected_at(np.array([[8.0]]), demand, terms)
    assert outcome.waste_units.item() == pytest.approx(6.0)
    assert outcome.lost_units.item() == pytest.approx(16.0)


def test_what_spoils_by_stock_already_there_is_not_this_orders_doing() -> None:
    demand, terms = one_item(50.0, [0.0], [28.0], life=3.0)
    assert expected_at(np.array([[0.0]]), demand, terms).waste_units.item() == 0


@settings(max_examples=40, deadline=None)
@given(
    position=st.floats(0, 60),
    after=st.lists(st.floats(0, 80), min_size=3, max_size=3),
    holding=st.floats(0.0001, 0.3),
    life=st.sampled_from([np.inf, 3.0, 20.0]),
)
def test_curves_are_convex_and_bisection_finds_their_lowest_point(position: float, after: list, holding: float, life: float) -> None:
    demand, terms = one_item(position, [0.0, 5.0, 10.0], sorted(after), life, holding)
    terms = replace(terms, line_cost=0.0)
    grid = np.linspace(0, 150, 301)[None, :]
    cost = expected_at(grid, demand, terms).cost[0]
    if life >= 7:  # a shorter life ends sales within the cycle, and holding is charged as if it did not
        assert (np.diff(cost, 2) >= -1e-6).all()
    best = best_size(demand, terms, np.array([150.0]))
    assert expected_at(best[:, None], demand, terms).cost.item() <= cost.min() + 1e-4 + 1e-6 * cost.min()


def test_quantiles_are_read_by_straight_lines_both_ways() -> None:
    known, quantiles = np.array([0.1, 0.5, 0.9]), np.array([[10.0, 50.0, 90.0], [0.0, 0.0, 4.0]])
    assert interpolate(quantiles, known, np.array([0.0, 0.25, 1.0])) == pytest.approx(np.array([[0.0, 25.0, 100.0], [0.0, 0.0, 5.0]]))
    assert chance_above(quantiles, known, np.array([25.0, 2.0])) == pytest.approx([0.75, 0.3])
    assert chance_above(quantiles, known, np.array([200.0, 0.0])) == pytest.approx([0.0, 0.5])
    assert LEVELS.mean() == pytest.approx(0.5)
