"""Individual effects as they are published: one learner, calibrated, non-decreasing in comparable face values, with intervals.

The interval of a customer is that of the DR learner's ridge regression there (its covariance, customers as clusters, times the calibration
slope) together with that of the average effect. Where another learner is published, it says how well a linear picture of the trial is known
at that customer, and stands around that learner's own effect.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.arm_models import ArmModels
from learning.response.candidates import effect_sample, fit_learner, money_per_unit
from learning.response.doubly_robust import CrossFitted
from learning.response.effects import Effects, Scored
from learning.response.features import Floats
from learning.response.learners import DRLearner, FittedEffect, fit_dr_learner
from learning.response.race import Race, shrunk_effects
from learning.response.settings import ResponseSettings
from learning.response.trial import Integers, Trial


@dataclass(frozen=True)
class IndividualEffects:
    """purchase and gain: the learner fitted on purchases and on its outcome; *_spread: the DR learner on the same, with covariance.

    centre: mean prediction over the trial's rows; average and error: see `effects`; all per face value of the trial.
    """

    learner: str
    outcome: str
    purchase: FittedEffect
    purchase_spread: DRLearner
    purchase_slope: float
    purchase_centre: Floats
    purchase_average: Floats
    purchase_error: Floats
    gain: FittedEffect
    gain_spread: DRLearner
    gain_slope: float
    gain_centre: Floats
    gain_average: Floats
    gain_error: Floats
    blocks: Integers

    def on_purchase(self, features: Floats) -> tuple[Floats, Floats]:
        """Return rows x arms: added chance of a purchase, and its standard error."""
        raw = self.purchase.effect(features)
        effect = shrunk_effects(raw, self.purchase_centre, self.purchase_average, self.purchase_slope, self.blocks)
        return effect, np.hypot(self.purchase_error, self.purchase_slope * self.purchase_spread.standard_error(features))

    def on_gain(self, features: Floats, models: ArmModels) -> tuple[Floats, Floats]:
        """Return rows x arms: added margin before the coupon's cost, and its standard error."""
        columns = models.transform.apply(features)
        money = money_per_unit(self.outcome, models.margin_per_buyer(columns), models.margin_per_order(columns))[:, None]
        effect = shrunk_effects(self.gain.effect(features) * money, self.gain_centre, self.gain_average, self.gain_slope, self.blocks)
        return effect, np.hypot(self.gain_error, self.gain_slope * money * self.gain_spread.standard_error(features))


def fit_individual(
    trial: Trial, fitted: CrossFitted, scored: Scored, effects: Effects, race: Race, models: ArmModels, settings: ResponseSettings
) -> IndividualEffects:
    """Fit the chosen candidate on all rows; slopes are those of its predictions out of fold."""
    chosen = race.runners[race.chosen]
    of_purchases = next(
        runner for runner in race.runners if (runner.learner, runner.outcome) == (chosen.learner, "purchase_value")
    )  # every learner runs on purchases
    samples = {outcome: effect_sample(trial, fitted, outcome, settings) for outcome in ("purchase_value", chosen.outcome)}
    learned = {outcome: fit_learner(chosen.learner, sample, trial.purchased, models, settings) for outcome, sample in samples.items()}
    spread = {outcome: fit_dr_learner(sample, with_errors=True) for outcome, sample in samples.items()}
    columns = models.transform.apply(trial.features)
    money = money_per_unit(chosen.outcome, models.margin_per_buyer(columns), models.margin_per_order(columns))
    return IndividualEffects(
        learner=chosen.learner,
        outcome=chosen.outcome,
        purchase=learned["purchase_value"],
        purchase_spread=spread["purchase_value"],
        purchase_slope=of_purchases.slope,
        purchase_centre=learned["purchase_value"].effect(trial.features).mean(axis=0),
        purchase_average=effects.purchase.average,
        purchase_error=effects.purchase.standard_error,
        gain=learned[chosen.outcome],
        gain_spread=spread[chosen.outcome],
        gain_slope=chosen.slope,
        gain_centre=(learned[chosen.outcome].effect(trial.features) * money[:, None]).mean(axis=0),
        gain_average=effects.gain.average,
        gain_error=effects.gain.standard_error,
        blocks=scored.blocks,
    )
