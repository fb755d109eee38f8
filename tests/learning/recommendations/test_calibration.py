"""Chances rise with scores, lie in their intervals and are true on customers they were not learned from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.recommendations import calibrate


def test_chances_are_true() -> None:
    chance = np.random.default_rng(1)
    score = chance.normal(size=20_000)
    truth = 1 / (1 + np.exp(-(score - 2)))
    told = calibrate(score, chance.random(20_000) < truth, np.arange(20_000))
    assert told is not None
    assert told.error is not None
    assert told.error < 0.02
    predicted, low, high = told.predict(score)
    assert abs(predicted - truth).mean() < 0.02
    assert ((low <= predicted) & (predicted <= high)).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 1500), st.floats(0.01, 0.9), st.integers(0, 1000))
def test_chances_rise_with_scores(count: int, share: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    bought = chance.random(count) < share
    bought[0] = True
    told = calibrate(chance.integers(0, 50, count).astype(float), bought, np.arange(count))
    assert told is not None
    predicted, low, high = told.predict(np.linspace(-5, 60, 200))
    assert (np.diff(predicted) >= 0).all()
    assert ((low >= 0) & (low <= predicted) & (predicted <= high) & (high <= 1)).all()


def test_too_little_is_not_calibrated() -> None:
    assert calibrate(np.arange(399.0), np.ones(399, dtype=bool), np.arange(399)) is None
    assert calibrate(np.arange(999.0), np.zeros(999, dtype=bool), np.arange(999)) is None


def test_wider_where_fewer_were_seen() -> None:
    chance = np.random.default_rng(2)
    widths = []
    for count in (800, 80_000):
        told = calibrate(chance.random(count), chance.random(count) < 0.1, np.arange(count))
        assert told is not None
        _, low, high = told.predict(np.array([0.5]))
        widths.append(float(high[0] - low[0]))
    assert widths[0] > widths[1] == pytest.approx(widths[1])
