"""Why each item orders what it orders: parts that add up to the order, one reason code and one sentence.

On every row: need_units + safety_units + pack_rounding_units + moq_uplift_units + supplier_minimum_units + override_change_units
- shelf_life_cut_units - not_worth_it_cut_units - calendar_cut_units - supplier_skip_cut_units - budget_cut_units - capacity_cut_units
= order_units. Safety and pack rounding may be below 0: the best stock may lie below the mean, and a full pack may be too much.
Where a buyer decided the quantity, the other parts explain what was proposed, and override_change_units (also below 0) is the rest.

Public: `PARTS_ADDED`, `PARTS_CUT`, `order_parts`, `reason_code`.
"""

import numpy as np
import polars as pl

from optimization.replenishment.demand_scenarios import Floats
from optimization.replenishment.item_needs import ItemNeeds
from optimization.replenishment.joint_stages import StagedOrders

PARTS_ADDED = ("need_units", "safety_units", "pack_rounding_units", "moq_uplift_units", "supplier_minimum_units", "override_change_units")
PARTS_CUT = (
    "shelf_life_cut_units",
    "not_worth_it_cut_units",
    "calendar_cut_units",
    "supplier_skip_cut_units",
    "budget_cut_units",
    "capacity_cut_units",
)


def order_parts(items: pl.DataFrame, needs: ItemNeeds, staged: StagedOrders) -> dict[str, Floats]:
    """Return the parts of each order, one number per item with a forecast (units; cuts are positive numbers to be taken off)."""
    dropped = needs.alone == 0
    open_today = items["is_order_day"].to_numpy()
    accepted = np.where(open_today, needs.alone, 0.0)
    suppliers_change = staged.with_suppliers - accepted
    limits_change = staged.final - staged.with_suppliers
    cut = np.maximum(-limits_change, 0)
    by_volume = _cut_by_volume(staged, items.height)
    return {
        "need_units": needs.need,
        "safety_units": needs.ideal - needs.need,
        "pack_rounding_units": np.where(dropped, 0.0, needs.packed - needs.keepable),
        "moq_uplift_units": np.where(dropped, 0.0, needs.alone - needs.packed),
        "supplier_minimum_units": np.maximum(suppliers_change, 0) + np.maximum(limits_change, 0),
        "override_change_units": np.zeros(items.height),
        "shelf_life_cut_units": needs.ideal - needs.keepable,
        "not_worth_it_cut_units": np.where(dropped, needs.keepable, 0.0),
        "calendar_cut_units": needs.alone - accepted,
        "supplier_skip_cut_units": np.maximum(-suppliers_change, 0),
        "budget_cut_units": np.where(by_volume, 0.0, cut),
        "capacity_cut_units": np.where(by_volume, cut, 0.0),
    }


def _cut_by_volume(staged: StagedOrders, height: int) -> np.ndarray:
    """Return per item whether a cut is the warehouse's doing: its price weighs more than the budget's, or only the warehouse was
    overfull."""
    problem, prices = staged.problem, staged.answer.prices
    inside = [room >= 0 for room, _ in problem.room_use]  # budget, warehouse, budget of the category
    price = [np.where(has, prices[room], 0.0) * amount for has, (room, amount) in zip(inside, problem.room_use, strict=True)]
    crowded = [has & staged.crowded_rooms[room] & (amount > 0) for has, (room, amount) in zip(inside, problem.room_use, strict=True)]
    by_volume = np.zeros(height, dtype=np.bool_)
    by_volume[staged.eligible] = (price[1] > price[0] + price[2]) | (crowded[1] & ~crowded[0] & ~crowded[2])
    return by_volume


def reason_code() -> pl.Expr:
    """Return the expression that names the one reason of a row from its parts, `override_action`, `blocked_because`, `has_forecast`."""
    largest = pl.max_horizontal("need_units", "safety_units", "pack_rounding_units")
    return (
        pl.when(pl.col("override_action").is_not_null())
        .then(pl.lit("override"))
        .when(pl.col("blocked_because").is_not_null())
        .then(pl.lit("blocked"))
        .when(~pl.col("has_forecast"))
        .then(pl.lit("no_forecast"))
        .when(~pl.col("is_order_day"))
        .then(pl.lit("calendar"))
        .when(pl.col("budget_cut_units") > 1e-9)
        .then(pl.lit("budget_cut"))
        .when(pl.col("capacity_cut_units") > 1e-9)
        .then(pl.lit("capacity_cut"))
        .when((pl.col("supplier_skip_cut_units") > 1e-9) | (pl.col("supplier_minimum_units") > 1e-9))
        .then(pl.lit("supplier_minimum"))
        .when(pl.col("moq_uplift_units") > 1e-9)
        .then(pl.lit("moq"))
        .when(pl.col("not_worth_it_cut_units") > 1e-9)
        .then(pl.lit("not_worth_it"))
        .when(pl.col("shelf_life_cut_units") > 0.5)
        .then(pl.lit("shelf_life"))
        .when(pl.col("order_units") == 0)
        .then(pl.lit("enough_stock"))
        .when(pl.col("need_units") >= largest)
        .then(pl.lit("demand"))
        .when(pl.col("safety_units") >= largest)
        .then(pl.lit("safety"))
        .otherwise(pl.lit("pack_rounding"))
    )
