"""Which kind of series an item is: new, dormant, intermittent or smooth.

new: fewer selling days than `min_history_days`. dormant: nothing sold in the last 16 weeks. intermittent: on average more than
1.32 selling days from one sale to the next (Syntetos, Boylan and Croston 2005, the demand-interval cut-off). smooth: the rest.
"""

import numpy as np
from numpy.typing import NDArray

from learning.demand.grid import DemandGrid
from learning.demand.settings import DemandSettings
from learning.demand.windows import Windows

NEW, DORMANT, INTERMITTENT, SMOOTH = "new", "dormant", "intermittent", "smooth"
SEGMENTS = (SMOOTH, INTERMITTENT, DORMANT, NEW)
WINDOW_DAYS = 112
DEMAND_INTERVAL_CUT = 1.32


def segment_items(grid: DemandGrid, settings: DemandSettings) -> NDArray[np.str_]:
    """The segment of every item at the end of the grid."""
    sales = Windows((grid.units > 0).astype(np.float64), grid.valid)
    origin = grid.n_days - 1
    selling_days, days = sales.total(origin, WINDOW_DAYS), sales.count(origin, WINDOW_DAYS)
    age = sales.age(origin)
    sold_at_all = (grid.units[:, -WINDOW_DAYS:] > 0).any(axis=1)
    segment = np.where(selling_days * DEMAND_INTERVAL_CUT >= days, SMOOTH, INTERMITTENT)
    segment = np.where(sold_at_all, segment, DORMANT)
    return np.where(age < settings.min_history_days, NEW, segment)
