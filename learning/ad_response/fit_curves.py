"""Choose one curve per channel and its height by least squares, the channels in turn until nothing changes (backfitting).

Everything is computed from one matrix of sums of products, so a bootstrap draw costs no more than one such matrix.

Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., section 9.1.1 (backfitting).

Public: `Fitted`, `fit_curves`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.ad_response.candidates import Candidates
from learning.ad_response.curves import Floats

_TINY_RIDGE = 1e-6
_MOST_SWEEPS = 200


@dataclass(frozen=True)
class Fitted:
    """chosen: column of each channel's curve among the candidates. height: most that it adds per day, 0 or more."""

    chosen: NDArray[np.int64]
    height: Floats
    squared_error: float
    squared_error_without: float


def fit_curves(candidates: Candidates, baseline: Floats, outcome: Floats, weight: Floats, shape_penalty: float) -> Fitted:
    """Return the best curves. weight: per day. shape_penalty: squared error that an S-shape must save beyond a concave curve."""
    width, controls = candidates.columns.shape[1], baseline.shape[1]
    stacked = np.hstack([candidates.columns, baseline, outcome[:, None]])
    sums = stacked.T @ (stacked * weight[:, None])
    held = slice(width, width + controls)
    solved = np.linalg.solve(sums[held, held] + _TINY_RIDGE * np.eye(controls), sums[held, :])
    left = sums - sums[:, held] @ solved  # what the baseline does not explain
    products, with_outcome, total = left[:width, :width], left[:width, -1], float(left[-1, -1])
    penalty = np.where(candidates.shape > 1.0, shape_penalty, 0.0)
    per_channel = candidates.per_channel
    channels = width // per_channel
    chosen, height = np.arange(channels, dtype=np.int64) * per_channel, np.zeros(channels)
    error = total
    for _ in range(_MOST_SWEEPS):
        for channel in range(channels):
            others = np.arange(channels) != channel
            span = slice(channel * per_channel, (channel + 1) * per_channel)
            unexplained = with_outcome[span] - products[span][:, chosen[others]] @ height[others]
            own = np.diagonal(products)[span] + 1e-9
            saved = np.where(unexplained > 0, unexplained**2 / own, 0.0) - penalty[span]
            best = int(np.argmax(saved))
            chosen[channel], height[channel] = span.start + best, max(float(unexplained[best] / own[best]), 0.0)
        explained = 2 * height @ with_outcome[chosen] - height @ products[np.ix_(chosen, chosen)] @ height
        if error - (total - explained) < 1e-7 * max(total, 1e-9):
            break
        error = total - explained
    return Fitted(chosen, height, float(max(error, 0.0)), total)
