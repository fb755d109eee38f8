"""Members put together: a weighted sum of their log odds, with weights and level learned where none of them has looked.

Weights are not negative. They are shrunk towards the plain mean of logistic regression and LightGBM, with nothing of BG/NBD, and the
level (one number added to the log odds) towards none: one held-out window knows the season best, but it is one window.

Public: `Combination`, `fit_combination`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.customer_value.members import chance_of, log_odds

Floats = NDArray[np.float64]

_PRIOR = {"logistic": 0.5, "lightgbm": 0.5}
_SHRINKAGE = 0.1  # of weights and level, against the mean log loss


@dataclass(frozen=True)
class Combination:
    """weights by member (0 for members left out), level in log odds."""

    weights: Mapping[str, float]
    level: float

    def chance(self, chances: Mapping[str, Floats]) -> Floats:
        """The combined chance; chances must hold every member with a weight. Summed by name: a model read from its file tells the same
        digits."""
        odds = sum((weight * log_odds(chances[name]) for name, weight in sorted(self.weights.items()) if weight > 0), start=np.float64(0.0))
        return chance_of(np.asarray(odds + self.level, dtype=np.float64))


def fit_combination(chances: Mapping[str, Floats], happened: Floats) -> Combination:
    """Return the combination of least log loss, with weights and level shrunk. chances: by member.

    Raises ValueError without members.
    """
    from scipy.optimize import minimize

    names = list(chances)
    if not set(names) & set(_PRIOR):
        raise ValueError(f"Expected at least one of {', '.join(_PRIOR)}; got {', '.join(names) or 'nothing'}.")
    odds = np.column_stack([log_odds(chances[name]) for name in names])
    prior = np.array([_PRIOR.get(name, 0.0) for name in names])
    prior = np.append(prior / prior.sum(), 0.0)

    def loss(point: Floats) -> tuple[float, Floats]:
        total = odds @ point[:-1] + point[-1]
        off = point - prior
        value = float(np.mean(np.logaddexp(0.0, total) - happened * total) + _SHRINKAGE * off @ off)
        error = (chance_of(total) - happened) / len(happened)
        return value, np.append(odds.T @ error, error.sum()) + 2.0 * _SHRINKAGE * off

    bounds = [(0.0, None)] * len(names) + [(None, None)]
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8})
    weights = {name: float(weight) for name, weight in zip(names, found.x[:-1], strict=True)}
    return Combination(weights, float(found.x[-1]))
