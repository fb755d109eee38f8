"""Memory and saturation of advertising: geometric adstock and the Hill curve.

adstock of day t = spend of day t + memory * adstock of day t - 1
response = most * a^shape / (a^shape + half^shape), a being the adstock

Source: Jin, Wang, Sun, Chan, Koehler (2017), Bayesian Methods for Media Mix Modeling with Carryover and Shape Effects, sections 2.1, 2.2.

Public: `adstock`, `hill`, `steady_response`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def adstock(spend: Floats, memory: float) -> Floats:
    """Return the adstock of each day. Before the first day spend is taken to have been what it was on average of the first four weeks."""
    from scipy.signal import lfilter

    before = float(spend[:28].mean()) / (1.0 - memory) if len(spend) else 0.0
    filtered, _ = lfilter([1.0], [1.0, -memory], spend, zi=np.array([memory * before]))
    return np.asarray(filtered, dtype=np.float64)


def hill(exposure: Floats, half: Floats | float, shape: Floats | float) -> Floats:
    """Return the share of the most that an adstock reaches, 0 to 1; `half` is the adstock of one half."""
    ratio = np.maximum(exposure, 0.0) / half
    powered = ratio**shape
    return np.asarray(powered / (powered + 1.0), dtype=np.float64)


def steady_response(daily_spend: Floats, most: Floats, half: Floats, shape: Floats, memory: Floats) -> Floats:
    """Return curves x spends: response per day where the same is spent every day; one curve per entry of the four parameters."""
    level = daily_spend[None, :] / (1.0 - memory[:, None])
    return most[:, None] * hill(level, half[:, None], shape[:, None])
