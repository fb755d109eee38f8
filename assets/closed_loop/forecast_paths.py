"""Sample paths of the coming periods, as they would have been forecast when a period had been seen.

Decides the schedule: fitted every four weeks on what was known then, asked in every round with the newest sales, never with later ones. All
windows of a replay share the fits: they lie on one grid that meets the first order asked for.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from assets.closed_loop.history import Floats, History

PATHS = 96
REFIT_DAYS = 28
LONGEST_DAYS = 84


class PathForecaster:
    """Paths of any past period, `ahead` periods each, made once; the model is fitted anew every four weeks, one fit at `anchor`."""

    def __init__(self, history: History, anchor: int, ahead: int, seed: int, say: Callable[[str], None] = lambda _: None) -> None:
        self._history, self._anchor, self._ahead, self._seed, self._say = history, anchor, ahead, seed, say
        self._every = max(REFIT_DAYS // history.period_days, 1)
        self._made: dict[int, Floats] = {}
        self._fitted: tuple[int, Any] | None = None

    def at(self, period: int) -> Floats:
        """Items x paths x coming periods, seen from the end of `period`; items without history have zeros."""
        if period not in self._made:
            self._made[period] = self._paths(period)
        return self._made[period]

    def _paths(self, period: int) -> Floats:
        from learning.demand.sample_paths import sample_paths

        history = self._history
        panel = history.panel(period)
        nothing = np.zeros((history.units.shape[0], PATHS, self._ahead), dtype=np.float32)
        model = None if panel.is_empty() else self._model(period)
        if model is None:
            return nothing
        asked = history.items.select(product_id="item_id", location_id="location_id")
        drawn = sample_paths(model, panel, None, history.last_day(period), PATHS, asked)
        return _by_period(history, drawn.items.rows(), drawn.units, nothing)

    def _model(self, period: int) -> Any:
        """The model of the last fit at or before `period`; fitted at `period` itself where nothing was known at the last fit."""
        from learning.demand import DemandSettings, no_holidays, train

        history = self._history
        due = self._anchor + (period - self._anchor) // self._every * self._every
        if self._fitted is not None and self._fitted[0] == due:
            return self._fitted[1]
        known = history.panel(due) if due >= 0 else history.panel(period).clear()
        if known.is_empty():
            due, known = period, history.panel(period)
        horizon = min(self._ahead * history.period_days, LONGEST_DAYS)
        settings = DemandSettings(horizon_days=horizon, scoring_days=REFIT_DAYS, backtest_step_days=28, seed=self._seed)
        self._say(f"fitting on what was known on {history.last_day(due)}")
        events = no_holidays() if history.events is None else history.events
        model = train(known, events, settings, as_of_day=history.last_day(due))
        self._fitted = (due, model)
        return model


def _by_period(history: History, drawn: list[tuple[str, str]], units: Floats, placed: Floats) -> Floats:
    """Daily paths summed to periods and placed in the rows of the history; beyond the horizon the last period goes on."""
    days, whole, ahead = history.period_days, units.shape[2] // history.period_days, placed.shape[2]
    summed = units[:, :, : whole * days].reshape(units.shape[0], units.shape[1], whole, days).sum(axis=3)
    if whole < ahead:
        summed = np.concatenate([summed, np.repeat(summed[:, :, -1:], ahead - whole, axis=2)], axis=2)
    at = {key: row for row, key in enumerate(history.items.select("item_id", "location_id").rows())}
    placed[[at[key] for key in drawn]] = summed[:, :, :ahead]
    return placed
