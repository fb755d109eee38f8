"""Smoothed levels: the textbooks' recursions, written once more item by item, and what must hold for any history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learning.demand.smoothing import BURN_IN_DAYS, START_DAYS, Smoothed, croston_sba, exponential_smoothing, tsb

METHODS = (exponential_smoothing, croston_sba, tsb)
HISTORIES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5, 7.0, 40.0]), st.booleans() | st.just(True)), min_size=1, max_size=90
)


def slowly(name: str, told: list[tuple[float, bool]], weights: tuple[float, ...]) -> tuple[float, float]:
    """Level and weight of one item, by the recursion of one weight after the other."""
    days = [value for value, known in told if known]
    early = days[:START_DAYS]
    sizes = [value for value in early if value > 0]
    best = None
    for weight in sorted(weights):
        level = sum(early) / max(len(early), 1)
        size, interval = sum(sizes) / max(len(sizes), 1), max(len(early), 1) / max(len(sizes), 1)
        chance, waited, error = 1 / interval, 1, 0.0

        def forecast() -> float:
            return {"exponential_smoothing": level, "croston_sba": (1 - weight / 2) * size / interval, "tsb": chance * size}[name]  # noqa: B023

        for number, value in enumerate(days):
            error += (value - forecast()) ** 2 * (number >= BURN_IN_DAYS)
            level += weight * (value - level)
            chance += weight * ((value > 0) - chance)
            if value > 0:
                size += weight * (value - size)
                interval += weight * (waited - interval)
                waited = 1
            else:
                waited += 1
        if best is None or error < best[0] - 1e-9:
            best = (error, forecast(), weight)
    assert best is not None
    return best[1], best[2]


def arrays(*histories: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    longest = max(map(len, histories))
    padded = [[(9.0, False)] * (longest - len(each)) + each for each in histories]
    return np.array([[value for value, _ in each] for each in padded]), np.array([[known for _, known in each] for each in padded])


@pytest.mark.parametrize("method", METHODS)
@given(first=HISTORIES, second=HISTORIES)
def test_levels_are_those_of_the_recursions_whatever_stands_beside_them(method, first, second) -> None:
    found: Smoothed = method(*arrays(first, second), weights=(0.05, 0.3))
    for row, history in enumerate((first, second)):
        level, _ = slowly(method.__name__, history, (float(found.weight[row]),))
        assert found.level[row] == pytest.approx(level, rel=1e-9, abs=1e-12)
        other, _ = slowly(method.__name__, history, (0.05, 0.3))
        wanted = slowly(method.__name__, history, (0.05, 0.3))[1]
        assert found.weight[row] == wanted or found.level[row] == pytest.approx(other, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_steady_item_has_its_own_level_and_an_unknown_one_has_none(method) -> None:
    demand = np.array([[3.0] * 60, [3.0] * 60])
    known = np.array([[True] * 60, [False] * 60])
    level = method(demand, known).level
    assert level[0] == pytest.approx(3.0 if method is not croston_sba else 3.0 * (1 - 0.02 / 2))
    assert level[1] == 0.0


def test_an_item_nobody_asks_for_any_more_is_forgotten_by_tsb_and_not_by_croston() -> None:
    demand = np.array([[0.0, 0.0, 5.0] * 30 + [0.0] * 120])
    known = np.ones(demand.shape, dtype=bool)
    assert tsb(demand, known, (0.1,)).level[0] < 0.01
    assert croston_sba(demand, known, (0.1,)).level[0] == pytest.approx(5.0 / 3 * 0.95, rel=0.01)


@pytest.mark.parametrize("method", METHODS)
@given(st.sampled_from([0.01, 3.0, 1000.0]), HISTORIES)
def test_the_unit_of_demand_does_not_matter(method, unit: float, history) -> None:
    demand, known = arrays(history)
    assert method(demand * unit, known, (0.1,)).level == pytest.approx(method(demand, known, (0.1,)).level * unit, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_smoothed_is_an_error(method) -> None:
    demand, known = np.ones((2, 5)), np.ones((2, 5), dtype=bool)
    with pytest.raises(ValueError, match="one shape"):
        method(demand, known[:1])
    with pytest.raises(ValueError, match="finite and at least 0"):
        method(-demand, known)
    with pytest.raises(ValueError, match="weights"):
        method(demand, known, ())
    with pytest.raises(ValueError, match="weights"):
        method(demand, known, (0.0, 0.5))
