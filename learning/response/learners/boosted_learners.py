"""S, T and X learners over LightGBM: three ways from outcome models to individual effects.

S   one model of the outcome over features and face value (0: no coupon), non-decreasing in the face value; the effect is its difference
T   one model per arm; the effect is the difference between the arm's and control's
X   the other group's model fills in what was not seen; what results is learned in both groups and mixed by the chance of the arm

Source: Kuenzel, Sekhon, Bickel, Yu, PNAS 116 (2019), 4156-4165.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import Floats
from learning.response.learners.boosted import Boosted, BoostingSettings, fit_boosted
from learning.response.learners.effect_sample import EffectSample


@dataclass(frozen=True)
class SLearner:
    """One model over features and face value."""

    model: Boosted
    faces: Floats

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects."""
        base = self._at(features, 0.0)
        return np.column_stack([self._at(features, face) - base for face in self.faces.tolist()])

    def _at(self, features: Floats, face: float) -> Floats:
        return self.model.predict(np.hstack([features, np.full((len(features), 1), face)]))


def fit_s_learner(sample: EffectSample, settings: BoostingSettings) -> SLearner:
    """Fit on all rows, the face value as one more column."""
    face = np.append(0.0, sample.faces)[sample.arm]
    width = sample.features.shape[1]
    return SLearner(fit_boosted(np.hstack([sample.features, face[:, None]]), sample.outcome, settings, rises=(width,)), sample.faces)


@dataclass(frozen=True)
class TLearner:
    """One model per arm, control first."""

    models: tuple[Boosted, ...]

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects."""
        base = self.models[0].predict(features)
        return np.column_stack([model.predict(features) - base for model in self.models[1:]])


def fit_t_learner(sample: EffectSample, settings: BoostingSettings) -> TLearner:
    """Fit each arm on its own rows."""
    own = (sample.arm == arm for arm in range(len(sample.faces) + 1))
    return TLearner(tuple(fit_boosted(sample.features[mine], sample.outcome[mine], settings) for mine in own))


@dataclass(frozen=True)
class XLearner:
    """Per arm: effect learned among those who had it, effect learned in control, and the weight of the second."""

    among_treated: tuple[Boosted, ...]
    in_control: tuple[Boosted, ...]
    control_weight: Floats

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects."""
        parts = zip(self.among_treated, self.in_control, self.control_weight.tolist(), strict=True)
        return np.column_stack([(1 - weight) * one.predict(features) + weight * other.predict(features) for one, other, weight in parts])


def fit_x_learner(sample: EffectSample, settings: BoostingSettings) -> XLearner:
    """Fit both effects of every arm; the outcome not seen is taken from the cross-fitted nuisance. The weight is the chance of the arm
    among those in it or in control, Kuenzel's g = e."""
    control = sample.arm == 0
    among_treated: list[Boosted] = []
    in_control: list[Boosted] = []
    weight: list[float] = []
    for arm in range(1, len(sample.faces) + 1):
        mine = sample.arm == arm
        beside = control & sample.offered[:, arm]
        among_treated.append(fit_boosted(sample.features[mine], sample.outcome[mine] - sample.nuisance[mine, 0], settings))
        in_control.append(fit_boosted(sample.features[beside], sample.nuisance[beside, arm] - sample.outcome[beside], settings))
        weight.append(float(mine.sum()) / max(float(mine.sum() + beside.sum()), 1.0))
    return XLearner(tuple(among_treated), tuple(in_control), np.array(weight))
