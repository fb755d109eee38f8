"""Who wins the race, what the gate asks for, and what the score sheet says."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from learning.response import ResponseModel, ResponseSettings, fit_candidates, train_response
from learning.response.candidates import CANDIDATES
from learning.response.effects import towards_direct
from learning.response.race import best_arm, calibration_slope, choose

ROWS = np.arange(400)


def runner(values: np.ndarray) -> Any:
    return SimpleNamespace(steady_gained=values)


def test_the_earlier_candidate_is_taken_unless_another_is_clearly_better() -> None:
    noise = np.random.default_rng(1).normal(size=400)
    a_little, clearly = runner(noise + np.random.default_rng(2).normal(0.05, 1, 400)), runner(noise + 1.0)
    assert choose(cast(Any, [runner(noise), a_little]), ROWS, ROWS) == 0
    assert choose(cast(Any, [runner(noise), a_little, clearly]), ROWS, ROWS) == 2


def test_the_best_arm_is_one_that_the_campaign_had_and_is_worth_it() -> None:
    values = np.array([[1.0, 5.0], [1.0, 5.0], [-1.0, -2.0]])
    offered = np.array([[True, True, True], [True, True, False], [True, True, True]])
    assert best_arm(values, offered).tolist() == [2, 1, 0]


def test_the_slope_is_the_one_of_a_line_and_stays_between_0_and_1() -> None:
    raw = np.array([[1.0], [2.0], [3.0], [4.0]])
    everyone, rows = np.ones((4, 2), dtype=bool), np.arange(4)
    assert calibration_slope(raw, 0.5 * raw + 7, everyone, rows) == pytest.approx(0.5)
    assert calibration_slope(raw, 3 * raw, everyone, rows) == 1.0
    assert calibration_slope(raw, -raw, everyone, rows) == 0.0
    assert calibration_slope(np.ones((4, 1)), raw, everyone, rows) == 0.0


def test_one_lucky_arm_of_four_is_not_taken_at_its_word() -> None:
    basket, error = np.array([0.9, 0.1, -0.1, 0.0]), np.full(4, 0.5)
    moved, _ = towards_direct(np.zeros(4), np.full(4, 0.3), basket, error)
    assert moved.tolist() == [0.0] * 4  # a mean square of 0.21 is less than noise of 0.5 gives
    sure, spread = towards_direct(np.zeros(4), np.full(4, 0.3), np.full(4, 5.0), error)
    assert sure == pytest.approx(np.full(4, 5.0 * 24.75 / 25.0))
    assert (spread > 0.5).all()


@pytest.fixture(scope="module")
def model(make_trial) -> ResponseModel:
    return train_response(make_trial(customers=3000)[0])


def test_the_score_sheet_names_every_candidate_and_one_choice(model: ResponseModel) -> None:
    sheet = model.model_scores
    assert sheet["policy"].is_unique().all()
    rules = {"chosen", "best_rule", "everybody_3", "everybody_5", "everybody_8"}
    assert set(sheet["policy"]) == {f"{a}/{b}" for a, b in CANDIDATES} | rules
    assert sheet["is_chosen"].sum() == 1
    assert sheet["is_published"].sum() == 1
    assert model.chosen == dict(zip(("learner", "outcome"), sheet.filter("is_chosen").select("learner", "outcome").row(0), strict=True))
    for name in ("dr_value", "steady_value", "ips_value"):
        assert (sheet[f"{name}_low"] <= sheet[name]).all()
        assert (sheet[name] <= sheet[f"{name}_high"]).all()


def test_values_of_the_sheet_lie_near_the_truth(make_trial, model: ResponseModel) -> None:
    _, truth = make_trial(customers=3000)
    for face in (3, 5, 8):
        worth = (truth[f"gain_{face}"] - face * truth[f"redeem_{face}"]).mean()
        row = model.model_scores.filter(policy=f"everybody_{face}").row(0, named=True)
        for name in ("dr_value", "steady_value", "ips_value"):
            assert row[f"{name}_low"] - 0.15 <= worth <= row[f"{name}_high"] + 0.15, (face, name)


def test_drivers_find_the_feature_that_moves_the_effect(model: ResponseModel) -> None:
    shares = model.drivers.group_by("face_value").agg(pl.col("weight_share").sum(), pl.col("rank").n_unique())
    assert shares["weight_share"].to_list() == pytest.approx([1.0] * 3)
    first = model.drivers.filter(pl.col("rank") <= 3)
    assert first.filter(feature="discount_share").height == 3
    one = model.drivers.filter(feature="discount_share", face_value=8.0).row(0, named=True)
    assert one["gain_at_high"] > one["gain_at_low"] + 0.3
    assert one["sentence"].startswith("With discount_share at ")


def test_intervals_of_customers_hold_most_true_effects(make_trial, coupons: pl.DataFrame, model: ResponseModel) -> None:
    facts, truth = make_trial(customers=3000)
    told = model.predict(facts.select(pl.exclude("face_value", "coupon_id")).unique("customer_key"), coupons).join(truth, on="customer_key")
    held = []
    for face in (3, 5, 8):
        one = told.filter(face_value=float(face))
        held.append(one.select(pl.col(f"uplift_{face}").is_between("uplift_orders_low", "uplift_orders_high").mean()).item())
        assert one.select((pl.col("expected_gain").is_between("expected_gain_low", "expected_gain_high")).all()).item()
    assert np.mean(held) > 0.8
    assert min(held) > 0.7, "effects that bend more than a hinge are missed at the far ends"
    assert told["purchase_probability"].is_between(0, 1).all()


def test_a_large_trial_gives_whole_customers_by_lot(make_trial) -> None:
    facts, _ = make_trial(customers=1500)
    twice = facts.with_columns(customer_key=pl.lit("v") + pl.col("customer_key").str.slice(3))  # each in both campaigns
    model = train_response(twice, ResponseSettings(most_rows=1500))
    note = next(note for note in model.notes if "drawn by lot" in note and "Effects" in note)
    used = int(note.split(" from ")[1].split(" of ")[0])
    assert 1300 <= used <= 1700
    assert used % 2 == 0
    assert model.effects["control_customers"][0] < 1500


def test_every_candidate_can_be_published(make_trial, coupons: pl.DataFrame) -> None:
    facts, _ = make_trial(customers=700, campaigns=1)
    models = fit_candidates(facts)
    assert set(models) == set(CANDIDATES)
    for one in models.values():
        told = one.predict(facts.head(20), coupons)
        assert told["value"].is_finite().all()
    assert fit_candidates(facts.with_columns(propensity=pl.lit(None, dtype=pl.Float64))) == {}
