"""Qini and AUUC by hand, their bounds, and beside scikit-uplift where that is installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.response.uplift_curves import uplift_curve


def test_four_customers_by_hand() -> None:
    curve = uplift_curve(np.array([4.0, 3.0, 2.0, 1.0]), np.array([2.0, 2.0, 0.0, -4.0]))
    np.testing.assert_allclose(curve.share, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve.gain, [0, 0.5, 1.0, 1.0, 0.0])
    assert curve.auuc == pytest.approx(0.25 * (0.25 + 0.75 + 1.0 + 0.5))
    assert curve.qini == pytest.approx(0.625)


def test_ties_are_served_together() -> None:
    curve = uplift_curve(np.zeros(4), np.array([8.0, 0.0, -4.0, 4.0]))
    np.testing.assert_allclose(curve.share, [0, 1])
    assert curve.qini == 0


def test_nobody_has_no_curve() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        uplift_curve(np.zeros(0), np.zeros(0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.floats(-10, 10)), min_size=1, max_size=40))
def test_no_order_beats_that_of_the_effects_and_the_opposite_order_mirrors_qini(rows: list[tuple[int, float]]) -> None:
    score, effect = (np.array(values, dtype=np.float64) for values in zip(*rows, strict=True))
    curve, best = uplift_curve(score, effect), uplift_curve(effect, effect)
    assert curve.qini <= best.qini + 1e-9
    assert uplift_curve(-score, effect).qini == pytest.approx(-curve.qini, abs=1e-9)
    assert curve.gain[-1] == pytest.approx(effect.mean(), abs=1e-9)


def test_scikit_uplift_agrees_on_a_half_and_half_trial() -> None:
    metrics = pytest.importorskip("sklift.metrics")
    rng, n = np.random.default_rng(2), 40_000
    score, treated = rng.normal(size=n), rng.integers(0, 2, n)
    bought = (rng.random(n) < 0.3 + 0.1 * treated * (score > 0)).astype(int)
    theirs, shares = metrics.uplift_curve(bought, score, treated)[::-1]
    effect = np.where(treated == 1, 2.0, -2.0) * bought
    mine = uplift_curve(score, effect)
    at = np.linspace(0.1, 1, 10)
    np.testing.assert_allclose(np.interp(at, mine.share, mine.gain), np.interp(at * n, shares, theirs) / n, atol=0.006)
