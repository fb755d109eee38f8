"""Doubly robust scores: what each row says about an arm, using both the outcome model and the draw.

score_ik = model_k(x_i) + 1{i in arm k} / propensity_i * (outcome_i - model_k(x_i))

Its mean over a campaign's rows estimates the mean outcome had everybody been in arm k, without bias even where the model is wrong, because
the propensities are known. Source: Robins, Rotnitzky, Zhao, JASA 89 (1994), 846-866. Customers who are in several campaigns are counted as
one cluster in standard errors.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.arm_models import fit_arm_models
from learning.response.features import Floats
from learning.response.settings import ResponseSettings
from learning.response.trial import Integers, Trial


@dataclass(frozen=True)
class CrossFitted:
    """Out-of-fold predictions.

    Rows x (1 + arms): chance of purchase, gain, profit. Rows x arms: chance of redemption. Rows: margin per buyer.
    """

    purchase: Floats
    gain: Floats
    profit: Floats
    redeems: Floats
    margin: Floats


def cross_fit(trial: Trial, settings: ResponseSettings) -> CrossFitted:
    """Predict every row by models fitted on the other folds only."""
    rows, arms = len(trial.arm), len(trial.faces)
    purchase, redeems = np.zeros((rows, arms + 1)), np.zeros((rows, arms))
    margin = np.zeros(rows)
    for fold in np.unique(trial.fold).tolist():
        inside, outside = np.flatnonzero(trial.fold == fold), np.flatnonzero(trial.fold != fold)
        models = fit_arm_models(trial, outside if len(outside) else inside, settings.ridge)
        columns = models.transform.apply(trial.features[inside])
        purchase[inside] = models.purchase(columns, trial.campaign[inside])
        margin[inside] = models.margin_per_buyer(columns)
        redeems[inside] = np.column_stack([models.redeems(columns, face) for face in trial.faces.tolist()])
    gain = purchase * margin[:, None]
    profit = gain.copy()
    profit[:, 1:] -= redeems * trial.faces
    return CrossFitted(purchase, gain, profit, redeems, margin)


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
