"""The read-out against known truths, in a test's size: intervals hold the simulated shop's effects, daily looks raise no false alarms."""

import math

import numpy as np
import pytest

from benchmarks.coupons.readout import coverage, cuped, peeking
from benchmarks.coupons.trials import draw_trial


def test_intervals_hold_the_simulated_shops_true_effects() -> None:
    """Two shops, two trials each, four coupons, two figures: at 95 % some 30 of 32 intervals hold the truth, fewer than 26 hardly ever."""
    found = coverage(shops=2, customers=800)
    assert found["intervals"] == 32
    assert found["share"] >= 26 / 32
    assert found["always_valid_share"] >= found["share"]


def test_daily_looks_by_the_always_valid_interval_raise_few_false_alarms() -> None:
    trials = 24
    rows = peeking(trials=trials, customers=300, watched=["orders_per_customer"])["rows"]
    assert all(row["always_valid"] <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials) for row in rows)
    assert np.mean([row["fixed"] for row in rows]) > 0.12  # what the fixed interval does under the same looks
    assert np.mean([row["always_valid"] for row in rows]) < np.mean([row["fixed"] for row in rows]) / 2


def test_the_variance_saved_is_about_what_is_reported() -> None:
    rows = cuped(trials=150, customers=300)["rows"]
    assert all(row["reported"] > 0.15 for row in rows)
    assert all(row["saved"] == pytest.approx(row["reported"], abs=0.25) for row in rows)


def test_a_trial_is_the_same_for_the_same_seed_and_has_its_effect() -> None:
    one, again = draw_trial(500, 3, effect=1.0), draw_trial(500, 3, effect=1.0)
    assert (one.orders == again.orders).all()
    treated, control = draw_trial(20_000, 3, effect=1.0).sides(28)
    assert treated.mean_of("orders") / control.mean_of("orders") == pytest.approx(2.0, rel=0.1)
