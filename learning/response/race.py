"""The race of learners: every candidate predicts customers it has not seen, and is judged by what its policy would have earned.

A candidate's predicted effects are turned into money, calibrated and made non-decreasing in face value exactly as they would be published;
its policy gives each customer the coupon of highest value, or none. Averages, slopes and the choice of the candidate used for a fold come
from the other folds, so no customer reports on a choice that he took part in.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.arm_models import fit_arm_models
from learning.response.candidates import CANDIDATES, OUTCOMES, effect_sample, fit_learner, money_per_unit
from learning.response.doubly_robust import CrossFitted, clustered_mean, folds_of
from learning.response.effects import Effects, Scored, estimate_effects
from learning.response.features import Floats
from learning.response.learners import EffectSample
from learning.response.redemption import rise_within
from learning.response.settings import ResponseSettings
from learning.response.trial import Integers, Trial

TELLS_APART = 2.0


@dataclass(frozen=True)
class Runner:
    """One candidate on held-out rows.

    raw       rows x arms: predicted effect on gain before calibration
    arm       its policy, 0: no coupon
    gained    doubly robust profit of that policy over giving nobody a coupon, without bias; steady_gained: the same with orders times
              margin per order in place of the margin (see `effects`), which is less noisy
    best_score, best_effect   predicted value of the best coupon, and its doubly robust profit whether or not it is given
    promised  what the predictions say the policy earns
    """

    learner: str
    outcome: str
    raw: Floats
    slope: float
    arm: Integers
    gained: Floats
    steady_gained: Floats
    best_score: Floats
    best_effect: Floats
    promised: Floats


@dataclass(frozen=True)
class Race:
    """All runners, the best single rule on held-out rows, and the candidates chosen: for each fold by the others, and at last by all."""

    runners: tuple[Runner, ...]
    chosen_for: dict[int, int]
    chosen: int
    constant_arm: Integers
    constant_gained: Floats
    constant_steady_gained: Floats

    def of_chosen(self, trial: Trial, field: str) -> Floats:
        """Return a field of Runner, each row from the candidate that the other folds chose."""
        found = np.zeros_like(getattr(self.runners[0], field))
        for fold, index in self.chosen_for.items():
            rows = trial.fold == fold
            found[rows] = getattr(self.runners[index], field)[rows]
        return found


def shrunk_effects(raw: Floats, centre: Floats, average: Floats, slope: float, blocks: Integers) -> Floats:
    """Return rows x arms effects: the average plus `slope` of the predicted difference from it, non-decreasing within each block."""
    return rise_within(average + slope * (raw - centre), blocks)


def calibration_slope(raw: Floats, pseudo: Floats, offered: np.ndarray, rows: Integers) -> float:
    """Return the slope of pseudo effects on predictions, both around their arm's mean, held between 0 and 1.

    1: predicted differences between customers are true to size; 0: they are noise.
    """
    explained, spread = 0.0, 0.0
    for arm in range(raw.shape[1]):
        mine = rows[offered[rows, arm + 1]]
        if len(mine):
            around = raw[mine, arm] - raw[mine, arm].mean()
            explained += float(around @ pseudo[mine, arm])
            spread += float(around @ around)
    return float(np.clip(explained / spread, 0.0, 1.0)) if spread > 1e-12 else 0.0


def run_race(trial: Trial, fitted: CrossFitted, scored: Scored, settings: ResponseSettings) -> Race:
    """Let every candidate predict every fold, judge them all."""
    samples = {outcome: effect_sample(trial, fitted, outcome, settings) for outcome in OUTCOMES}
    money = {outcome: money_per_unit(outcome, fitted.buyer_margin, fitted.order_margin) for outcome in OUTCOMES}
    effects = {fold: estimate_effects(trial, scored, outside) for fold, _, outside in folds_of(trial)}
    runners: list[Runner] = []
    for learner, outcome in CANDIDATES:
        raw = _out_of_fold(learner, samples[outcome], trial, fitted, settings) * money[outcome][:, None]
        pseudo = samples[outcome].pseudo_effect * money[outcome][:, None]
        runners.append(_judged(learner, outcome, raw, pseudo, effects, trial, fitted, scored))
    constant = np.zeros(len(trial.arm), dtype=np.int64)
    offered = trial.arms_of_campaign[trial.campaign]
    for fold, inside, _ in folds_of(trial):
        of_arms = effects[fold].gain.average - effects[fold].redemption * trial.faces
        constant[inside] = best_arm(np.tile(of_arms, (len(inside), 1)), offered[inside])
    at = np.arange(len(trial.arm))
    everybody = at.astype(np.int64)
    return Race(
        runners=tuple(runners),
        chosen_for={fold: choose(runners, outside, trial.customer) for fold, _, outside in folds_of(trial)},
        chosen=choose(runners, everybody, trial.customer),
        constant_arm=constant,
        constant_gained=scored.profit[at, constant] - scored.profit[:, 0],
        constant_steady_gained=scored.steady_profit[at, constant] - scored.steady_profit[:, 0],
    )


def choose(runners: list[Runner], rows: Integers, customer: Integers) -> int:
    """Return the position of the first candidate that is not worse than the best by more than TELLS_APART standard errors.

    Among so many candidates the best score of one trial is mostly luck; the order of candidates stands for what is known beforehand.
    """
    means = np.array([runner.steady_gained[rows].mean() for runner in runners])
    best = int(means.argmax())
    for index, runner in enumerate(runners):
        behind, error = clustered_mean(runners[best].steady_gained[rows] - runner.steady_gained[rows], customer[rows])
        if behind <= TELLS_APART * error:
            return index
    return best


def best_arm(values: Floats, offered: np.ndarray) -> Integers:
    """Return 0 for no coupon, else the arm of highest value above 0 among those that the row's campaign had."""
    allowed = np.where(offered[:, 1:], values, -np.inf)
    best = allowed.argmax(axis=1)
    return np.where(allowed[np.arange(len(best)), best] > 0, best + 1, 0)


