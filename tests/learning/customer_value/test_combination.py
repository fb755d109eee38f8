"""Members combined: their mean unless the held-out customers say otherwise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.customer_value.combination import fit_combination
from learning.customer_value.members import chance_of, log_odds
from learning.customer_value.scores import calibration_error, chance_scores, log_losses, value_scores


def drawn(count: int, seed: int, level: float = 0.0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    chance = np.random.default_rng(seed)
    truth = chance.normal(-1.0, 1.2, count)
    told = {
        name: chance_of(truth + chance.normal(0, noise, count)) for name, noise in (("logistic", 0.3), ("lightgbm", 0.3), ("bg_nbd", 2.0))
    }
    return told, (chance.random(count) < chance_of(truth + level)).astype(float)


def test_two_equal_members_and_a_noisy_one_give_nearly_the_mean_of_the_two() -> None:
    combination = fit_combination(*drawn(20_000, seed=1))
    assert combination.weights["logistic"] == pytest.approx(0.5, abs=0.1)
    assert combination.weights["bg_nbd"] < 0.05
    assert abs(combination.level) < 0.05


def test_a_season_moves_the_level_but_not_all_the_way() -> None:
    level = fit_combination(*drawn(20_000, seed=2, level=0.6)).level
    assert 0.2 < level < 0.6


def test_logistic_regression_alone_can_be_calibrated() -> None:
    told, happened = drawn(5_000, seed=3, level=0.5)
    combination = fit_combination({"logistic": told["logistic"]}, happened)
    moved = combination.chance(told)
    assert abs(moved.mean() - happened.mean()) < abs(told["logistic"].mean() - happened.mean())
    assert log_losses(happened, moved).mean() < log_losses(happened, told["logistic"]).mean()


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_whatever_is_told_weights_are_not_negative_and_chances_are_chances(rows: list[tuple[float, float, bool]]) -> None:
    told = {"logistic": np.array([row[0] for row in rows]), "lightgbm": np.array([row[1] for row in rows])}
    combination = fit_combination(told, np.array([float(row[2]) for row in rows]))
    assert min(combination.weights.values()) >= 0
    chance = combination.chance(told)
    assert np.isfinite(chance).all()
    assert ((chance >= 0) & (chance <= 1)).all()


def test_nothing_to_combine_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one of logistic, lightgbm"):
        fit_combination({"bg_nbd": np.array([0.5])}, np.array([1.0]))


def test_log_odds_and_back() -> None:
    chance = np.array([0.001, 0.3, 0.9])
    assert chance_of(log_odds(chance)) == pytest.approx(chance)


def test_scores_by_hand() -> None:
    happened, chance = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.1, 0.2, 0.8, 0.9])
    assert calibration_error(happened, chance, bins=2) == pytest.approx((abs(0.5 - 0.15) + abs(0.5 - 0.85)) / 2)
    scores = chance_scores(happened, chance)
    assert scores["log_loss"] == pytest.approx(-np.mean(np.log([0.9, 0.2, 0.8, 0.1])))
    assert scores["auc"] == 0.5
    assert np.isnan(chance_scores(np.ones(4), chance)["auc"])
    values = value_scores(np.array([10.0, 0.0]), np.array([6.0, 2.0]))
    assert (values["mean_absolute_error"], values["sum_ratio"]) == (3.0, 0.8)
