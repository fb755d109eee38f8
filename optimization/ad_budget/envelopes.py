"""The over-estimate of every response, and how it is refined where a plan lies below it.

A *node* is one channel in one period, also those after the plan. Its range of exposure is cut into segments; on each, lines lie above the
curve (see `response_curve.py`). One segment is a linear program's concave envelope; more of them need one binary each.

Public: `Envelope`, `first_envelopes`, `refine`.
"""

from dataclasses import dataclass, field

import numpy as np

from optimization.ad_budget.ad_problem import AdProblem
from optimization.ad_budget.response_curve import Curve, Line
from optimization.linear_program.arrays import Floats

_FIRST_POINTS = 6
_EDGE = 0.1  # a cut keeps this share of its segment on either side


@dataclass
class Envelope:
    """One node's segments: `cuts` are their ends, ascending; `touching` are exposures at which lines touch the concave part."""

    curve: Curve
    cuts: list[float]
    touching: list[float] = field(default_factory=list[float])

    @property
    def segments(self) -> list[tuple[float, float]]:
        """Ends of each segment."""
        return list(zip(self.cuts[:-1], self.cuts[1:], strict=True))

    def lines(self, low: float, high: float) -> list[Line]:
        """Lines above the curve on one segment."""
        return self.curve.lines_above(low, high, self.touching)

    def refined_at(self, x: float) -> None:
        """Lower the over-estimate at exposure x: a line that touches there, or where the curve bends upwards a cut."""
        low, high = next(((a, b) for a, b in self.segments if x <= b), self.segments[-1])
        x = min(max(x, low), high)
        meets = self.curve.tangency(low, high)
        if x >= meets and meets < high:
            self.touching.append(x)
        elif meets > low:
            span = meets - low
            cut = min(max(x, low + _EDGE * span), low + (1 - _EDGE) * span)
            self.cuts = sorted({*self.cuts, cut})


def first_envelopes(problem: AdProblem) -> list[Envelope]:
    """Return one envelope per node, channel by channel; each has one segment and a few lines."""
    floor = np.zeros_like(problem.lower) if problem.shortage > 0 else problem.lower
    lowest, highest = problem.exposure(floor), problem.exposure(problem.upper)
    found: list[Envelope] = []
    for curve, lows, highs in zip(problem.curves, lowest.tolist(), highest.tolist(), strict=True):
        for low, high in zip(lows, highs, strict=True):
            points = np.linspace(np.sqrt(max(low, 0.0)), np.sqrt(high), _FIRST_POINTS + 2)[1:-1] ** 2
            found.append(Envelope(curve, [low, max(high, low)], [float(point) for point in points]))
    return found


def refine(envelopes: list[Envelope], exposure: Floats, estimate: Floats, allowed_error: float) -> bool:
    """Refine where the estimate lies more than its share of `allowed_error` (money, over all nodes) above the curve.

    exposure, estimate: per node. Returns False where nothing was left to refine.
    """
    error = np.array([over - node.curve.value(x) for node, x, over in zip(envelopes, exposure.tolist(), estimate.tolist(), strict=True)])
    worth = np.flatnonzero(error > max(0.5 * allowed_error / max(len(envelopes), 1), 0.02 * float(error.max(initial=0.0))))
    for index in worth.tolist():
        envelopes[index].refined_at(float(exposure[index]))
    return len(worth) > 0
