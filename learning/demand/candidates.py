"""Textbook forecasts that are judged beside the combination in every replay, so that anyone sees what it is worth.

Each gives items x coming days from the end of a grid: a level by its own method, times weekday pattern, promotion lift and opening, the
same for all. Of them TSB enters the combination.
"""

from collections.abc import Callable

import numpy as np

from learning.demand.day_lift import DayLift
from learning.demand.future import Coming
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.settings import DemandSettings
from learning.demand.smoothing import Smoothed, croston_sba, exponential_smoothing, tsb
from learning.demand.weekdays import weekday_pattern
from learning.demand.windows import Windows

SMOOTHER = "TSB"
LEAST_FACTOR = 0.05  # days on which next to nothing is usual tell nothing of the level
METHODS: dict[str, Callable[[Floats, Flags], Smoothed]] = {
    "exponential smoothing": exponential_smoothing,
    "Croston SBA": croston_sba,
    "TSB": tsb,
}


def candidate_forecasts(
    grid: DemandGrid, coming: Coming, lift: DayLift, settings: DemandSettings, names: tuple[str, ...] = tuple(METHODS)
) -> dict[str, Floats]:
    """Items x horizon, units per day, of the named candidates."""
    past_lift = lift.past(grid)
    origin = grid.n_days - 1
    pattern = weekday_pattern(Windows(grid.units / past_lift, grid.valid), origin, grid, settings.weekday_weeks)
    usual = past_lift * pattern[:, (np.arange(grid.n_days) - origin) % 7]
    known = grid.valid & (usual >= LEAST_FACTOR)
    demand = np.divide(grid.units, usual, out=np.zeros(grid.units.shape), where=known)
    factors = pattern[:, np.arange(1, coming.horizon + 1) % 7] * lift.coming(grid, coming) * coming.is_open
    return {name: method(demand, known).level[:, None] * factors for name, method in METHODS.items() if name in names}
