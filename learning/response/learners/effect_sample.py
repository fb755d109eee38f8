"""What a learner of individual effects is given: one outcome of a trial, and doubly robust scores of it.

Terms
-----
effect          rows x arms: outcome under the arm less outcome without coupon, for a customer of these features
pseudo effect   score of the arm less score of control (see `doubly_robust`); its mean given the features is the effect
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from learning.response.features import FeatureTransform, Floats
from learning.response.ridge import fit_linear
from learning.response.trial import Integers, Trial


@dataclass(frozen=True)
class EffectSample:
    """Rows of one trial and one outcome.

    outcome        with the campaigns' levels taken out, so that arms tried in different campaigns can be compared
    nuisance       rows x (1 + arms): predicted by models that have not seen the row's customer
    pseudo_effect  rows x arms; only meant where `offered` says that the row's campaign had the arm
    """

    features: Floats
    campaign: Integers
    customer: Integers
    fold: Integers
    arm: Integers
    faces: Floats
    propensity: Floats
    outcome: Floats
    nuisance: Floats
    pseudo_effect: Floats
    offered: NDArray[np.bool_]

    def at(self, rows: Integers) -> "EffectSample":
        """Return some rows of the sample."""
        return EffectSample(
            **{
                name: value if name == "faces" else value[rows]
                for name, value in ((field, getattr(self, field)) for field in self.__dataclass_fields__)
            }
        )


class FittedEffect(Protocol):
    """What a learner has learned."""

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects for raw features (rows x FEATURES)."""
        ...


def level_of_campaign(trial: Trial, outcome: Floats, ridge: float) -> Floats:
    """Return per row how much the outcome of its campaign lies above the mean of campaigns, features and arms being equal."""
    columns = FeatureTransform.fit(trial.features).apply(trial.features)
    campaigns, arms = len(trial.campaigns), len(trial.faces) + 1
    design = np.hstack([np.eye(campaigns)[trial.campaign], np.eye(arms)[trial.arm][:, 1:], columns])
    penalty = np.concatenate([np.zeros(campaigns + arms - 1), np.full(columns.shape[1], ridge)])
    level = fit_linear(design, outcome, penalty)[:campaigns]
    return (level - level.mean())[trial.campaign]
