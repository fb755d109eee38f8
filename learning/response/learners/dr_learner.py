"""The DR learner: doubly robust pseudo effects, and a ridge regression on top that can be read.

The arms share one set of coefficients, and each adds a more heavily penalised one of its own. The penalty is the one of a grid that
predicts customers of other folds best. Source: Kennedy, Electronic Journal of Statistics 17 (2023), 3008-3049.
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import FeatureTransform, Floats
from learning.response.learners.effect_sample import EffectSample
from learning.response.trial import Integers

OWN_PENALTY = 4.0  # an arm's own coefficients are this many times as dear as the shared ones
PENALTIES = tuple(float(10**power) for power in np.arange(2.0, 6.6, 0.5))


@dataclass(frozen=True)
class DRLearner:
    """level: per arm. slope: arms x columns, shared and own part together. covariance: arms x (1 + columns) x (1 + columns), of level and
    slope with customers as clusters; empty where it was not asked for."""

    transform: FeatureTransform
    level: Floats
    slope: Floats
    covariance: Floats
    penalty: float

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects."""
        return self.level + self.transform.apply(features) @ self.slope.T

    def standard_error(self, features: Floats) -> Floats:
        """Return rows x arms standard errors of the effect, the penalty's pull towards the average left aside."""
        design = _with_one(self.transform.apply(features))
        variance = np.column_stack([((design @ of_arm) * design).sum(axis=1) for of_arm in self.covariance])
        return np.sqrt(np.maximum(variance, 0.0))


def fit_dr_learner(sample: EffectSample, *, with_errors: bool = False) -> DRLearner:
    """Fit the final stage on the pseudo effects of the arms that each row's campaign had."""
    transform = FeatureTransform.fit(sample.features)
    design = _with_one(transform.apply(sample.features))
    arms, width = len(sample.faces), design.shape[1] - 1
    rows_of = [np.flatnonzero(sample.offered[:, arm + 1]) for arm in range(arms)]
    parts: list[tuple[Floats, Floats]] = []
    for fold in np.unique(sample.fold).tolist():
        inside = [rows[sample.fold[rows] == fold] for rows in rows_of]
        products = [(design[rows].T @ design[rows], design[rows].T @ sample.pseudo_effect[rows, arm]) for arm, rows in enumerate(inside)]
        parts.append(_stacked(products, arms, width))
    relative = np.concatenate([np.zeros(arms), np.ones(width), np.full(width * arms, OWN_PENALTY)])
    penalty = _best_penalty(parts, relative)
    curvature = sum((gram for gram, _ in parts), np.zeros_like(parts[0][0])) + np.diag(penalty * relative + 1e-6)
    found = np.linalg.solve(curvature, sum((total for _, total in parts), np.zeros_like(parts[0][1])))
    to_arm = [_to_arm(arm, arms, width) for arm in range(arms)]
    by_arm = np.array([matrix @ found for matrix in to_arm])
    covariance = np.zeros((0, 0, 0))
    if with_errors:
        whole = _covariance(sample, design, by_arm, rows_of, curvature)
        covariance = np.array([matrix @ whole @ matrix.T for matrix in to_arm])
    return DRLearner(transform, by_arm[:, 0], by_arm[:, 1:], covariance, penalty)


def _with_one(columns: Floats) -> Floats:
    return np.hstack([np.ones((len(columns), 1)), columns])


def _to_arm(arm: int, arms: int, width: int) -> Floats:
    """Return the matrix that takes all coefficients (arm levels, shared slopes, own slopes arm by arm) to one arm's level and slopes."""
    matrix = np.zeros((1 + width, arms + width * (1 + arms)))
    matrix[0, arm] = 1.0
    at = np.arange(width)
    matrix[1 + at, arms + at] = 1.0
    matrix[1 + at, arms + width * (1 + arm) + at] = 1.0
    return matrix


def _stacked(products: list[tuple[Floats, Floats]], arms: int, width: int) -> tuple[Floats, Floats]:
    """Return gram matrix and right-hand side over all coefficients from those of each arm."""
    size = arms + width * (1 + arms)
    gram, total = np.zeros((size, size)), np.zeros(size)
    for arm, (product, target) in enumerate(products):
        places = [np.array([arm]), arms + np.arange(width), arms + width * (1 + arm) + np.arange(width)]
        blocks = [np.array([0]), 1 + np.arange(width), 1 + np.arange(width)]
        for row_place, row_block in zip(places, blocks, strict=True):
            total[row_place] += target[row_block]
            for place, block in zip(places, blocks, strict=True):
                gram[np.ix_(row_place, place)] += product[np.ix_(row_block, block)]
    return gram, total


def _best_penalty(parts: list[tuple[Floats, Floats]], relative: Floats) -> float:
    """Return the penalty of smallest squared error on left-out folds, from sums of products alone; the largest where there is one fold."""
    if len(parts) < 2:
        return PENALTIES[-1]
    gram = sum((part[0] for part in parts), np.zeros_like(parts[0][0]))
    total = sum((part[1] for part in parts), np.zeros_like(parts[0][1]))
    losses: list[float] = []
    for penalty in PENALTIES:
        loss = 0.0
        for left_gram, left_total in parts:
            found = np.linalg.solve(gram - left_gram + np.diag(penalty * relative + 1e-6), total - left_total)
            loss += float(found @ left_gram @ found - 2 * found @ left_total)
        losses.append(loss)
    return PENALTIES[int(np.argmin(losses))]


def _covariance(sample: EffectSample, design: Floats, by_arm: Floats, rows_of: list[Integers], curvature: Floats) -> Floats:
    """Return the sandwich covariance of all coefficients, customers as clusters."""
    arms, width = len(by_arm), design.shape[1] - 1
    customers, number = np.unique(sample.customer, return_inverse=True)
    per_customer = np.zeros((len(customers), arms + width * (1 + arms)))
    for arm, rows in enumerate(rows_of):
        residual = sample.pseudo_effect[rows, arm] - design[rows] @ by_arm[arm]
        moved = design[rows] * residual[:, None]
        summed = np.column_stack([np.bincount(number[rows], weights=column, minlength=len(customers)) for column in moved.T])
        per_customer[:, arm] += summed[:, 0]
        per_customer[:, arms : arms + width] += summed[:, 1:]
        per_customer[:, arms + width * (1 + arm) : arms + width * (2 + arm)] += summed[:, 1:]
    inverse = np.linalg.inv(curvature)
    return inverse @ (per_customer.T @ per_customer) @ inverse
