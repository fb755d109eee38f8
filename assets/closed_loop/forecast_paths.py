"""Sample paths of the coming periods, as they would have been forecast when a period had been seen.

Decides the schedule: fitted every four weeks on what was known then, asked in every round with the newest sales, never with later ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from assets.closed_loop.history import Floats, History

PATHS = 96
REFIT_DAYS = 28
LONGEST_DAYS = 84


@dataclass(frozen=True)
class PathsAt:
    """Items x paths x coming periods, seen from the end of `period`; items without history have zeros."""

    period: int
    units: Floats


def paths_of_rounds(history: History, first: int, rounds: int, ahead: int, seed: int) -> Iterator[PathsAt]:
    """One set of paths per order round, the first from the end of period `first`; `ahead` periods each.

    The model is fitted every four weeks on what was known then, and asked in every round with the newest sales.
    """
    from learning.demand import DemandSettings, no_holidays, train
    from learning.demand.sample_paths import sample_paths

    days = history.period_days
    horizon = min(ahead * days, LONGEST_DAYS)
    settings = DemandSettings(horizon_days=horizon, scoring_days=REFIT_DAYS, backtest_step_days=28, seed=seed)
    every = max(REFIT_DAYS // days, 1)
    model = None
    for number in range(rounds):
        period = first + number
        panel = history.panel(period)
        if panel.is_empty():
            yield PathsAt(period, np.zeros((history.units.shape[0], PATHS, ahead), dtype=np.float32))
            continue
        if model is None or number % every == 0:
            model = train(panel, no_holidays(), settings, as_of_day=history.last_day(period))
        drawn = sample_paths(model, panel, None, history.last_day(period), PATHS)
        yield PathsAt(period, _by_period(history, drawn.items.rows(), drawn.units, ahead))


def _by_period(history: History, drawn: list[tuple[str, str]], units: Floats, ahead: int) -> Floats:
    """Daily paths summed to periods and placed in the rows of the history; beyond the horizon the last period goes on."""
    days, whole = history.period_days, units.shape[2] // history.period_days
    summed = units[:, :, : whole * days].reshape(units.shape[0], units.shape[1], whole, days).sum(axis=3)
    if whole < ahead:
        summed = np.concatenate([summed, np.repeat(summed[:, :, -1:], ahead - whole, axis=2)], axis=2)
    at = {key: row for row, key in enumerate(history.items.select("item_id", "location_id").rows())}
    placed = np.zeros((history.units.shape[0], units.shape[1], ahead), dtype=np.float32)
    placed[[at[key] for key in drawn]] = summed[:, :, :ahead]
    return placed
