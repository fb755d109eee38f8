"""Doubly robust scores: what each row says about an arm, using both the outcome model and the draw.

score_ik = model_k(x_i) + 1{i in arm k} / propensity_i * (outcome_i - model_k(x_i))

Its mean over a campaign's rows estimates the mean outcome had everybody been in arm k, without bias even where the model is wrong, because
the propensities are known. Source: Robins, Rotnitzky, Zhao, JASA 89 (1994), 846-866. Customers who are in several campaigns are counted as
one cluster in standard errors.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.arm_models import ArmModels, fit_arm_models
from learning.response.features import Floats
from learning.response.learners import BoostingSettings, fit_boosted, level_of_campaign
from learning.response.settings import ResponseSettings
from learning.response.trial import Integers, Trial


@dataclass(frozen=True)
class CrossFitted:
    """Out-of-fold predictions.

    Rows x (1 + arms), LightGBM over features and face value: chance of purchase, orders, gain (before the coupon's cost), profit (after).
    Rows x arms: chance of redemption. Rows: margin per buyer and per order. models: by fold, fitted on the other folds.
    """

    purchase: Floats
    orders: Floats
    gain: Floats
    profit: Floats
    redeems: Floats
    buyer_margin: Floats
    order_margin: Floats
    models: dict[int, ArmModels]


def cross_fit(trial: Trial, settings: ResponseSettings) -> CrossFitted:
    """Predict every row by models fitted on the other folds only."""
    rows, arms = len(trial.arm), len(trial.faces)
    redeems = np.zeros((rows, arms))
    buyer_margin, order_margin = np.zeros(rows), np.zeros(rows)
    by_fold: dict[int, ArmModels] = {}
    for fold, inside, outside in folds_of(trial):
        models = fit_arm_models(trial, outside, settings.ridge)
        columns = models.transform.apply(trial.features[inside])
        buyer_margin[inside], order_margin[inside] = models.margin_per_buyer(columns), models.margin_per_order(columns)
        redeems[inside] = models.redemption.at_faces(columns)
        by_fold[fold] = models
    gain = predict_arms(trial, trial.gain, settings)
    profit = gain.copy()
    profit[:, 1:] -= redeems * trial.faces
    return CrossFitted(
        purchase=np.clip(predict_arms(trial, trial.purchased, settings), 0.0, 1.0),
        orders=np.maximum(predict_arms(trial, trial.orders, settings), 0.0),
        gain=gain,
        profit=profit,
        redeems=redeems,
        buyer_margin=buyer_margin,
        order_margin=order_margin,
        models=by_fold,
    )


def folds_of(trial: Trial) -> list[tuple[int, Integers, Integers]]:
    """Return (fold, its rows, the other rows); where there is one fold alone, it is predicted by its own rows."""
    found: list[tuple[int, Integers, Integers]] = []
    for fold in np.unique(trial.fold).tolist():
        inside, outside = np.flatnonzero(trial.fold == fold), np.flatnonzero(trial.fold != fold)
        found.append((fold, inside, outside if len(outside) else inside))
    return found


def predict_arms(trial: Trial, outcome: Floats, settings: ResponseSettings) -> Floats:
    """Return rows x (1 + arms) out-of-fold predictions of an outcome by one LightGBM model over features and face value."""
    level = level_of_campaign(trial, outcome, settings.ridge)
    boosting = BoostingSettings(seed=settings.seed)
    values, width = np.append(0.0, trial.faces), trial.features.shape[1]
    predicted = np.zeros((len(outcome), len(values)))
    for _, inside, outside in folds_of(trial):
        columns = np.hstack([trial.features[outside], values[trial.arm[outside]][:, None]])
        model = fit_boosted(columns, (outcome - level)[outside], boosting, rises=(width,))
        for arm, face in enumerate(values.tolist()):
            predicted[inside, arm] = model.predict(np.hstack([trial.features[inside], np.full((len(inside), 1), face)]))
    return predicted + level[:, None]


def scores(trial: Trial, outcome: Floats, model: Floats) -> Floats:
    """Return rows x (1 + arms) doubly robust scores of one outcome."""
    residual = np.zeros_like(model)
    at = np.arange(len(outcome))
    residual[at, trial.arm] = (outcome - model[at, trial.arm]) / trial.propensity
    return model + residual


def clustered_mean(values: Floats, customer: Integers) -> tuple[float, float]:
    """Return the mean and its standard error with customers as clusters."""
    mean = float(values.mean())
    per_customer = np.bincount(customer, weights=values - mean)
    return mean, float(np.sqrt((per_customer**2).sum()) / len(values))
