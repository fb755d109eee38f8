"""Qini and AUUC: how much sooner gain comes if customers are served in the order a model says.

Customers stand in order of their score, best first. After a share q of them has been served, the curve shows the gain so far per customer
of all: curve(q) = 1/n * sum of the effects of the first qn. An effect is a row's own estimate (a doubly robust or inverse-propensity score
of the arm less control): single ones are noise, sums are not biased. Ties are served together, in equal parts.

auuc   area under the curve, money per customer
qini   that area less the area under the straight line to the same end, which is serving in random order

Sources: Radcliffe, Direct Marketing Analytics Journal 1 (2007); Gutierrez, Gerardy, PMLR 67 (2017); for effects given as scores: Yadlowsky,
Fleming, Shah, Brunskill, Wager, JASA 120 (2025).
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import Floats


@dataclass(frozen=True)
class UpliftCurve:
    """share: of customers served, from 0 to 1. gain: per customer of all."""

    share: Floats
    gain: Floats

    @property
    def auuc(self) -> float:
        """Area under the curve."""
        return float(np.trapezoid(self.gain, self.share))

    @property
    def qini(self) -> float:
        """Area between the curve and serving in random order."""
        return self.auuc - 0.5 * float(self.gain[-1])


def uplift_curve(score: Floats, effect: Floats) -> UpliftCurve:
    """Return the curve of serving customers by falling score. Raises ValueError without rows."""
    if len(score) == 0:
        raise ValueError("Expected at least one customer for an uplift curve.")
    levels, number, count = np.unique(-score, return_inverse=True, return_counts=True)
    summed = np.bincount(number, weights=effect, minlength=len(levels))
    share = np.append(0.0, np.cumsum(count)) / len(score)
    return UpliftCurve(share, np.append(0.0, np.cumsum(summed)) / len(score))
