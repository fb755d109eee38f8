"""From scores to chances: what share of the candidates with such a score was bought, learned where neither model nor list had a say.

Scores are cut into bins of equal counts; the bins' shares are made to rise with the score (isotonic regression) and each carries the 95 %
interval of its count (Wilson 1927). A chance is that of the whole shop's customers buying within the window, lists or not: no effect of a
list.

Public: `Calibration`, `calibrate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learning.recommendations.history import Floats

_MOST_BINS, _FEWEST_PER_BIN = 40, 200
_Z = 1.959963984540054


@dataclass(frozen=True)
class Calibration:
    """Bins from low to high scores: at (their mean score), chance, low, high, cases. error: mean distance of chance and share, by cases,
    on the half of the customers that the bins were not learned from; None where there were too few."""

    at: tuple[float, ...]
    chance: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    cases: int
    error: float | None = None

    @staticmethod
    def from_values(values: Mapping[str, Any]) -> "Calibration":
        """A calibration from its fields as JSON has them."""
        bins = {name: tuple(values[name]) for name in ("at", "chance", "low", "high")}
        return Calibration(**bins, cases=values["cases"], error=values["error"])

    def predict(self, scores: Floats) -> tuple[Floats, Floats, Floats]:
        """Return chance, low and high of each score, between bins by straight lines."""
        return tuple(np.interp(scores, self.at, ends) for ends in (self.chance, self.low, self.high))  # type: ignore[return-value]


def calibrate(scores: Floats, bought: NDArray[np.bool_], customers: NDArray[np.int64]) -> Calibration | None:
    """Return the calibration of scores, None with fewer than 400 cases or without any purchase; customers decide the halves of `error`."""
    if len(scores) < 2 * _FEWEST_PER_BIN or not bought.any():
        return None
    odd = customers % 2 == 1
    error = None
    if min(odd.sum(), (~odd).sum()) >= 2 * _FEWEST_PER_BIN:
        error = float(np.mean([_error(_bins(scores[half], bought[half]), scores[~half], bought[~half]) for half in (odd, ~odd)]))
    bins = _bins(scores, bought)
    return Calibration(bins.at, bins.chance, bins.low, bins.high, bins.cases, error)


def _bins(scores: Floats, bought: NDArray[np.bool_]) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, min(_MOST_BINS, max(len(scores) // _FEWEST_PER_BIN, 1)))
    at = np.array([scores[part].mean() for part in parts])
    cases, right = (
        np.array([len(part) for part in parts], dtype=np.float64),
        np.array([bought[part].sum() for part in parts], dtype=np.float64),
    )
    share = np.asarray(IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(at, right / cases, sample_weight=cases), dtype=np.float64)
    pooled = np.array([cases[share == each].sum() for each in share])
    centre = (share + _Z**2 / (2 * pooled)) / (1 + _Z**2 / pooled)
    half = _Z / (1 + _Z**2 / pooled) * np.sqrt(share * (1 - share) / pooled + _Z**2 / (4 * pooled**2))
    ends = (np.minimum(np.maximum(centre - half, 0.0), share), np.maximum(np.minimum(centre + half, 1.0), share))
    return Calibration(*(tuple(values.tolist()) for values in (at, share, *ends)), cases=len(scores))


def _error(bins: Calibration, scores: Floats, bought: NDArray[np.bool_]) -> float:
    chance = bins.predict(scores)[0]
    parts = np.array_split(np.argsort(chance, kind="stable"), 10)
    return float(sum(abs(chance[part].mean() - bought[part].mean()) * len(part) for part in parts if len(part)) / len(scores))
