"""A daily series without the days that tell nothing: weekdays that are usually closed are left out, other closed days are filled.

Decides what the *season* of a shop's week is: the number of weekdays on which it usually is open. A shop closed on Saturdays has a season
of six, and its Friday is followed by its Sunday; with a gap in every week neither autocorrelations nor differences mean anything.
"""

from dataclasses import dataclass

import numpy as np

from learning.demand.grid import Flags, Floats

OPEN_WEEKS = 1 / 3  # a weekday that is known in fewer of the weeks counts as closed
WEEK = 7


@dataclass(frozen=True)
class OpenDays:
    """values, known: one entry per day of an open weekday, oldest first; values of days that are not known are nan."""

    values: Floats
    known: Flags
    season: int

    @property
    def filled(self) -> Floats:
        """values, with unknown days between those of the same weekday in the weeks before and after."""
        return fill_by_week(self.values, self.season)


def open_days(values: Floats, known: Flags) -> OpenDays:
    """The open weekdays of a daily series, from its first known day to its last."""
    told = np.flatnonzero(known)
    if not told.size:
        return OpenDays(np.zeros(0), np.zeros(0, dtype=np.bool_), 0)
    values, known = values[told[0] : told[-1] + 1], known[told[0] : told[-1] + 1]
    weekday = np.arange(known.size) % WEEK
    days, seen = np.bincount(weekday, minlength=WEEK), np.bincount(weekday, weights=known, minlength=WEEK)
    is_open = seen >= OPEN_WEEKS * np.maximum(days, 1)
    kept = is_open[weekday] if is_open.any() else np.ones(known.size, dtype=np.bool_)
    return OpenDays(np.where(known, values, np.nan)[kept], known[kept], int(is_open.sum()))


def fill_by_week(values: Floats, season: int) -> Floats:
    """Unknown (nan) values on the line between the known ones of the same place in the week; of all days where there is none."""
    filled = values.copy()
    for place in range(max(season, 1)):
        _fill_line(filled[place :: max(season, 1)])
    _fill_line(filled)
    return filled


def _fill_line(values: Floats) -> None:
    known = np.flatnonzero(~np.isnan(values))
    missing = np.flatnonzero(np.isnan(values))
    if known.size and missing.size:
        values[missing] = np.interp(missing, known, values[known])
