"""The rules that shops order by: each orders up to a level read from the last periods of sales.

Levels cover the lead time and the period of the order. Mean and spread are those of the last `window` known periods of each item; the
parameter of a rule (periods of cover, z) is chosen on the past like everything else.

    cover rule        mean of the window x `parameter` periods
    reorder point     mean x (lead + 1) + parameter x sd x sqrt(lead + 1), the textbook's z sigma sqrt(L)
    newsvendor        the `parameter` quantile of the sums over lead + 1 periods in the window
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.closed_loop.loop import Floats, LoopTerms

Level = Callable[[Floats, NDArray[np.bool_], LoopTerms, float], Floats]


@dataclass(frozen=True)
class Baseline:
    """level: from history and its known cells (items x periods of the window), terms and parameter to order-up-to levels per item. reorder:
    the same for the position at or below which is ordered; None where every round orders."""

    name: str
    window: int
    parameters: tuple[float, ...]
    level: Level
    reorder: Level | None = None


def order_up_to(level: Floats, position: Floats) -> Floats:
    """Whole units that lift the position to the level."""
    return np.maximum(np.round(level - position), 0.0)


def _mean(history: Floats, known: NDArray[np.bool_]) -> Floats:
    return np.where(known, history, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _cover(history: Floats, known: NDArray[np.bool_], _: LoopTerms, parameter: float) -> Floats:
    return _mean(history, known) * parameter


def _reorder_point(history: Floats, known: NDArray[np.bool_], terms: LoopTerms, parameter: float) -> Floats:
    mean = _mean(history, known)
    squares = np.where(known, (history - mean[:, None]) ** 2, 0.0).sum(axis=1)
    spread = np.sqrt(squares / np.maximum(known.sum(axis=1) - 1, 1))
    span = terms.longest_lead + 1
    return np.maximum(mean * span + parameter * spread * np.sqrt(span), 0.0)


def _newsvendor(history: Floats, known: NDArray[np.bool_], terms: LoopTerms, parameter: float) -> Floats:
    span = terms.longest_lead + 1
    filled = np.where(known, history, _mean(history, known)[:, None])
    if filled.shape[1] < span:
        return _mean(history, known) * span
    sums = np.lib.stride_tricks.sliding_window_view(filled, span, axis=1).sum(axis=2)
    return np.quantile(sums, parameter, axis=1)


COVERS = tuple(np.round(np.arange(1.0, 8.01, 0.5), 2).tolist())
FRACTILES = tuple(np.round(np.arange(0.5, 0.981, 0.04), 2).tolist())
Z = (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.28, 1.64, 2.05)
BASELINES = (
    Baseline("cover rule, 8 periods", 8, COVERS, _cover),
    Baseline("moving-average base stock, 13 periods", 13, COVERS, _cover),
    Baseline("reorder point z sigma sqrt(L), 26 periods", 26, Z, _reorder_point),
    Baseline("newsvendor on past sums, 52 periods", 52, FRACTILES, _newsvendor),
)
