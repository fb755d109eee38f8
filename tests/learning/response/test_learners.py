"""Every learner finds a known effect; each keeps the promise that is its own."""

import numpy as np
import pytest

from learning.response.features import FEATURES
from learning.response.learners import (
    BoostingSettings,
    EffectSample,
    FittedEffect,
    fit_boosted,
    fit_dr_learner,
    fit_logistic_baseline,
    fit_s_learner,
    fit_t_learner,
    fit_tree_baseline,
    fit_x_learner,
)
from learning.response.model_file import from_plain, to_plain

FACES = np.array([3.0, 8.0])
SETTINGS = BoostingSettings()


def make_sample(rows: int = 6000, effect: float = 1.0, seed: int = 5) -> tuple[EffectSample, np.ndarray, np.ndarray]:
    """Return (sample, purchased, true effects): who has much of the second feature responds more, the dearer coupon does more."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, len(FEATURES)))
    base = 0.3 + 0.1 * np.tanh(features[:, 0])
    true = effect * np.outer(0.1 + 0.1 * np.tanh(features[:, 1]), [0.6, 1.0])
    arm = rng.integers(0, 3, rows)
    chance = np.column_stack([base, base[:, None] + true])
    purchased = (rng.random(rows) < chance[np.arange(rows), arm]).astype(np.float64)
    robust = chance.copy()  # the nuisance is right, so that learners alone are tested
    robust[np.arange(rows), arm] += (purchased - chance[np.arange(rows), arm]) * 3
    sample = EffectSample(
        features=features,
        campaign=np.zeros(rows, dtype=np.int64),
        customer=np.arange(rows),
        fold=np.arange(rows) % 5,
        arm=arm,
        faces=FACES,
        propensity=np.full(rows, 1 / 3),
        outcome=purchased,
        nuisance=chance,
        pseudo_effect=robust[:, 1:] - robust[:, :1],
        offered=np.ones((rows, 3), dtype=bool),
    )
    return sample, purchased, true


@pytest.fixture(scope="module")
def made() -> tuple[EffectSample, np.ndarray, np.ndarray]:
    return make_sample()


def fit(name: str, sample: EffectSample, purchased: np.ndarray) -> FittedEffect:
    if name == "dr":
        return fit_dr_learner(sample, with_errors=True)
    if name == "logistic":
        return fit_logistic_baseline(sample, purchased)
    if name == "tree":
        return fit_tree_baseline(sample)
    return {"s": fit_s_learner, "t": fit_t_learner, "x": fit_x_learner}[name](sample, SETTINGS)


@pytest.mark.parametrize(("name", "agreement"), [("dr", 0.8), ("x", 0.5), ("t", 0.3), ("s", 0.5), ("tree", 0.2)])
def test_it_ranks_customers_by_their_true_effect(made, name: str, agreement: float) -> None:
    sample, purchased, _ = made
    fresh, _, true = make_sample(2000, seed=9)
    found = fit(name, sample, purchased).effect(fresh.features)
    assert np.corrcoef(found[:, 1], true[:, 1])[0, 1] > agreement
    assert found.mean(axis=0) == pytest.approx(true.mean(axis=0), abs=0.03)


@pytest.mark.parametrize("name", ["dr", "s", "t", "x", "logistic", "tree"])
def test_a_kept_learner_predicts_the_same(made, name: str) -> None:
    sample, purchased, _ = made
    learned = fit(name, sample, purchased)
    some = np.where(np.arange(len(FEATURES)) == 3, np.nan, sample.features[:50])
    np.testing.assert_array_equal(from_plain(to_plain(learned)).effect(some), learned.effect(some))


def test_the_logistic_baseline_finds_average_effects(made) -> None:
    sample, purchased, true = made
    found = fit("logistic", sample, purchased).effect(sample.features)
    assert found.mean(axis=0) == pytest.approx(true.mean(axis=0), abs=0.03)


def test_the_s_learner_never_falls_with_the_face_value() -> None:
    sample, purchased, _ = make_sample(1500, effect=0.0)
    found = fit("s", sample, purchased).effect(sample.features)
    assert (found[:, 0] >= 0).all()
    assert (found[:, 1] >= found[:, 0]).all()


def test_intervals_of_the_dr_learner_hold_the_true_effect() -> None:
    held = []
    for seed in range(8):
        sample, _, true = make_sample(3000, seed=seed)
        learned = fit_dr_learner(sample, with_errors=True)
        wide = 1.96 * learned.standard_error(sample.features[:300])
        held.append((np.abs(learned.effect(sample.features[:300]) - true[:300]) <= wide).mean())
    assert np.mean(held) >= 0.8, "the penalty's pull makes them a little too narrow for the far ends"


def test_noise_gets_the_largest_penalty() -> None:
    sample, _, _ = make_sample(2000, effect=0.0)
    learned = fit_dr_learner(sample)
    assert learned.penalty >= 1e4
    assert np.abs(learned.effect(sample.features)).mean() < 0.05


def test_trees_can_be_read(made) -> None:
    text = fit_tree_baseline(made[0]).text(2)
    assert FEATURES[1] in text
    assert "up to" in text
    assert "above" in text


def test_too_few_rows_give_their_mean() -> None:
    model = fit_boosted(np.zeros((5, 2)), np.array([1.0, 2, 3, 4, 5]), SETTINGS)
    assert model.text == ""
    assert model.predict(np.ones((2, 2))).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("wrong", [{"rounds": 0}, {"leaves": 1}, {"learning_rate": 0.0}, {"smallest_leaf_share": 0.7}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        BoostingSettings(**wrong)
