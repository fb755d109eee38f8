"""Off-policy values, by hand and against the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.response.off_policy import Bootstrap, dr_values, ips_values, snips_values

# six customers, two arms, drawn half and half: the policy gives a coupon to the first three
ARM = np.array([1, 1, 0, 0, 1, 0])
OUTCOME = np.array([10.0, 4.0, 6.0, 3.0, 8.0, 5.0])
HALF = np.full(6, 0.5)
POLICY = np.array([[1], [1], [1], [0], [0], [0]])


def everybody(customers: int, draws: int = 200) -> Bootstrap:
    return Bootstrap(np.arange(customers), draws, 0.95, 1)


def test_ips_by_hand() -> None:
    # followed: customers 1, 2, 4, 6; control: 3, 4, 6; everything weighs double, six customers in all
    found = ips_values(OUTCOME, ARM, HALF, POLICY, everybody(6))[0].value
    assert found == pytest.approx(2 * (10 + 4 + 3 + 5) / 6 - 2 * (6 + 3 + 5) / 6)


def test_snips_by_hand() -> None:
    found = snips_values(OUTCOME, ARM, HALF, POLICY, everybody(6))[0].value
    assert found == pytest.approx((10 + 4 + 3 + 5) / 4 - (6 + 3 + 5) / 3)


def test_dr_is_the_mean_of_what_each_row_says() -> None:
    gained = np.array([[1.0, 0.0], [3.0, 0.0], [5.0, 0.0]])
    first, second = dr_values(gained, everybody(3))
    assert first.value == pytest.approx(3.0)
    assert first.low < first.value < first.high
    assert (second.value, second.low, second.high) == (0.0, 0.0, 0.0)


def test_a_policy_whose_arms_were_never_drawn_has_no_value() -> None:
    with pytest.raises(ValueError, match="never drew"):
        snips_values(OUTCOME, ARM, HALF, np.full((6, 1), 7), everybody(6))


def test_rows_of_one_customer_stay_together() -> None:
    gained = np.tile([[4.0], [-4.0]], (20, 1))
    apart = dr_values(gained, everybody(40))[0]
    paired = dr_values(gained, Bootstrap(np.repeat(np.arange(20), 2), 200, 0.95, 1))[0]
    assert (paired.low, paired.high) == (0.0, 0.0)
    assert apart.low < -0.5 < 0.5 < apart.high


def test_all_three_find_the_truth_and_intervals_hold_it() -> None:
    rng, n = np.random.default_rng(4), 20_000
    x = rng.normal(size=n)
    propensity_of_one = 1 / (1 + np.exp(-x))  # whoever is rich in x gets the coupon more often
    arm = (rng.random(n) < propensity_of_one).astype(np.int64)
    outcome = 2 * x + arm * (1 + x) + rng.normal(size=n)
    propensity = np.where(arm == 1, propensity_of_one, 1 - propensity_of_one)
    policy = (x > -1).astype(np.int64)[:, None]
    truth = float(np.where(x > -1, 1 + x, 0.0).mean())
    model = np.column_stack([2 * x + 0.3, 3 * x + 0.8])  # a little wrong
    robust = model.copy()
    robust[np.arange(n), arm] += (outcome - model[np.arange(n), arm]) / propensity
    gained = np.where(policy[:, 0] == 1, robust[:, 1], robust[:, 0]) - robust[:, 0]
    bootstrap = everybody(n, 100)
    found = [
        ips_values(outcome, arm, propensity, policy, bootstrap)[0],
        snips_values(outcome, arm, propensity, policy, bootstrap)[0],
        dr_values(gained[:, None], bootstrap)[0],
    ]
    for estimate in found:
        assert estimate.low - 0.02 < truth < estimate.high + 0.02
    assert found[2].high - found[2].low < 0.7 * (found[0].high - found[0].low), "the outcome model takes noise away"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.floats(-50, 50), st.floats(0.1, 10))
def test_values_move_and_stretch_with_the_outcome(gained: list[float], shift: float, stretch: float) -> None:
    column = np.array(gained)
    plain, moved = dr_values(np.column_stack([column, stretch * column + shift]), everybody(len(column), 50))
    assert moved.value == pytest.approx(stretch * plain.value + shift, abs=1e-6)
    assert moved.low == pytest.approx(stretch * plain.low + shift, abs=1e-6)
    assert plain.low - 1e-9 <= plain.high
