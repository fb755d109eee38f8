"""Quantities that a buyer fixed, and what they leave for everything else.

A fixed quantity is honoured as it stands, also where it is no multiple of the pack, below the MOQ, on a day without order-taking or of an
item that cannot be planned; flags say so. Fixed quantities come first: they take their share of the budget and the warehouses and fill
their supplier's minimum, and the program decides the rest. Where they alone are too much, the limit gives way by just what they need.

Public: `HeldOrders`, `hold_orders`, `rooms_left`, `suppliers_left`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from optimization.replenishment.demand_scenarios import Floats
from optimization.replenishment.room_limits import Rooms


@dataclass(frozen=True)
class HeldOrders:
    """units: fixed quantity per item (rows of `items`), NaN where the program decides. proposal: the order table of the plan without any
    override. value: money per supplier_id. volume: cubic metres per location_id. category: money per category."""

    units: Floats
    proposal: pl.DataFrame
    value: Mapping[str, float]
    volume: Mapping[str, float]
    category: Mapping[str, float]


def hold_orders(items: pl.DataFrame, proposal: pl.DataFrame) -> HeldOrders:
    """Return what the overrides of `items` (as `read_items` gives them) fix; `proposal` is the order table without them, same rows."""
    proposed = proposal["order_units"]
    decided = items.with_columns(proposed=proposed).select(
        "supplier_id",
        "location_id",
        "volume_m3",
        "category",
        cost=pl.col("unit_cost").fill_null(0.0).clip(lower_bound=0.0),
        units=pl.when(pl.col("override_action") == "reject")
        .then(0.0)
        .when(pl.col("override_action") == "edit")
        .then(pl.col("override_units"))
        .when(pl.col("override_action") == "approve")
        .then(pl.coalesce("override_units", "proposed")),
    )
    fixed = decided.filter(pl.col("units") > 0)
    value = fixed.group_by("supplier_id").agg((pl.col("units") * pl.col("cost")).sum()).sort("supplier_id")
    volume = fixed.group_by("location_id").agg((pl.col("units") * pl.col("volume_m3")).sum()).sort("location_id")
    known = fixed.filter(pl.col("category").is_not_null())
    category = known.group_by("category").agg((pl.col("units") * pl.col("cost")).sum()).sort("category")
    units = decided["units"].fill_null(float("nan")).to_numpy()
    return HeldOrders(units, proposal, dict(value.iter_rows()), dict(volume.iter_rows()), dict(category.iter_rows()))


def rooms_left(rooms: Rooms, held: HeldOrders) -> Rooms:
    """Return the rooms after the fixed quantities; a room that they alone overfill is relaxed by just what is missing."""
    volumes, budgets = (held.volume.get(place, 0.0) for place in rooms.places), (held.category.get(name, 0.0) for name in rooms.categories)
    added = np.array([sum(held.value.values()), *volumes, *budgets], dtype=np.float64)
    taken = rooms.taken + added
    left = rooms.allowed - taken
    return replace(rooms, taken=taken, room=np.maximum(left, 0), relaxed_by=np.maximum(-left, 0))


def suppliers_left(terms: pl.DataFrame, held: HeldOrders) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """Return the suppliers' terms for what is still to be decided, and which suppliers must still reach their minimum.

    A supplier from whom something is fixed is used for certain: its fixed cost is no longer to be decided, and its minimum is what is still
    missing of it.
    """
    fixed = pl.col("supplier_id").replace_strict(dict(held.value), default=0.0, return_dtype=pl.Float64)
    least, cost = pl.col("min_order_value"), pl.col("fixed_order_cost")
    left = terms.with_columns(
        min_order_value=(least - fixed).clip(lower_bound=0.0), fixed_order_cost=pl.when(fixed > 0).then(0.0).otherwise(cost)
    )
    must = left.select((fixed > 0) & (pl.col("min_order_value") > 0)).to_series()
    return left, must.to_numpy()
