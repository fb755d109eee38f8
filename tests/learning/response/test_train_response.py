"""What the response model learns from a trial with known effects, and what it refuses to claim."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from learning.response import ResponseModel, ResponseSettings, train_response

MakeTrial = Callable[..., tuple[pl.DataFrame, pl.DataFrame]]


@pytest.fixture(scope="module")
def trial(make_trial: MakeTrial) -> tuple[pl.DataFrame, pl.DataFrame]:
    return make_trial()


@pytest.fixture(scope="module")
def model(trial: tuple[pl.DataFrame, pl.DataFrame]) -> ResponseModel:
    return train_response(trial[0])


def test_average_effects_lie_near_the_truth(model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    for face, uplift, low, high, gain in model.effects.select(
        "face_value", "uplift_orders", "uplift_orders_low", "uplift_orders_high", "expected_gain"
    ).rows():
        true_uplift, true_gain = trial[1][f"uplift_{int(face)}"].mean(), trial[1][f"gain_{int(face)}"].mean()
        assert low - 0.01 <= true_uplift <= high + 0.01
        assert uplift == pytest.approx(true_uplift, abs=0.03)
        assert gain == pytest.approx(true_gain, rel=0.2)
    assert model.effects["is_significant"].all()
    assert (model.effects["variance_reduction"] > 0.2).all()


def test_individual_effects_rank_customers_as_the_truth_does(
    model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame], coupons: pl.DataFrame
) -> None:
    assert model.effect_source == "individual"
    predicted = model.predict(trial[0], coupons).join(trial[1], on="customer_key")
    for face in (3, 5, 8):
        one = predicted.filter(pl.col("face_value") == face)
        assert one.select(pl.corr("uplift_orders", f"uplift_{face}")).item() > 0.6
        assert one.select(pl.corr("redemption_probability", f"redeem_{face}")).item() > 0.8


def test_response_never_falls_with_the_face_value(model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    ladder = pl.DataFrame({"coupon_id": [f"k{i:02d}" for i in range(1, 13)], "face_value": [float(i) for i in range(1, 13)]})
    predicted = model.predict(trial[0].head(200), ladder)
    for column in ("uplift_orders", "expected_gain", "redemption_probability"):
        steps = predicted.select(pl.col(column).diff().over("customer_key")).to_series().drop_nulls()
        # below the first tried face value the effect runs straight down to none, and may do so from below
        tried = predicted.filter(pl.col("face_value") >= 3).select(pl.col(column).diff().over("customer_key")).to_series().drop_nulls()
        assert (tried >= -1e-12).all(), column
        assert np.isfinite(steps.to_numpy()).all()
    assert predicted.filter(pl.col("face_value") > 8)["is_beyond_trial"].all()


def test_value_is_gain_less_cost_and_cost_is_face_times_redemption(
    model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame], coupons: pl.DataFrame
) -> None:
    predicted = model.predict(trial[0].head(50), coupons)
    assert_frame_equal(
        predicted.select("expected_cost", "value"),
        predicted.select(
            expected_cost=pl.col("face_value") * pl.col("redemption_probability"), value=pl.col("expected_gain") - pl.col("expected_cost")
        ),
    )


def test_permuted_rows_change_nothing(model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame], coupons: pl.DataFrame) -> None:
    again = train_response(trial[0].sample(fraction=1.0, shuffle=True, seed=1))
    profiles = trial[0].head(100)
    assert_frame_equal(again.predict(profiles.reverse(), coupons), model.predict(profiles, coupons), check_exact=True)


def test_a_saved_model_predicts_the_same(
    model: ResponseModel, trial: tuple[pl.DataFrame, pl.DataFrame], coupons: pl.DataFrame, tmp_path: Path
) -> None:
    model.save(tmp_path / "response.json")
    again = ResponseModel.load(tmp_path / "response.json")
    profiles = trial[0].head(100)
    assert_frame_equal(again.predict(profiles, coupons), model.predict(profiles, coupons), check_exact=True)
    assert again.gate == model.gate
    assert_frame_equal(again.effects, model.effects)


def test_a_draw_that_depends_on_activity_does_not_bias_the_effects(make_trial: MakeTrial) -> None:
    facts, truth = make_trial(tilt=1.5, seed=11)
    effects = train_response(facts).effects
    naive = (
        facts.filter(pl.col("face_value") == 8)["outcome_orders"].mean() - facts.filter(pl.col("face_value") == 0)["outcome_orders"].mean()
    )
    true = truth["uplift_8"].mean()
    assert naive - true > 0.05, "the plain comparison of arms should be far off here"
    assert effects["uplift_orders"][2] == pytest.approx(true, abs=0.03)


def test_noise_does_not_pass_for_individual_effects(make_trial: MakeTrial, coupons: pl.DataFrame) -> None:
    facts, _ = make_trial(customers=1500, effect=0.0)
    model = train_response(facts)
    assert model.individual is not None
    assert model.individual.gain_slope < 0.5
    assert not model.effects["is_significant"].any()
    predicted = model.predict(facts, coupons)
    assert predicted.filter(pl.col("value") > 0).height < 0.05 * predicted.height


def test_where_the_gate_fails_everybody_gets_the_average_effect(make_trial: MakeTrial, coupons: pl.DataFrame) -> None:
    facts, _ = make_trial(customers=2000, campaigns=1)
    model = train_response(facts, ResponseSettings(gate_confidence=0.9999999, gate_tolerance_share=0.0))
    assert model.gate is not None
    assert not model.gate.passed
    assert "average effect" in model.gate.sentence
    predicted = model.predict(facts, coupons)
    assert set(predicted["effect_source"]) == {"average"}
    assert predicted.group_by("coupon_id").agg(pl.col("uplift_orders").n_unique())["uplift_orders"].to_list() == [1, 1, 1]


@pytest.mark.parametrize("missing", ["propensity", "control"])
def test_without_a_draw_or_a_control_group_no_uplift_is_claimed(
    missing: str, trial: tuple[pl.DataFrame, pl.DataFrame], coupons: pl.DataFrame
) -> None:
    facts = trial[0].head(2000)
    facts = (
        facts.with_columns(propensity=pl.lit(None, dtype=pl.Float64))
        if missing == "propensity"
        else facts.filter(pl.col("coupon_id").is_not_null()).with_columns(propensity=pl.lit(0.33))
    )
    model = train_response(facts)
    assert not model.causal
    assert model.notes
    predicted = model.predict(facts, coupons)
    assert not predicted["causal"].any()
    assert predicted["uplift_orders"].is_null().all()
    assert predicted["value"].is_null().all()
    assert predicted["redemption_probability"].is_between(0, 1).all()


def test_a_campaign_that_lost_rows_raises_the_sample_ratio_alarm_and_is_left_out(trial: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    lossy = trial[0].filter(~((pl.col("campaign_id") == "k0") & (pl.col("face_value") == 8) & (pl.col("outcome_orders") == 0)))
    model = train_response(lossy)
    assert model.sample_ratio.filter("alarm")["campaign_id"].unique().to_list() == ["k0"]
    assert any("k0" in note for note in model.notes)
    assert model.effects["control_customers"].max() == trial[0].filter((pl.col("campaign_id") == "k1") & (pl.col("face_value") == 0)).height


def test_arms_tried_in_different_campaigns_are_compared_with_their_own_control(make_trial: MakeTrial) -> None:
    facts, truth = make_trial(customers=8000)
    # face 3 only in the strong first campaign, face 8 only in the weak second one
    apart = facts.filter(
        pl.when(pl.col("campaign_id") == "k0")
        .then(pl.col("face_value").is_in([0.0, 3.0]))
        .otherwise(pl.col("face_value").is_in([0.0, 8.0]))
    ).with_columns(propensity=pl.when(pl.col("face_value") == 0).then(2 / 3).otherwise(1 / 3))
    effects = train_response(apart).effects
    first, second = truth.filter(pl.col("customer_key").str.starts_with("u0")), truth.filter(pl.col("customer_key").str.starts_with("u1"))
    assert effects["uplift_orders"].to_list() == pytest.approx([first["uplift_3"].mean(), second["uplift_8"].mean()], abs=0.03)


def test_bad_facts_are_refused(trial: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    with pytest.raises(ValueError, match="lack the columns redeemed"):
        train_response(trial[0].drop("redeemed"))
    with pytest.raises(ValueError, match="twice in one campaign"):
        train_response(pl.concat([trial[0].head(10), trial[0].head(1)]))
    with pytest.raises(ValueError, match="features are missing: due_ratio"):
        train_response(trial[0].drop("due_ratio"))
