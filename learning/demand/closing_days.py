"""Closing days a shop never told us: learned from locations that sold nothing at all.

A location-day counts as closed when nothing was sold although the four weeks before sold `TELLING_UNITS` or more a day;
only the past is used, so the answer for a day never changes later. A coming day counts as closed when the location was
closed on that weekday in each of the last `WEEKS` weeks, or on the last occurrence of the same holiday.
"""

import numpy as np

from learning.demand.grid import Codes, Flags, Floats

TELLING_UNITS = 8.0
WEEKS = 6
LOOK_BACK_DAYS = 28


def learned_closings(units: Floats, locations: Codes) -> Flags:
    """Locations x days: true where the location sold nothing against a telling recent mean."""
    totals = location_totals(units, locations)
    running = np.concatenate([np.zeros((totals.shape[0], 1)), np.cumsum(totals, axis=1)], axis=1)
    end = np.arange(totals.shape[1])
    start = np.maximum(end - LOOK_BACK_DAYS, 0)
    recent = (running[:, end] - running[:, start]) / np.maximum(end - start, 1)
    return (totals == 0) & (recent >= TELLING_UNITS)


def coming_closings(closed: Flags, horizon: int, past_events: list[str], coming_events: list[str]) -> Flags:
    """Locations x coming days: closed by weekday habit or by the last occurrence of the same holiday.

    closed: locations x past days, the last column being the as-of day. The events are holiday names per day ('' for none).
    """
    n_locations, n_days = closed.shape
    coming = np.zeros((n_locations, horizon), dtype=bool)
    for step in range(horizon):
        latest_same_weekday = n_days + step - 7 * (step // 7 + 1)
        same = latest_same_weekday - 7 * np.arange(WEEKS)
        if same[-1] >= 0:
            coming[:, step] = closed[:, same].all(axis=1)
        name = coming_events[step]
        if name:
            before = [day for day, event in enumerate(past_events) if event == name]
            if before:
                coming[:, step] |= closed[:, before[-1]]
    return coming


def location_totals(units: Floats, locations: Codes) -> Floats:
    """Locations x days: units of all items of a location."""
    totals = np.zeros((int(locations.max()) + 1, units.shape[1]))
    np.add.at(totals, locations, units)
    return totals
