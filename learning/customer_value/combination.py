"""Members put together: a weighted sum of their log odds, with weights and level learned where none of them has looked.

Weights are not negative. They are shrunk towards the plain mean of the members, so that a small held-out sample moves them little; the
level (one number added to the log odds) is free, since the newest weeks know the season best.

Public: `Combination`, `fit_combination`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.customer_value.members import chance_of, log_odds

Floats = NDArray[np.float64]

_SHRINKAGE = 0.01  # per row, against the mean log loss


@dataclass(frozen=True)
class Combination:
    """weights by member (0 for members left out), level in log odds."""

    weights: Mapping[str, float]
    level: float

    def chance(self, chances: Mapping[str, Floats]) -> Floats:
        """The combined chance; chances must hold every member with a weight."""
        odds = sum((weight * log_odds(chances[name]) for name, weight in self.weights.items() if weight > 0), start=np.float64(0.0))
        return chance_of(np.asarray(odds + self.level, dtype=np.float64))


def fit_combination(chances: Mapping[str, Floats], happened: Floats) -> Combination:
    """Return the combination of least log loss, with weights shrunk towards the mean of all members given.

    Raises ValueError without members.
    """
    from scipy.optimize import minimize

    names = list(chances)
    if not names:
        raise ValueError("Expected at least one member.")
    odds = np.column_stack([log_odds(chances[name]) for name in names])
    prior = np.full(len(names), 1.0 / len(names))

    def loss(point: Floats) -> tuple[float, Floats]:
        total = odds @ point[:-1] + point[-1]
        off = point[:-1] - prior
        value = float(np.mean(np.logaddexp(0.0, total) - happened * total) + _SHRINKAGE * off @ off)
        error = (chance_of(total) - happened) / len(happened)
        return value, np.append(odds.T @ error + 2.0 * _SHRINKAGE * off, error.sum())

    bounds = [(0.0, None)] * len(names) + [(None, None)]
    found = minimize(loss, np.append(prior, 0.0), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8})
    weights = {name: float(weight) for name, weight in zip(names, found.x[:-1], strict=True)}
    return Combination(weights, float(found.x[-1]))
