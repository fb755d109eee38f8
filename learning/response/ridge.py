"""Ridge regressions small enough to read: logistic with an offset (Newton's method) and linear.

Written out because an offset is needed, which the usual packages do not offer, and because the answer must not depend on row order.
Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., sections 3.4.1 and 4.4.1.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MOST_STEPS = 40


def sigmoid(score: Floats) -> Floats:
    """Return 1 / (1 + exp(-score)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * score))


def fit_logistic(columns: Floats, outcome: Floats, offset: Floats, penalty: Floats) -> Floats:
    """Return coefficients b that maximise the log-likelihood of sigmoid(offset + columns b) less half of penalty'b^2.

    `penalty` has one entry per column; 0 leaves a column free. A tiny penalty is always added, so that a group in which everybody or
    nobody buys has a finite coefficient.
    """
    penalty = penalty + 1e-3
    coefficients = np.zeros(columns.shape[1])

    def loss(b: Floats) -> float:
        score = offset + columns @ b
        return float((np.logaddexp(0.0, score) - outcome * score).sum() + 0.5 * (penalty * b * b).sum())

    current = loss(coefficients)
    for _ in range(_MOST_STEPS):  # Newton's method with step halving
        chance = sigmoid(offset + columns @ coefficients)
        gradient = columns.T @ (chance - outcome) + penalty * coefficients
        curvature = (columns * (chance * (1 - chance))[:, None]).T @ columns + np.diag(penalty)
        direction = np.linalg.solve(curvature, gradient)
        step = 1.0
        trial = loss(coefficients - direction)
        while trial > current and step > 1e-8:
            step *= 0.5
            trial = loss(coefficients - step * direction)
        coefficients = coefficients - step * direction
        gained, current = current - trial, trial
        if gained < 1e-8 * (1 + abs(current)):
            break
    return coefficients


def fit_linear(columns: Floats, outcome: Floats, penalty: Floats) -> Floats:
    """Return coefficients b that minimise the squared error of columns b plus penalty'b^2; `penalty` 0 leaves a column free."""
    return np.linalg.solve(columns.T @ columns + np.diag(penalty + 1e-9), columns.T @ outcome).astype(np.float64)
