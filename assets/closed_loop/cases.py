"""What is replayed: a history, the terms of the loop, the limits of each round, and runs of periods to decide for.

Public: `Case`, `Stretch`, `past_stretches`, `loss_classes`, `recent_mean`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.closed_loop.history import Flags, Floats, History
from optimization.closed_loop import LoopStart, LoopTerms, SupplyLimits
from optimization.replenishment.lost_sale_weights import cost_classes

LEAST_PERIODS = {1: 120, 7: 30}  # what a window must have before it, by days of a period
RECENT_PERIODS = 13
START_PERIODS = 8  # whose mean a past window's stock and receipts are made from


@dataclass(frozen=True)
class Stretch:
    """A run of periods to decide for. first: the period seen last before the first order; demand, scored: items x periods after it."""

    first: int
    demand: Floats
    scored: Flags
    start: LoopStart
    rounds: int
    limits: SupplyLimits | None = None


@dataclass(frozen=True)
class Case:
    """limits: from the period seen last and the number of rounds to what a stretch's orders must keep; None where they are free. ends:
    whether stock left at the end of a stretch costs nothing any more."""

    history: History
    terms: LoopTerms
    limits: Callable[[int, int], SupplyLimits] | None = None
    ends: bool = True


def past_stretches(case: Case, asked: Stretch, most: int) -> list[Stretch]:
    """The latest stretches of the shape of `asked` that end before its first order, oldest first, each a full set of rounds before the
    next; none where the history is too short.

    What lay in stock then is not known: a window begins with one and a half mean periods on hand and one in each period to come, and is
    judged from the period in which its first order arrives.
    """
    span, found = asked.demand.shape[1], list[Stretch]()
    for back in range(most):
        first = asked.first - span - back * asked.rounds
        if first + 1 < LEAST_PERIODS[case.history.period_days]:
            break
        found.append(stretch_after(case, first, asked.rounds, span))
    return found[::-1]


def stretch_after(case: Case, first: int, rounds: int, span: int) -> Stretch:
    """A stretch of `span` periods after period `first`, with a made-up start."""
    history, lead = case.history, case.terms.longest_lead
    cells = slice(first + 1, first + 1 + span)
    scored = history.known[:, cells].copy()
    scored[np.arange(span)[None, :] < case.terms.lead_times(scored.shape[0])[:, None]] = False
    mean = recent_mean(history, first, START_PERIODS)
    start = LoopStart(np.round(1.5 * mean), np.repeat(np.round(mean)[:, None], lead, axis=1))
    return Stretch(first, history.units[:, cells], scored, start, rounds, None if case.limits is None else case.limits(first, rounds))


def recent_mean(history: History, period: int, count: int) -> Floats:
    """Mean units per period of each item over the last `count` periods in which it was on sale and in stock."""
    cells = slice(max(period + 1 - count, 0), period + 1)
    known = history.known[:, cells]
    return np.where(known, history.units[:, cells], 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def loss_classes(case: Case, period: int) -> NDArray[np.int64]:
    """0, 1 or 2 per item, by what a recent period's sales would cost if they were lost; see `cost_classes`."""
    mean = recent_mean(case.history, period, RECENT_PERIODS)
    return cost_classes(mean * case.terms.shortage(mean.size))