def _out_of_fold(learner: str, sample: EffectSample, trial: Trial, fitted: CrossFitted, settings: ResponseSettings) -> Floats:
    if learner == "s":  # its out-of-fold predictions are the nuisance's
        return sample.nuisance[:, 1:] - sample.nuisance[:, :1]
    raw = np.zeros_like(sample.pseudo_effect)
    for fold, inside, outside in folds_of(trial):
        models = fitted.models[fold] if fold in fitted.models else fit_arm_models(trial, outside, settings.ridge)
        found = fit_learner(learner, sample.at(outside), trial.purchased[outside], models, settings)
        raw[inside] = found.effect(trial.features[inside])
    return raw


def _judged(
    learner: str,
    outcome: str,
    raw: Floats,
    pseudo: Floats,
    effects: dict[int, Effects],
    trial: Trial,
    fitted: CrossFitted,
    scored: Scored,
) -> Runner:
    offered = trial.arms_of_campaign[trial.campaign]
    values = np.zeros_like(raw)
    for fold, inside, outside in folds_of(trial):
        slope = calibration_slope(raw, pseudo, offered, outside)
        centre = raw[outside].mean(axis=0)
        gain = shrunk_effects(raw[inside], centre, effects[fold].gain.average, slope, scored.blocks)
        values[inside] = gain - fitted.redeems[inside] * trial.faces
    at = np.arange(len(raw))
    arm = best_arm(values, offered)
    allowed = np.where(offered[:, 1:], values, -np.inf)
    first = allowed.argmax(axis=1)
    return Runner(
        learner=learner,
        outcome=outcome,
        raw=raw,
        slope=calibration_slope(raw, pseudo, offered, at.astype(np.int64)),
        arm=arm,
        gained=scored.profit[at, arm] - scored.profit[:, 0],
        steady_gained=scored.steady_profit[at, arm] - scored.steady_profit[:, 0],
        best_score=allowed[at, first],
        best_effect=scored.profit[at, first + 1] - scored.profit[:, 0],
        promised=np.where(arm > 0, allowed[at, first], 0.0),
    )
