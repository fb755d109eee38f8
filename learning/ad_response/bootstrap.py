"""Intervals by resampling blocks of days, and the one curve per channel that stands for all draws.

Curves are chosen anew in every draw, so the intervals hold the doubt about memory and saturation too. Planning rests on the mean response
over draws, written as one Hill curve: a single choice of a curve out of many near equals would be too sure of itself.

Source: Künsch (1989), The Jackknife and the Bootstrap for General Stationary Observations (moving blocks).

Public: `draw_curves`, `mean_curve`.
"""

import numpy as np

from learning.ad_response.candidates import Candidates
from learning.ad_response.curves import Floats, hill, steady_response
from learning.ad_response.fit_curves import Fitted, fit_curves
from learning.ad_response.settings import AdResponseSettings

_POINTS = 25


def draw_curves(
    candidates: Candidates, baseline: Floats, outcome: Floats, shape_penalty: float, settings: AdResponseSettings
) -> list[Fitted]:
    """Return one fit per draw of moving blocks of days; the same seed gives the same draws."""
    chance = np.random.default_rng(settings.seed)
    days, block = len(outcome), settings.block_days
    found: list[Fitted] = []
    for _ in range(settings.draws):
        starts = chance.integers(0, days - block + 1, days // block)
        weight = np.bincount((starts[:, None] + np.arange(block)).ravel(), minlength=days).astype(np.float64)
        found.append(fit_curves(candidates, baseline, outcome, weight, shape_penalty))
    return found


def mean_curve(most: Floats, half: Floats, shape: Floats, memory: Floats, largest_spend: float) -> tuple[float, float, float, float]:
    """Return (most, half, shape, memory) of one Hill curve through the mean of many at steady spends from 0 to `largest_spend` a day.

    The memory is the mean over draws, weighted by what each draw says the channel adds.
    """
    from scipy.optimize import curve_fit

    spends = np.linspace(0.0, largest_spend, _POINTS + 1)[1:]
    responses = steady_response(spends, most, half, shape, memory)
    mean = responses.mean(axis=0)
    if mean[-1] <= 0:
        return 0.0, largest_spend, 1.0, 0.0
    weights = responses[:, -1]
    kept = float((weights * memory).sum() / weights.sum())

    def curve(spend: Floats, height: float, middle: float, bend: float) -> Floats:
        return height * hill(spend, middle, bend)

    steepest = float(shape.max())
    start = (2.0 * float(mean[-1]), largest_spend, 1.0)
    bounds = ([0.0, largest_spend * 1e-3, 1.0], [50.0 * float(mean[-1]), largest_spend * 50.0, max(steepest, 1.0 + 1e-6)])
    (height, middle, bend), _ = curve_fit(curve, spends, mean, p0=start, bounds=bounds)
    return float(height), float(middle) / (1.0 - kept), float(bend), kept
