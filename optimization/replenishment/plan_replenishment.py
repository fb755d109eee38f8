"""Decide the purchase orders of one day: one order size per item, all suppliers, the budget and the warehouses together.

Public: `ReplenishmentPlan`, `plan_replenishment`.
"""

import time
from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, PlanStatus, hash_inputs, relative_gap
from optimization.linear_program import SOLVER, solver_version
from optimization.replenishment.check_plan import check_plan
from optimization.replenishment.item_needs import ItemNeeds, item_needs
from optimization.replenishment.joint_stages import StagedOrders, stage_orders
from optimization.replenishment.limit_table import limit_table
from optimization.replenishment.moq_limits import moq_limit_rows
from optimization.replenishment.order_table import order_table
from optimization.replenishment.read_items import read_items, read_suppliers
from optimization.replenishment.room_limits import Rooms, rooms_for, with_category
from optimization.replenishment.settings import ReplenishmentLimits, ReplenishmentSettings
from optimization.replenishment.supplier_table import supplier_table


@dataclass(frozen=True)
class ReplenishmentPlan:
    """The decision tables of one day; see `order_table`, `limit_table` and `supplier_table` for grain and columns."""

    orders: pl.DataFrame
    limits: pl.DataFrame
    supplier_orders: pl.DataFrame
    certificate: PlanCertificate


def plan_replenishment(
    items: pl.DataFrame,
    suppliers: pl.DataFrame,
    limits: ReplenishmentLimits | None = None,
    settings: ReplenishmentSettings | None = None,
) -> ReplenishmentPlan:
    """Return the orders of one day for items (columns `ITEM_COLUMNS`, and `category` where categories have budgets) and suppliers
    (supplier_id, min_order_value, fixed_order_cost).

    Pass every item of a location that has a volume limit, also those that cannot be ordered today: their stock takes room. The
    certificate's value and bound are expected cost over the cycle (lost sales, holding, waste, fixed costs) of the items that can be
    ordered today. Limits that collide do not raise: the status is "relaxed", `limits.relaxed_by` says by how much, and the best plan is
    still given. Where an item's MOQ is above its shelf life or longest cover and is ordered all the same, `limits` has a row for it.
    Raises ValueError for missing columns and duplicate keys.
    """
    limits, settings = limits or ReplenishmentLimits(), settings or ReplenishmentSettings()
    started = time.perf_counter()
    read = with_category(read_items(items), items, limits)
    terms = read_suppliers(suppliers, read)
    rooms = rooms_for(read, limits)
    planned = read.filter(pl.col("blocked_because").is_null() & pl.col("has_forecast"))
    needs = item_needs(planned, settings)
    staged = stage_orders(planned, needs, terms, rooms, settings)
    orders = order_table(read, planned, needs, staged)
    violations = check_plan(items, suppliers, limits, orders)
    certificate = PlanCertificate(
        plan="replenishment",
        status=_status(staged, rooms),
        sense="min",
        value=staged.answer.cost,
        bound=staged.answer.bound,
        gap=relative_gap(staged.answer.cost, staged.answer.bound),
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=settings.seed,
        input_hash=hash_inputs(items=items, suppliers=suppliers, limits=limits, settings=settings),
        checked=True,
        violations=tuple(violation.message for violation in violations),
    )
    joint = limit_table(staged, rooms, terms, _wanted(planned, needs))
    limits_told = pl.concat([joint, moq_limit_rows(planned, needs, staged.final)])
    return ReplenishmentPlan(orders, limits_told, supplier_table(orders, terms), certificate)


def _wanted(planned: pl.DataFrame, needs: ItemNeeds) -> dict[str, float]:
    """Value per supplier of what its items would order today if there were no joint limits, money."""
    values = planned.select("supplier_id", value=pl.when("is_order_day").then(pl.Series(needs.alone) * pl.col("unit_cost")).otherwise(0.0))
    return dict(values.group_by("supplier_id").agg(pl.col("value").sum()).iter_rows())


def _status(staged: StagedOrders, rooms: Rooms) -> PlanStatus:
    if bool(np.any(rooms.relaxed_by > 0)):
        return "relaxed"
    return staged.answer.status if len(staged.eligible) else "empty"
