"""Replaying a shop of the contract, and choosing how often the shortage cost counts in its coming orders.

Decides the stretch that is reported (the last six weekly rounds whose periods are known, with settings from before them) and the windows
that the weights of tomorrow rest on (the last ones that are known now): a window that is reported never chooses its own settings.

Public: `replay_shop`, `calibrate_shop`, `ShopCalibration`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from assets.closed_loop.cases import Case, Stretch, loss_classes, past_stretches, stretch_after
from assets.closed_loop.forecast_paths import PathForecaster
from assets.closed_loop.policies import Weights, choose_weights, periods_ahead
from assets.closed_loop.replay import SEED, WINDOWS, ReplayResult, judge, order_rows
from optimization.closed_loop import LoopStart

ROUNDS = 6
CLASSES = ("A", "B", "C")
Say = Callable[[str], None]


@dataclass(frozen=True)
class ShopCalibration:
    """weights: per cost class, with what they were chosen from. windows: first days of the weeks after which they began; items: per
    class."""

    weights: Weights
    windows: tuple[date, ...]
    items: tuple[int, ...]


def replay_shop(case: Case, say: Say = lambda _: None) -> ReplayResult | None:
    """The last rounds beside rules and perfect information; None where the history is too short for them."""
    span = case.terms.longest_lead + ROUNDS
    first = len(case.history.starts) - 1 - span
    if first < span:
        return None
    asked = stretch_after(case, first, ROUNDS, span)
    forecaster = PathForecaster(case.history, first, periods_ahead(case, asked), SEED, say)
    judged = judge(case, asked, forecaster, WINDOWS)
    windows = tuple(case.history.starts[window.first] for window in judged.past)
    return ReplayResult(order_rows(case, asked, judged.ours), judged.policies, windows)


def calibrate_shop(case: Case, say: Say = lambda _: None) -> ShopCalibration:
    """Weights for the orders that follow the last period of the case, from the windows that end with it."""
    last = len(case.history.starts) - 1
    coming = _coming(case, last)
    past = past_stretches(case, coming, WINDOWS)
    classes = loss_classes(case, last)
    forecaster = PathForecaster(case.history, last, periods_ahead(case, coming), SEED, say)
    weights = choose_weights(case, past, forecaster, classes)
    counts = tuple(int((classes == number).sum()) for number in range(len(weights.chosen)))
    return ShopCalibration(weights, tuple(case.history.starts[window.first] for window in past), counts)


def _coming(case: Case, last: int) -> Stretch:
    """The rounds that begin now, of which nothing is known yet: only their shape counts."""
    items, lead = case.history.units.shape[0], case.terms.longest_lead
    nothing = np.zeros((items, lead + ROUNDS))
    start = LoopStart(np.zeros(items), np.zeros((items, lead)))
    return Stretch(last, nothing, nothing > 0, start, ROUNDS, None if case.limits is None else case.limits(last, ROUNDS))
