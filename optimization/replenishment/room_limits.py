"""Turn the limits of a day into room left for its orders, and say where there is less than none.

Nothing has to be ordered, so limits collide only with what is already there: stock and receipts that fill a warehouse beyond its
volume, or commitments that have used up more than a budget. Then the room is 0 and the collision is named with its smallest relaxation.

Public: `Rooms`, `rooms_for`, `volume_at_arrival`, `with_category`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.replenishment.demand_scenarios import LEAD_LEVELS, LEVELS, Floats, interpolate, quantile_matrix
from optimization.replenishment.read_items import KEY
from optimization.replenishment.settings import ReplenishmentLimits


@dataclass(frozen=True)
class Rooms:
    """places: location_ids with a volume limit. categories: those with a budget of their own. room: money, then cubic metres per place,
    then money per category (infinite = no limit, never below 0). taken: what is in use before ordering. allowed: the limits as given.
    relaxed_by: by how much each limit had to give way."""

    places: tuple[str, ...]
    categories: tuple[str, ...]
    allowed: Floats
    taken: Floats
    room: Floats
    relaxed_by: Floats

    @property
    def names(self) -> tuple[tuple[str, str, str], ...]:
        """Per room: limit_name, scope and unit as the table of limits has them."""
        places = (("warehouse_volume", place, "m3") for place in self.places)
        return (("purchase_budget", "all", "money"), *places, *(("category_budget", name, "money") for name in self.categories))


def rooms_for(items: pl.DataFrame, limits: ReplenishmentLimits) -> Rooms:
    """Return the rooms of a day for items as `read_items` gives them (all items, also those that order nothing today)."""
    places, categories = tuple(sorted(limits.warehouse_volume_m3)), tuple(sorted(limits.purchase_budget_by_category))
    used = limits.warehouse_volume_used_m3
    found = volume_at_arrival(items) if used is None else used
    budget = np.inf if limits.purchase_budget is None else limits.purchase_budget
    allowed = [budget, *_of(limits.warehouse_volume_m3, places), *_of(limits.purchase_budget_by_category, categories)]
    taken = [limits.purchase_budget_used, *_of(found, places), *_of(limits.purchase_budget_used_by_category, categories)]
    left = np.array(allowed, dtype=np.float64) - np.array(taken, dtype=np.float64)
    return Rooms(places, categories, np.array(allowed), np.array(taken), np.maximum(left, 0), np.maximum(-left, 0))


def _of(amounts: Mapping[str, float], names: tuple[str, ...]) -> list[float]:
    return [float(amounts.get(name, 0.0)) for name in names]


def with_category(read: pl.DataFrame, items: pl.DataFrame, limits: ReplenishmentLimits) -> pl.DataFrame:
    """Return the items as `read_items` gives them with their `category`, null where it is unknown.

    Raises ValueError where categories have budgets and the items have no column `category`.
    """
    if "category" not in items.columns:
        if limits.purchase_budget_by_category:
            raise ValueError("Items lack the column category, and purchase_budget_by_category needs it.")
        return read.with_columns(category=pl.lit(None, dtype=pl.String))
    named = items.select(*(pl.col(name).cast(pl.String) for name in KEY), pl.col("category").cast(pl.String))
    return read.join(named, on=list(KEY), how="left", maintain_order="left")


def volume_at_arrival(items: pl.DataFrame) -> dict[str, float]:
    """Return the volume expected to lie at each location when today's orders arrive: stock and receipts less the demand until then."""
    position = (items["on_hand"].fill_null(0) + items["in_transit_units"]).to_numpy()
    lead = quantile_matrix(items.with_columns(pl.col(tuple(LEAD_LEVELS)).fill_null(0)), tuple(LEAD_LEVELS))
    demanded = interpolate(lead, np.array(list(LEAD_LEVELS.values())), LEVELS)
    left = np.maximum(position[:, None] - demanded, 0).mean(axis=1) if items.height else position
    volume = items.select("location_id", volume=pl.Series(left) * pl.col("volume_m3")).group_by("location_id").agg(pl.col("volume").sum())
    return dict(volume.sort("location_id").iter_rows())
