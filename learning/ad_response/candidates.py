"""The curves that are tried per channel, and what of sales is explained by other things than advertising.

Public: `Candidates`, `candidate_curves`, `baseline_columns`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from learning.ad_response.curves import Floats, adstock, hill
from learning.ad_response.settings import AdResponseSettings


@dataclass(frozen=True)
class Candidates:
    """`columns`: days x (channels * per_channel), the shares of the most reached under each curve; the others hold its parameters."""

    columns: Floats
    memory: Floats
    half: Floats
    shape: Floats
    per_channel: int


def candidate_curves(spend: Floats, settings: AdResponseSettings) -> Candidates:
    """Return the curves of all channels; spend: days x channels, money, every channel with some spend."""
    columns: list[Floats] = []
    parameters: list[tuple[float, float, float]] = []
    for channel in range(spend.shape[1]):
        for memory in settings.memories:
            level = adstock(spend[:, channel], memory)
            for multiple in settings.half_saturations:
                half = multiple * float(level.mean())
                for shape in settings.shapes:
                    columns.append(hill(level, half, shape))
                    parameters.append((memory, half, shape))
    table = np.array(parameters, dtype=np.float64).reshape(-1, 3)
    per_channel = len(settings.memories) * len(settings.half_saturations) * len(settings.shapes)
    return Candidates(np.array(columns, dtype=np.float64).T, table[:, 0], table[:, 1], table[:, 2], per_channel)


def baseline_columns(days: pl.Series, control: Floats | None, knot_days: int) -> Floats:
    """Return columns for the weekday, a baseline that bends at knots, and the control (orders that ads hardly move), on a log scale."""
    count = len(days)
    weekday = np.eye(7)[days.dt.weekday().to_numpy() - 1]
    knots = np.linspace(0, count - 1, max(count // knot_days, 1) + 1)
    hats = np.array([np.interp(np.arange(count), knots, unit) for unit in np.eye(len(knots))]).T[:, 1:]
    parts = [weekday[:, weekday.any(axis=0)], hats]
    if control is not None:
        parts.append(np.log1p(control)[:, None])
    return np.hstack(parts).astype(np.float64)
