"""What a plan promised beside what came."""

import math

import numpy as np
import polars as pl
import pytest

from learning.experiments import ExperimentSettings, promised_realised

EIGHT = ExperimentSettings(smallest_arm=2, least_variance_reduction=0.999)


def plan_of(outcomes: pl.DataFrame, promise: float, given: float = 1.0, spoilt: float = 0.0) -> pl.DataFrame:
    """Every customer without coupon was held out; the others are promised `promise` each."""
    held = pl.col("coupon_id").is_null()
    share = pl.int_range(pl.len()).over(held) / pl.len().over(held)
    return outcomes.select(
        "customer_key",
        "coupon_id",
        "propensity",
        is_holdout=held,
        expected_gain=pl.when(held).then(0.0).otherwise(promise),
        expected_cost=pl.when(held).then(0.0).otherwise(1.0),
        is_given=pl.when(held).then(share < spoilt).otherwise(share < given),
    )


@pytest.fixture
def eight(rows) -> pl.DataFrame:
    return rows(
        coupon_id=["c"] * 4 + [None] * 4,
        propensity=[0.5] * 8,
        gain=[6.0, 12.0, 0.0, 6.0, 0.0, 4.0, 0.0, 8.0],
        profit=[4.0, 12.0, 0.0, 4.0, 0.0, 4.0, 0.0, 8.0],
        cost=[2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0],
    )


def test_eight_customers_by_hand(eight) -> None:
    """6 a customer against 3: 12 for four customers; variances 24 and 44 / 3 over four each; the promise was 4 x 5."""
    told = promised_realised(plan_of(eight, 5.0), eight.drop("coupon_id"), EIGHT).row(0, named=True)
    assert (told["promised_gain"], told["promised_cost"], told["promised_value"]) == (20.0, 4.0, 16.0)
    assert told["realised_gain"] == pytest.approx(12.0)
    assert told["realised_gain_error"] == pytest.approx(4 * math.sqrt(24 / 4 + 44 / 12))
    assert (told["realised_cost"], told["realised_value"]) == (4.0, pytest.approx(8.0))
    assert told["calibration_ratio"] == pytest.approx(0.6)
    assert told["verdict"] == "kept"


@pytest.mark.parametrize(("promise", "verdict"), [(0.8, "kept"), (4.0, "over_promised"), (0.05, "under_promised"), (0.0, "unclear")])
def test_verdicts(campaign, promise: float, verdict: str) -> None:
    """One order a customer, 40 % more of them with a coupon, 8 of margin each, of which the promises are shares."""
    outcomes = campaign(8000, effect=0.4, shares={None: 0.3, "c": 0.7})
    told = promised_realised(plan_of(outcomes, promise * 4.0), outcomes.drop("coupon_id")).row(0, named=True)
    assert told["verdict"] == verdict
    assert (told["calibration_ratio"] is None) == (verdict == "unclear")


def test_a_plan_not_carried_out_is_not_judged(campaign) -> None:
    outcomes = campaign(4000, shares={None: 0.3, "c": 0.7})
    for plan in (plan_of(outcomes, 4.0, given=0.3), plan_of(outcomes, 4.0, spoilt=0.2)):
        told = promised_realised(plan, outcomes.drop("coupon_id")).row(0, named=True)
        assert (told["verdict"], told["calibration_ratio"]) == ("not_carried_out", None)


def test_a_holdout_of_another_size_blocks(campaign) -> None:
    outcomes = campaign(4000, shares={None: 0.3, "c": 0.7})
    wrong = outcomes.with_columns(propensity=pl.when(pl.col("coupon_id").is_null()).then(0.2).otherwise(0.8))
    assert promised_realised(plan_of(wrong, 4.0), wrong.drop("coupon_id"))["verdict"].item() == "blocked"


def test_too_small_a_holdout_and_missing_outcomes(eight) -> None:
    told = promised_realised(plan_of(eight, 5.0), eight.drop("coupon_id")).row(0, named=True)
    assert (told["verdict"], told["realised_gain"]) == ("no_control", None)
    with pytest.raises(ValueError, match="lack customers"):
        promised_realised(plan_of(eight, 5.0), eight.drop("coupon_id").head(3))


def test_the_optimisers_curse_is_seen_and_the_truth_is_within_the_interval(rows) -> None:
    """Forty plans give a coupon wherever a fair but noisy estimate is above 0.

    Effects are N(0.5, 1), estimates N(effect, 1.5): where the estimate is above 0 its mean is 1.64, that of the effect 0.85, 0.52 of it.
    """
    rng = np.random.default_rng(11)
    ratios, held = [], []
    for _ in range(40):
        effect = rng.normal(0.5, 1.0, 2000)
        estimate = effect + rng.normal(0.0, 1.5, 2000)
        is_holdout = rng.random(2000) < 0.3
        is_chosen = (estimate > 0) & ~is_holdout
        gain = rng.gamma(2.0, 1.0, 2000) + np.where(is_chosen, effect, 0.0)
        outcomes = rows(gain=gain.tolist(), profit=gain.tolist())
        plan = pl.DataFrame(
            {
                "customer_key": outcomes["customer_key"],
                "coupon_id": pl.Series(np.where(is_chosen, "c", None).tolist(), dtype=pl.String),
                "expected_gain": np.where(is_chosen, estimate, 0.0),
                "expected_cost": 0.0,
                "is_holdout": is_holdout,
                "propensity": np.where(is_holdout, 0.3, 0.7),
                "is_given": is_chosen,
            }
        )
        told = promised_realised(plan, outcomes).row(0, named=True)
        ratios.append(told["calibration_ratio"])
        held.append(told["realised_gain_low"] <= effect[is_chosen].sum() <= told["realised_gain_high"])
    assert np.mean(ratios) == pytest.approx(0.52, abs=0.06)
    assert np.mean(held) >= 0.85
