"""Average effects per arm with confidence intervals.

average effect      mean over a campaign's rows of (score of the arm - score of control), see `doubly_robust`
gain                measured twice: directly, without bias but noisy; and as added orders times the margin that such an order brings,
                    which is steadier but blind to coupons that change the basket. The second is used, moved towards the first as far as
                    the two differ by more than chance (empirical Bayes; Efron, Morris, JASA 68 (1973), 117-130).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from learning.response.doubly_robust import CrossFitted, clustered_mean, scores
from learning.response.features import Floats
from learning.response.monotone import pooled_upwards
from learning.response.redemption import redemption_blocks
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
    """Average effect per arm (raw and made non-decreasing in face value) and its standard error."""

    raw: Floats
    average: Floats
    standard_error: Floats
    variance_reduction: Floats


@dataclass(frozen=True)
class Effects:
    """Effects on purchases and on gain, and the average chance of redemption per arm."""

    purchase: ArmEffects
    gain: ArmEffects
    redemption: Floats


@dataclass(frozen=True)
class Scored:
    """Doubly robust scores (rows x (1 + arms)) of every outcome; plain: purchases without outcome model; basket: gain less steady gain;
    profit and steady_profit: gain and steady gain less the coupon's cost.

    blocks: of face values that can be compared (see `redemption`).
    """

    purchase: Floats
    plain: Floats
    gain: Floats
    steady: Floats
    basket: Floats
    profit: Floats
    steady_profit: Floats
    blocks: Integers


def score_trial(trial: Trial, fitted: CrossFitted) -> Scored:
    """Score every outcome once."""
    worth = trial.orders * fitted.order_margin
    expected = fitted.orders * fitted.order_margin[:, None]
    treated, cost = trial.arm > 0, trial.gain - trial.profit
    expected_profit = expected.copy()
    expected_profit[:, 1:] -= fitted.redeems * trial.faces
    return Scored(
        purchase=scores(trial, trial.purchased, fitted.purchase),
        plain=scores(trial, trial.purchased, np.zeros_like(fitted.purchase)),
        gain=scores(trial, trial.gain, fitted.gain),
        steady=scores(trial, worth, expected),
        basket=scores(trial, trial.gain - worth, fitted.gain - expected),
        profit=scores(trial, trial.profit, fitted.profit),
        steady_profit=scores(trial, worth - cost, expected_profit),
        blocks=redemption_blocks(trial.redeemed[treated], trial.arm[treated] - 1, len(trial.faces)),
    )


def estimate_effects(trial: Trial, scored: Scored, rows: Integers) -> Effects:
    """Estimate from some rows of a trial (all, or those outside one fold)."""
    count = np.bincount(trial.arm[rows], minlength=len(trial.faces) + 1)[1:]
    redeemed = np.bincount(trial.arm[rows], weights=trial.redeemed[rows], minlength=len(trial.faces) + 1)[1:]
    steady, basket = (_arm_effects(trial, scored, what, rows) for what in (scored.steady, scored.basket))
    raw, error = towards_direct(steady.raw, steady.standard_error, basket.raw, basket.standard_error)
    return Effects(
        purchase=_arm_effects(trial, scored, scored.purchase, rows),
        gain=ArmEffects(raw, _non_decreasing(raw, error, scored.blocks), error, steady.variance_reduction),
        redemption=_pooled_within(redeemed / np.maximum(count, 1), np.maximum(count, 1.0), scored.blocks),
    )


def towards_direct(steady: Floats, steady_error: Floats, basket: Floats, basket_error: Floats) -> tuple[Floats, Floats]:
    """Return the steady estimate moved by `basket` (direct less steady) as far as that is more than chance, and its standard error.

    The spread of true differences is estimated from all arms together, so that one lucky arm of many is not taken at its word.
    """
    known = np.isfinite(basket_error)
    finite = np.where(known, basket_error, 0.0)
    spread = max(float((basket[known] ** 2 - finite[known] ** 2).mean()), 0.0) if known.any() else 0.0
    weight = np.where(known, spread / np.maximum(spread + finite**2, 1e-18), 0.0)
    error = np.sqrt(steady_error**2 + weight * finite**2)  # the weight itself is uncertain, so it counts once and not squared
    return steady + weight * basket, error


def _non_decreasing(raw: Floats, error: Floats, blocks: Integers) -> Floats:
    return _pooled_within(raw, np.maximum(1.0 / np.maximum(error, 1e-9) ** 2, 1e-12), blocks)


def _pooled_within(values: Floats, weights: Floats, blocks: Integers) -> Floats:
    return np.concatenate([pooled_upwards(values[blocks == block], weights[blocks == block]) for block in np.unique(blocks).tolist()])


def _arm_effects(trial: Trial, scored: Scored, robust: Floats, rows: Integers) -> ArmEffects:
    offered = trial.arms_of_campaign[trial.campaign]
    means: list[float] = []
    errors: list[float] = []
    reductions: list[float] = []
    for arm in range(1, len(trial.faces) + 1):
        eligible = rows[offered[rows, arm]]
        if len(eligible) == 0:
            means.append(0.0)
            errors.append(np.inf)
            reductions.append(0.0)
            continue
        mean, error = clustered_mean(robust[eligible, arm] - robust[eligible, 0], trial.customer[eligible])
        _, plain_error = clustered_mean(scored.plain[eligible, arm] - scored.plain[eligible, 0], trial.customer[eligible])
        means.append(mean)
        errors.append(error)
        reductions.append(1 - (error / plain_error) ** 2 if plain_error > 0 else 0.0)
    raw, error = np.array(means), np.array(errors)
    return ArmEffects(raw, _non_decreasing(raw, error, scored.blocks), error, np.array(reductions))


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
