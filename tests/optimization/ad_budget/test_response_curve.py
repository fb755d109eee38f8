"""Curves and the lines above them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.ad_budget.carry_over import carried, tail_periods
from optimization.ad_budget.response_curve import Curve, slopes_of, values_of


def test_half_of_the_height_is_reached_at_half() -> None:
    curve = Curve(height=8.0, half=5.0, shape=2.0)
    assert curve.value(5.0) == 4.0
    assert curve.value(0.0) == 0.0
    assert curve.value(1e30) == pytest.approx(8.0)


def test_an_s_curve_bends_at_its_inflection() -> None:
    curve = Curve(height=1.0, half=1.0, shape=3.0)
    bend = curve.inflection
    assert bend == pytest.approx(0.5 ** (1 / 3))
    assert curve.slope(bend) > curve.slope(bend * 0.98)
    assert curve.slope(bend) > curve.slope(bend * 1.02)


CURVES = st.builds(Curve, height=st.floats(0.1, 1e4), half=st.floats(0.01, 1e4), shape=st.floats(1.0, 5.0))


@given(CURVES, st.floats(0, 3), st.floats(0.01, 5), st.lists(st.floats(0, 8), max_size=4))
def test_lines_lie_nowhere_below_the_curve_and_meet_it_at_the_ends(curve: Curve, start: float, width: float, touching: list[float]) -> None:
    low, high = start * curve.half, (start + width) * curve.half
    lines = curve.lines_above(low, high, [x * curve.half for x in touching])
    for x in np.linspace(low, high, 101).tolist():
        assert min(slope * x + intercept for slope, intercept in lines) >= curve.value(x) - 1e-7 * curve.height
    for x in (low, high):
        assert min(slope * x + intercept for slope, intercept in lines) == pytest.approx(curve.value(x), abs=1e-6 * curve.height)


@given(CURVES, st.floats(0.001, 20))
def test_many_curves_at_once_agree_with_one(curve: Curve, ratio: float) -> None:
    x = ratio * curve.half
    assert values_of((curve,), np.array([[x]]))[0, 0] == pytest.approx(curve.value(x), rel=1e-9)
    assert slopes_of((curve,), np.array([[x]]))[0, 0] == pytest.approx(curve.slope(x), rel=1e-9, abs=1e-300)
    step = 1e-5 * x
    assert curve.slope(x) == pytest.approx((curve.value(x + step) - curve.value(x - step)) / (2 * step), rel=1e-3, abs=1e-9 * curve.height)


def test_all_of_a_unit_is_felt_sooner_or_later() -> None:
    """1.00 spent leaves 1 / (1 - memory) of adstock in all; per period it is a mean over days."""
    per_unit, before = carried(memory=0.5, periods=2, tail=4, days=7)
    assert 7 * per_unit[:, 0].sum() == pytest.approx(2.0, rel=1e-6)
    assert per_unit[0, 1] == 0.0
    assert per_unit[1, 1] == per_unit[0, 0]
    assert 7 * before.sum() == pytest.approx(1.0, rel=1e-6)


def test_without_memory_nothing_is_carried() -> None:
    per_unit, before = carried(memory=0.0, periods=2, tail=0, days=7)
    assert per_unit == pytest.approx(np.eye(2) / 7)
    assert before.tolist() == [0.0, 0.0]
    assert tail_periods(np.array([0.0]), 7) == 0
    assert tail_periods(np.array([0.3, 0.87]), 7) == 5
