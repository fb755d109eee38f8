"""A place drawn by lot: the logged propensity is how often the product is drawn."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.recommendations import draw_places

DAY = date(2025, 6, 30)


def test_products_are_drawn_as_often_as_their_propensity_says() -> None:
    groups, weights = np.zeros(4, dtype=np.int64), np.array([0.0, 1.0, 1.0, 6.0])
    told = [draw_places(groups, weights, DAY + timedelta(days=day), 7) for day in range(4000)]
    drawn = np.array([row[0] for row, _ in told])
    expected = 0.5 / 4 + 0.5 * weights / 8
    for product in range(4):
        share = (drawn == product).mean()
        assert share == pytest.approx(expected[product], abs=4 * np.sqrt(0.25 / 4000))
    assert all(propensity[0] == pytest.approx(expected[row[0]]) for row, propensity in told)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 10)), min_size=1, max_size=30), st.integers(0, 99))
def test_one_of_every_group_with_its_chance(pool: list[tuple[int, float]], seed: int) -> None:
    pool.sort(key=lambda each: each[0])
    groups, weights = np.array([each[0] for each in pool]), np.array([each[1] for each in pool])
    drawn, propensity = draw_places(groups, weights, DAY, seed)
    assert groups[drawn].tolist() == sorted(set(groups.tolist()))
    assert ((propensity > 0) & (propensity <= 1 + 1e-12)).all()
    again, _ = draw_places(groups, weights, DAY, seed)
    assert (again == drawn).all()
    counts = np.bincount(groups)[groups[drawn]]
    assert (propensity >= 0.5 / counts - 1e-12).all()


def test_nothing_to_draw_from_draws_nothing() -> None:
    drawn, propensity = draw_places(np.zeros(0, dtype=np.int64), np.zeros(0), DAY, 1)
    assert len(drawn) == len(propensity) == 0


def test_unsorted_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="sorted"):
        draw_places(np.array([1, 0]), np.ones(2), DAY, 1)
