"""Turn the limits of a day into room left for its orders, and say where there is less than none.

Nothing has to be ordered, so limits collide only with what is already there: stock and receipts that fill a warehouse beyond its
volume, or commitments that have used up more than the budget. Then the room is 0 and the collision is named with its smallest relaxation.

Public: `Rooms`, `rooms_for`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.replenishment.demand_scenarios import LEAD_LEVELS, LEVELS, Floats, interpolate, quantile_matrix
from optimization.replenishment.settings import ReplenishmentLimits


@dataclass(frozen=True)
class Rooms:
    """places: location_ids with a volume limit. room: money, then cubic metres per place (infinite = no limit, never below 0). taken:
    volume in use before ordering, per place. allowed: the limits as given. relaxed_by: by how much each limit had to give way."""

    places: tuple[str, ...]
    allowed: Floats
    taken: Floats
    room: Floats
    relaxed_by: Floats


def rooms_for(items: pl.DataFrame, limits: ReplenishmentLimits) -> Rooms:
    """Return the rooms of a day for items as `read_items` gives them (all items, also those that order nothing today)."""
    places = tuple(sorted(limits.warehouse_volume_m3))
    used = limits.warehouse_volume_used_m3
    found = volume_at_arrival(items) if used is None else used
    budget = np.inf if limits.purchase_budget is None else limits.purchase_budget
    allowed = np.array([budget, *(limits.warehouse_volume_m3[place] for place in places)], dtype=np.float64)
    taken = np.array([0.0, *(found.get(place, 0.0) for place in places)], dtype=np.float64)
    left = allowed - taken
    return Rooms(places, allowed, taken, np.maximum(left, 0), np.maximum(-left, 0))


def volume_at_arrival(items: pl.DataFrame) -> dict[str, float]:
    """Return the volume expected to lie at each location when today's orders arrive: stock and receipts less the demand until then."""
    position = (items["on_hand"].fill_null(0) + items["in_transit_units"]).to_numpy()
    lead = quantile_matrix(items.with_columns(pl.col(tuple(LEAD_LEVELS)).fill_null(0)), tuple(LEAD_LEVELS))
    demanded = interpolate(lead, np.array(list(LEAD_LEVELS.values())), LEVELS)
    left = np.maximum(position[:, None] - demanded, 0).mean(axis=1) if items.height else position
    volume = items.select("location_id", volume=pl.Series(left) * pl.col("volume_m3")).group_by("location_id").agg(pl.col("volume").sum())
    return dict(volume.sort("location_id").iter_rows())
