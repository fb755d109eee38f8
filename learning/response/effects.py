"""Average effects per arm with confidence intervals, and how much of the predicted differences between customers is real.

average effect      mean over a campaign's rows of (score of the arm - score of control), see `doubly_robust`
gain                measured twice: directly, without bias but noisy; and as added purchases times the margin that such a purchase brings,
                    which is steadier but blind to coupons that change the basket. The second is used, moved towards the first as far as
                    the two differ by more than chance (positive-part shrinkage, James and Stein 1961).
calibration slope   regression of the scores' differences on the cross-fitted predicted effects, both around their arm's mean: 1 means that
                    predicted differences between customers are true to size, 0 that they are noise. Predictions are shrunk by it.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from learning.response.doubly_robust import CrossFitted, clustered_mean, scores
from learning.response.features import Floats
from learning.response.monotone import pooled_upwards
from learning.response.settings import ResponseSettings
from learning.response.trial import Integers, Trial

EFFECTS_SCHEMA = {
    "face_value": pl.Float64,
    "coupon_customers": pl.Int64,
    "control_customers": pl.Int64,
    "purchase_rate_control": pl.Float64,
    "uplift_orders": pl.Float64,
    "uplift_orders_low": pl.Float64,
    "uplift_orders_high": pl.Float64,
    "expected_gain": pl.Float64,
    "expected_gain_low": pl.Float64,
    "expected_gain_high": pl.Float64,
    "redemption_probability": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "is_significant": pl.Boolean,
    "variance_reduction": pl.Float64,
}


@dataclass(frozen=True)
class ArmEffects:
    """Average effect per arm (raw and made non-decreasing in face value), its standard error, and the calibration slope."""

    raw: Floats
    average: Floats
    standard_error: Floats
    slope: float
    variance_reduction: Floats


@dataclass(frozen=True)
class Effects:
    """Effects on purchases and on gain, and the average chance of redemption per arm."""

    purchase: ArmEffects
    gain: ArmEffects
    redemption: Floats


def estimate_effects(trial: Trial, fitted: CrossFitted, rows: Integers) -> Effects:
    """Estimate from some rows of a trial (all, or those outside one fold)."""
    redemption = np.array(
        [
            float(trial.redeemed[rows][trial.arm[rows] == k + 1].mean()) if (trial.arm[rows] == k + 1).any() else 0.0
            for k in range(len(trial.faces))
        ]
    )
    return Effects(
        purchase=_arm_effects(trial, trial.purchased, fitted.purchase, rows),
        gain=_gain_effects(trial, fitted, rows),
        redemption=pooled_upwards(redemption, np.maximum(np.bincount(trial.arm[rows], minlength=len(trial.faces) + 1)[1:], 1.0)),
    )


def _gain_effects(trial: Trial, fitted: CrossFitted, rows: Integers) -> ArmEffects:
    """Combine the direct and the purchase-based estimate of gain; the slope comes from the steadier one."""
    direct = _arm_effects(trial, trial.gain, fitted.gain, rows)
    steady = _arm_effects(trial, trial.purchased * fitted.margin, fitted.gain, rows)
    basket = _arm_effects(trial, trial.gain - trial.purchased * fitted.margin, np.zeros_like(fitted.gain), rows)
    squared = np.maximum(basket.raw**2, 1e-18)
    weight = np.clip(1.0 - np.where(np.isfinite(basket.standard_error), basket.standard_error, np.inf) ** 2 / squared, 0.0, 1.0)
    raw = steady.raw + weight * basket.raw
    moved = np.where(weight > 0, weight * np.where(np.isfinite(basket.standard_error), basket.standard_error, 0.0) ** 2, 0.0)
    error = np.sqrt(steady.standard_error**2 + moved)  # the weight itself is uncertain, so it counts once and not squared
    return ArmEffects(raw, _non_decreasing(raw, error), error, steady.slope, direct.variance_reduction)


def _non_decreasing(raw: Floats, error: Floats) -> Floats:
    return pooled_upwards(raw, np.maximum(1.0 / np.maximum(error, 1e-9) ** 2, 1e-12))


def _arm_effects(trial: Trial, outcome: Floats, model: Floats, rows: Integers) -> ArmEffects:
    robust = scores(trial, outcome, model)
    plain = scores(trial, outcome, np.zeros_like(model))
    offered = trial.arms_of_campaign[trial.campaign]
    means: list[float] = []
    errors: list[float] = []
    reductions: list[float] = []
    explained, spread = 0.0, 0.0
    for arm in range(1, len(trial.faces) + 1):
        eligible = rows[offered[rows, arm]]
        if len(eligible) == 0:
            means.append(0.0)
            errors.append(np.inf)
            reductions.append(0.0)
            continue
        difference = robust[eligible, arm] - robust[eligible, 0]
        mean, error = clustered_mean(difference, trial.customer[eligible])
        _, plain_error = clustered_mean(plain[eligible, arm] - plain[eligible, 0], trial.customer[eligible])
        predicted = model[eligible, arm] - model[eligible, 0]
        around = predicted - predicted.mean()
        explained += float(around @ (difference - mean))
        spread += float(around @ around)
        means.append(mean)
        errors.append(error)
        reductions.append(1 - (error / plain_error) ** 2 if plain_error > 0 else 0.0)
    raw, error = np.array(means), np.array(errors)
    slope = float(np.clip(explained / spread, 0.0, 1.0)) if spread > 1e-12 else 0.0
    return ArmEffects(raw, _non_decreasing(raw, error), error, slope, np.array(reductions))


def effects_frame(trial: Trial, effects: Effects, settings: ResponseSettings) -> pl.DataFrame:
    """Return one row per arm (grain: face_value): shares for purchases and redemption, money per customer for gain, cost and value.

    uplift_orders is the added share of customers who buy in the outcome window; low and high are the confidence interval of the unpooled
    estimate; variance_reduction is the share of variance that the outcome model removes from the plain comparison of arms (for purchases).
    """
    wide = NormalDist().inv_cdf(0.5 + settings.confidence / 2)
    offered = trial.arms_of_campaign
    rows: list[dict[str, object]] = []
    for index, face in enumerate(trial.faces.tolist()):
        comparable = offered[trial.campaign, index + 1]
        control = comparable & (trial.arm == 0)
        purchase, gain = effects.purchase, effects.gain
        cost = face * float(effects.redemption[index])
        rows.append(
            {
                "face_value": face,
                "coupon_customers": int((trial.arm == index + 1).sum()),
                "control_customers": int(control.sum()),
                "purchase_rate_control": float(np.average(trial.purchased[control], weights=1 / trial.propensity[control])),
                "uplift_orders": float(purchase.average[index]),
                "uplift_orders_low": float(purchase.raw[index] - wide * purchase.standard_error[index]),
                "uplift_orders_high": float(purchase.raw[index] + wide * purchase.standard_error[index]),
                "expected_gain": float(gain.average[index]),
                "expected_gain_low": float(gain.raw[index] - wide * gain.standard_error[index]),
                "expected_gain_high": float(gain.raw[index] + wide * gain.standard_error[index]),
                "redemption_probability": float(effects.redemption[index]),
                "expected_cost": cost,
                "value": float(gain.average[index]) - cost,
                "is_significant": bool(purchase.raw[index] - wide * purchase.standard_error[index] > 0),
                "variance_reduction": float(purchase.variance_reduction[index]),
            }
        )
    return pl.DataFrame(rows, schema=EFFECTS_SCHEMA)
