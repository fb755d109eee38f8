"""Redemption per face value: blocks of comparable coupons, and what lies between tried face values."""

import numpy as np
import pytest

from learning.response.redemption import fit_redemption, redemption_blocks, rise_within
from learning.response.ridge import sigmoid


def test_a_fall_beyond_chance_begins_a_new_block() -> None:
    arm = np.repeat([0, 1, 2], 1000)
    redeemed = np.concatenate([np.arange(1000) < 300, np.arange(1000) < 290, np.arange(1000) < 150]).astype(float)
    assert redemption_blocks(redeemed, arm, 3).tolist() == [0, 0, 1]


def test_rows_rise_within_blocks_only() -> None:
    rows = np.array([[3.0, 1.0, 0.5, 0.7]])
    np.testing.assert_allclose(rise_within(rows, np.array([0, 0, 1, 1])), [[2.0, 2.0, 0.5, 0.7]])


def test_each_face_value_has_its_own_level_and_customers_differ() -> None:
    rng, faces = np.random.default_rng(3), np.array([4.0, 9.0])
    columns, arm = rng.normal(size=(8000, 2)), rng.integers(0, 2, 8000)
    true = sigmoid(np.array([-1.0, 0.2])[arm] + 0.8 * columns[:, 0])
    model = fit_redemption(columns, (rng.random(8000) < true).astype(float), faces[arm], faces, ridge=10.0)
    for index, face in enumerate(faces.tolist()):
        want = sigmoid(np.array([-1.0, 0.2])[index] + 0.8 * columns[:, 0])
        assert np.abs(model.chance(columns, face) - want).mean() < 0.03
    between = model.chance(columns, 6.0)  # halfway on the logarithm: 4, 6, 9
    np.testing.assert_allclose(between, model.at_faces(columns).mean(axis=1))
    np.testing.assert_allclose(model.chance(columns, 50.0), model.at_faces(columns)[:, 1])
    np.testing.assert_allclose(model.chance(columns, 1.0), model.at_faces(columns)[:, 0])
    assert model.chance(columns, 9.0).mean() == pytest.approx(true[arm == 1].mean(), abs=0.03)
