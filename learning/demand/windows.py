"""Sums over trailing windows of days, for any origin, from running totals.

Used with the valid cells of a grid only. `origin` is a column: the window of `days` ends with it and includes it, so
nothing after the origin is ever read.
"""

import numpy as np

from learning.demand.grid import Flags, Floats


class Windows:
    """Trailing sums and means of one matrix (items x days) over its valid cells."""

    def __init__(self, values: Floats, valid: Flags) -> None:
        padding = np.zeros((values.shape[0], 1))
        self._sums = np.concatenate([padding, np.cumsum(np.where(valid, values, 0.0), axis=1)], axis=1)
        self._counts = np.concatenate([padding, np.cumsum(valid, axis=1, dtype=np.float64)], axis=1)
        self._values = values
        self._valid = valid

    def total(self, origin: int, days: int, skip: int = 0) -> Floats:
        """Sum over the `days` days that end `skip` days before the origin."""
        end = max(origin + 1 - skip, 0)
        return self._sums[:, end] - self._sums[:, max(end - days, 0)]

    def count(self, origin: int, days: int, skip: int = 0) -> Floats:
        """Number of valid days in the same window."""
        end = max(origin + 1 - skip, 0)
        return self._counts[:, end] - self._counts[:, max(end - days, 0)]

    def mean(self, origin: int, days: int, skip: int = 0) -> Floats:
        """Mean per valid day; nan where the window has none."""
        count = self.count(origin, days, skip)
        return np.divide(self.total(origin, days, skip), count, out=np.full(count.shape, np.nan), where=count > 0)

    def trailing(self, days: int) -> tuple[Floats, Floats]:
        """Items x days: sum and number of valid days among the `days` days before each day."""
        end = np.arange(self._values.shape[1])
        start = np.maximum(end - days, 0)
        return self._sums[:, end] - self._sums[:, start], self._counts[:, end] - self._counts[:, start]

    def age(self, origin: int) -> Floats:
        """Valid days from the start of the grid to the origin."""
        return self._counts[:, origin + 1]

    def weekday_totals(self, origin: int, weeks: int) -> tuple[Floats, Floats]:
        """Sums and counts (items x 7) by distance to the origin's weekday: column 1 is the weekday of tomorrow, 0 of today."""
        first = max(origin + 1 - 7 * weeks, 0)
        first += (origin + 1 - first) % 7
        if first > origin:
            empty = np.zeros((self._values.shape[0], 7))
            return empty, empty.copy()
        shape = (self._values.shape[0], -1, 7)
        valid = self._valid[:, first : origin + 1]
        sums = np.where(valid, self._values[:, first : origin + 1], 0.0).reshape(shape).sum(axis=1)
        counts = valid.reshape(shape).sum(axis=1, dtype=np.float64)
        return np.roll(sums, 1, axis=1), np.roll(counts, 1, axis=1)
