"""A place of a list drawn by lot: what is never shown is never learned. The chance of every draw is kept with it.

The propensity is the probability with which this product got this place. Half of the chance is spread evenly over the pool, so that no
propensity is tiny; the other half goes by closeness.

Public: `draw_places`.
"""

from datetime import date

import numpy as np

from learning.recommendations.history import Floats, Ints

_EVEN_SHARE = 0.5


def draw_places(groups: Ints, weights: Floats, day: date, seed: int) -> tuple[Ints, Floats]:
    """Return, per group in order, the row drawn and its propensity.

    groups: sorted, one entry per row of a pool; weights: closeness, 0 or more. The draw depends on groups, weights, day and seed alone.
    Raises ValueError for unsorted groups or negative weights.
    """
    if (np.diff(groups) < 0).any() or (weights < 0).any():
        raise ValueError("Expected sorted groups and weights of 0 or more.")
    if not len(groups):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    _, starts, of, count = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    total = np.bincount(of, weights=weights)[of]
    even = 1.0 / count[of]
    closeness = np.divide(weights, total, out=even.copy(), where=total > 0)
    chance = _EVEN_SHARE * even + (1 - _EVEN_SHARE) * closeness
    running = np.cumsum(chance) - of  # each group's chances add up to 1
    lot = np.random.default_rng([seed, day.toordinal()]).random(len(starts))
    passed = np.bincount(of, weights=running <= lot[of]).astype(np.int64)
    drawn = starts + np.minimum(passed, count - 1)
    return drawn, chance[drawn]
