"""The learners that compete, and the outcomes they may learn from.

Learners
--------
dr                doubly robust pseudo effects with a ridge regression on top
pooled_logistic   logistic regressions per arm that lean on each other (`arm_models`)
s, x, t           LightGBM meta-learners
logistic, tree    readable baselines by scikit-learn

Outcomes
--------
order_value       orders in the window, times the margin of an order
purchase_value    a purchase in the window or none, times the margin of a buyer
margin            the margin itself, before the coupon's cost

A rare and noisy sum is harder to learn from than a count with a price: which of the three serves best is tested, not assumed. T and X are
not tried on the margin: with one model per arm its noise leaves nothing (calibration slopes of 0.0 to 0.4 where S and DR had 0.7 to 1.0).
"""

from dataclasses import dataclass

import numpy as np

from learning.response.arm_models import ArmModels
from learning.response.doubly_robust import CrossFitted, scores
from learning.response.features import Floats
from learning.response.learners import (
    BoostingSettings,
    EffectSample,
    FittedEffect,
    fit_dr_learner,
    fit_logistic_baseline,
    fit_s_learner,
    fit_t_learner,
    fit_tree_baseline,
    fit_x_learner,
    level_of_campaign,
)
from learning.response.settings import ResponseSettings
from learning.response.trial import Trial

OUTCOMES = ("order_value", "purchase_value", "margin")
LEARNERS = ("dr", "pooled_logistic", "s", "x", "t", "logistic", "tree")
OF_PURCHASES_ALONE, NOT_OF_MARGIN = ("pooled_logistic", "logistic", "tree"), ("t", "x")
# where scores do not tell two candidates apart, the earlier one is taken
CANDIDATES = tuple(
    (learner, outcome)
    for outcome in OUTCOMES
    for learner in LEARNERS
    if (outcome == "purchase_value" or learner not in OF_PURCHASES_ALONE) and (outcome != "margin" or learner not in NOT_OF_MARGIN)
)


@dataclass(frozen=True)
class PooledLogistic:
    """The purchase models of `arm_models` as a learner."""

    models: ArmModels

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects, in an average campaign."""
        purchase = self.models.purchase(self.models.transform.apply(features), None)
        return purchase[:, 1:] - purchase[:, :1]


def effect_sample(trial: Trial, fitted: CrossFitted, outcome: str, settings: ResponseSettings) -> EffectSample:
    """Return what learners of an outcome are given, in the outcome's own unit: orders, purchases or money."""
    values, nuisance = {
        "order_value": (trial.orders, fitted.orders),
        "purchase_value": (trial.purchased, fitted.purchase),
        "margin": (trial.gain, fitted.gain),
    }[outcome]
    robust = scores(trial, values, nuisance)
    level = level_of_campaign(trial, values, settings.ridge)
    return EffectSample(
        features=trial.features,
        campaign=trial.campaign,
        customer=trial.customer,
        fold=trial.fold,
        arm=trial.arm,
        faces=trial.faces,
        propensity=trial.propensity,
        outcome=values - level,
        nuisance=nuisance - level[:, None],
        pseudo_effect=robust[:, 1:] - robust[:, :1],
        offered=trial.arms_of_campaign[trial.campaign],
    )


def fit_learner(learner: str, sample: EffectSample, purchased: Floats, models: ArmModels, settings: ResponseSettings) -> FittedEffect:
    """Fit one learner; `purchased` is the plain outcome of the rows, `models` were fitted on the same rows."""
    boosting = BoostingSettings(seed=settings.seed)
    if learner == "dr":
        return fit_dr_learner(sample)
    if learner == "pooled_logistic":
        return PooledLogistic(models)
    if learner == "logistic":
        return fit_logistic_baseline(sample, purchased)
    if learner == "tree":
        return fit_tree_baseline(sample)
    return {"s": fit_s_learner, "t": fit_t_learner, "x": fit_x_learner}[learner](sample, boosting)


def money_per_unit(outcome: str, buyer_margin: Floats, order_margin: Floats) -> Floats:
    """Return what one unit of an outcome is worth per row."""
    return {"order_value": order_margin, "purchase_value": buyer_margin, "margin": np.ones(len(order_margin))}[outcome]
