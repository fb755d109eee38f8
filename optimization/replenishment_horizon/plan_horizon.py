"""Decide the purchase orders of the next periods together, and with them today's: the rolling horizon.

Only the first period's orders are placed; the rest of the plan says what they rely on, and is made again in the next period.

Public: `HorizonPlan`, `plan_horizon`.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.certificate import PlanCertificate, hash_inputs, relative_gap
from optimization.linear_program import SOLVER, solver_version
from optimization.replenishment_horizon.check_horizon import check_horizon
from optimization.replenishment_horizon.course_of_stock import course_of
from optimization.replenishment_horizon.plan_tables import first_orders, limit_table, plan_table, relaxed_room
from optimization.replenishment_horizon.read_frames import read_horizon
from optimization.replenishment_horizon.settings import HorizonSettings
from optimization.replenishment_horizon.solve_horizon import solve_horizon


@dataclass(frozen=True)
class HorizonPlan:
    """orders: of period 0. plan: all items and periods. limits: with prices. See `plan_tables` for grain and columns."""

    orders: pl.DataFrame
    plan: pl.DataFrame
    limits: pl.DataFrame
    certificate: PlanCertificate


def plan_horizon(
    items: pl.DataFrame,
    periods: pl.DataFrame,
    suppliers: pl.DataFrame,
    order_periods: pl.DataFrame | None = None,
    limits: pl.DataFrame | None = None,
    settings: HorizonSettings | None = None,
) -> HorizonPlan:
    """Return the orders of all periods at least cost: holding, lost sales, missing safety stock, order lines, suppliers' fixed costs.

    items (grain product_id, location_id; `ITEM_COLUMNS`): holding_cost is money per unit of end stock and period, lost_sale_cost per
    unit lost,
    safety_stock_penalty per unit of end stock short of safety_stock_units and period. periods (grain product_id, location_id, period;
    `PERIOD_COLUMNS`), periods counted from 0: mean demand, and units of earlier orders that arrive at the start of the period. suppliers
    (`SUPPLIER_COLUMNS`). order_periods (supplier_id, period): when a supplier takes orders; one that is not named takes them always.
    limits (limit_name, scope, period, allowed): purchase_budget ("all") and category_budget (category) are money charged when ordered,
    warehouse_volume (location_id) is cubic metres of stock after arrivals; what is not named has no limit.

    An order of period t arrives at the start of t + lead_time_periods; what would arrive after the last period is not ordered, so that a
    horizon should be longer than the longest lead time. Quantities are whole units and packs (`read_frames`). With a shelf life an order
    may not lift the stock above the demand within it; stock that is there already is not thrown away. Demand is taken as certain: cover
    against its spread is the safety stock's.

    Limits that collide do not raise: each is widened by the least that makes a plan possible, the status is "relaxed" and
    `limits.relaxed_by` says by how much; value and bound are those of the widened problem. Raises ValueError for frames that do not fit.
    """
    settings = settings or HorizonSettings()
    started = time.perf_counter()
    given = read_horizon(items, periods, suppliers, order_periods, limits)
    room = relaxed_room(given.problem, course_of(given.problem, np.zeros_like(given.problem.demand)))
    relaxed_by = np.where(np.isfinite(room), room - np.where(np.isfinite(room), given.problem.room, 0.0), 0.0)
    relaxed_by = np.where(relaxed_by > 1e-9 * np.maximum(np.where(np.isfinite(room), np.abs(room), 1.0), 1.0), relaxed_by, 0.0)
    problem = given.problem.with_room(room)
    answer = solve_horizon(problem, settings)
    course = course_of(problem, answer.arriving)
    plan = plan_table(given, course)
    told = limit_table(replace(given, problem=problem), course, answer.prices, relaxed_by)
    violations = check_horizon(items, periods, suppliers, order_periods, limits, plan, answer.cost)
    certificate = PlanCertificate(
        plan="replenishment_horizon",
        status="relaxed" if (relaxed_by > 0).any() else answer.status,
        sense="min",
        value=answer.cost,
        bound=answer.bound,
        gap=relative_gap(answer.cost, answer.bound),
        solver=SOLVER,
        solver_version=solver_version(),
        seconds=time.perf_counter() - started,
        seed=settings.seed,
        input_hash=hash_inputs(
            items=items, periods=periods, suppliers=suppliers, order_periods=_known(order_periods), limits=_known(limits), settings=settings
        ),
        checked=True,
        violations=tuple(violation.message for violation in violations),
    )
    return HorizonPlan(first_orders(given, plan), plan, told, certificate)


def _known(frame: pl.DataFrame | None) -> pl.DataFrame:
    return pl.DataFrame() if frame is None else frame
