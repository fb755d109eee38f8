"""Intervals that hold on all days together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from learning.experiments import always_valid_p_value, interval_multiplier

CLOCKS = st.floats(1e-4, 1e4)


def test_the_boundary_by_hand() -> None:
    """At significance 0.05 the tuning solves r (-W(-a^2 / e) - 1) = 1, r = 0.12177; at clock 1: sqrt(1.12177 (log(9.2120) + 5.99146))."""
    assert interval_multiplier(1.0, 0.05) == pytest.approx(math.sqrt(1.12177 * (math.log(9.2120) + 5.99146)), rel=1e-4)


@given(CLOCKS, st.floats(0.001, 0.3))
def test_it_is_wider_than_the_fixed_interval_and_finite(clock: float, significance: float) -> None:
    assert norm.isf(significance / 2) < interval_multiplier(clock, significance) < math.inf


@given(CLOCKS, st.floats(-9, 9))
def test_p_value_and_interval_agree(clock: float, statistic: float) -> None:
    multiplier = interval_multiplier(clock, 0.05)
    if abs(abs(statistic) - multiplier) > 1e-6:
        assert (always_valid_p_value(statistic, clock, 0.05) < 0.05) == (abs(statistic) > multiplier)


def test_it_is_narrowest_around_the_planned_end() -> None:
    """On the scale of the difference itself (standard error x multiplier, the error falls with the root of the clock) more is always
    better, and the multiplier has its least within a factor of four of the end."""
    clocks = np.geomspace(0.01, 100, 400)
    multipliers = np.array([interval_multiplier(clock, 0.05) for clock in clocks])
    assert 0.25 < clocks[multipliers.argmin()] < 4
    assert (np.diff(multipliers / np.sqrt(clocks)) < 0).all()


def test_before_anything_is_known_nothing_is_claimed() -> None:
    assert interval_multiplier(0.0, 0.05) == math.inf
    assert always_valid_p_value(5.0, 0.0, 0.05) == 1.0
    assert always_valid_p_value(math.nan, 1.0, 0.05) == 1.0


@pytest.mark.parametrize("significance", [0.0, 1.0, -0.1])
def test_a_significance_out_of_range_is_refused(significance: float) -> None:
    with pytest.raises(ValueError, match="significance"):
        interval_multiplier(1.0, significance)


def test_a_brownian_motion_looked_at_all_the_time_stays_within() -> None:
    """2,000 paths looked at on 280 occasions: at most 5 % (and chance) ever leave the always-valid band, over four times as many the
    fixed."""
    rng = np.random.default_rng(5)
    clock = np.arange(1, 281) / 280
    paths = np.cumsum(rng.normal(size=(2000, 280)) / np.sqrt(280), axis=1) / np.sqrt(clock)
    band = np.array([interval_multiplier(each, 0.05) for each in clock])
    left, left_fixed = ((np.abs(paths) > width).any(axis=1).mean() for width in (band, norm.isf(0.025)))
    assert left < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)
    assert left_fixed > 0.2
