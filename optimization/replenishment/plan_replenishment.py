"""Decide the purchase orders of one day: one order size per item, all suppliers, the budget and the warehouses together.

Public: `ReplenishmentPlan`, `plan_replenishment`.
"""

import time
from dataclasses import dataclass, replace

import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs, relative_gap
from optimization.linear_program import SOLVER, solver_version
from optimization.replenishment.check_plan import check_plan
from optimization.replenishment.decide_day import Day, decide_day
from optimization.replenishment.held_orders import hold_orders
from optimization.replenishment.item_needs import item_needs
from optimization.replenishment.override_told import override_table
from optimization.replenishment.overrides import OVERRIDE_COLUMNS
from optimization.replenishment.read_items import read_items, read_suppliers
from optimization.replenishment.room_limits import rooms_for, with_category
from optimization.replenishment.settings import ReplenishmentLimits, ReplenishmentSettings
from optimization.replenishment.supplier_table import supplier_table


@dataclass(frozen=True)
class ReplenishmentPlan:
    """The decision tables of one day; see `order_table`, `limit_table`, `supplier_table` and `override_table` for grain and columns."""

    orders: pl.DataFrame
    limits: pl.DataFrame
    supplier_orders: pl.DataFrame
    overrides: pl.DataFrame
    certificate: PlanCertificate


def plan_replenishment(
    items: pl.DataFrame,
    suppliers: pl.DataFrame,
    limits: ReplenishmentLimits | None = None,
    settings: ReplenishmentSettings | None = None,
) -> ReplenishmentPlan:
    """Return the orders of one day for items (columns `ITEM_COLUMNS`, and `category` where categories have budgets) and suppliers
    (supplier_id, min_order_value, fixed_order_cost).

    Items may carry a buyer's decisions (columns `OVERRIDE_COLUMNS`): such a quantity is ordered as it is, takes its share of every limit
    first, and the rest is decided around it. The day is then solved twice, without and with these decisions.

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
    overridden = read["override_action"].is_not_null()
    unheard = read.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in OVERRIDE_COLUMNS.items())
    day = Day(unheard, planned, needs, terms, rooms, settings)
    decided = proposal = decide_day(day)
    if overridden.any():
        decided = decide_day(replace(day, read=read), hold_orders(read, proposal.orders))
    orders = decided.orders
    violations = check_plan(items, suppliers, limits, orders)
    certificate = PlanCertificate(
        plan="replenishment",
        status=decided.status,
        sense="min",
        value=decided.cost,
        bound=decided.bound,
        gap=relative_gap(decided.cost, decided.bound),
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=settings.seed,
        input_hash=hash_inputs(items=items, suppliers=suppliers, limits=limits, settings=settings),
        checked=True,
        violations=tuple(violation.message for violation in violations),
    )
    return ReplenishmentPlan(orders, decided.limits, supplier_table(orders, terms), override_table(orders, proposal.orders), certificate)
