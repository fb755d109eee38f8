"""Decide one day, around the quantities that are fixed already: stages, limits and the table of orders, with value and bound.

Public: `Day`, `Decided`, `decide_day`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.certificate import PlanStatus
from optimization.replenishment.cost_curves import expected_at
from optimization.replenishment.held_orders import HeldOrders, rooms_left, suppliers_left
from optimization.replenishment.item_needs import ItemNeeds
from optimization.replenishment.joint_stages import Committed, StagedOrders, stage_orders
from optimization.replenishment.limit_table import limit_table
from optimization.replenishment.moq_limits import moq_limit_rows
from optimization.replenishment.order_table import order_table
from optimization.replenishment.override_told import limits_with_held_orders
from optimization.replenishment.read_items import KEY
from optimization.replenishment.room_limits import Rooms
from optimization.replenishment.settings import ReplenishmentSettings


@dataclass(frozen=True)
class Day:
    """What a day's decision rests on; `planned` are the rows of `read` with a forecast and not blocked, those of `needs`."""

    read: pl.DataFrame
    planned: pl.DataFrame
    needs: ItemNeeds
    terms: pl.DataFrame
    rooms: Rooms
    settings: ReplenishmentSettings


@dataclass(frozen=True)
class Decided:
    """cost: expected cost of the plan. bound: no plan that keeps what is fixed costs less."""

    orders: pl.DataFrame
    limits: pl.DataFrame
    cost: float
    bound: float
    status: PlanStatus


def decide_day(day: Day, held: HeldOrders | None = None) -> Decided:
    """Decide a day, around quantities that are fixed already where there are any."""
    if held is None:
        staged = stage_orders(day.planned, day.needs, day.terms, day.rooms, day.settings)
        limits = limit_table(staged, day.rooms, day.terms, _wanted(day.planned, day.needs))
        orders = order_table(day.read, day.planned, day.needs, staged)
        limits = pl.concat([limits, moq_limit_rows(day.planned, day.needs, staged.final)])
        return Decided(orders, limits, staged.answer.cost, staged.answer.bound, _status(staged, day.rooms))
    key = list(KEY)
    units = (
        day.planned.select(key).join(day.read.select(key).with_columns(units=pl.Series(held.units)), on=key, how="left")["units"].to_numpy()
    )
    fixed = ~np.isnan(units)
    rooms = rooms_left(day.rooms, held)
    terms, must = suppliers_left(day.terms, held)
    staged = stage_orders(day.planned, day.needs, terms, rooms, day.settings, Committed(fixed, must))
    staged = replace(staged, final=np.where(fixed, units, staged.final))
    limits = limits_with_held_orders(limit_table(staged, rooms, day.terms, _wanted(day.planned, day.needs)), held, day.terms)
    settled = expected_at(np.where(fixed, units, 0.0)[:, None], day.needs.demand, day.needs.terms).cost[fixed].sum()
    used = day.terms.filter(pl.col("supplier_id").is_in([name for name, value in held.value.items() if value > 0]))
    constant = float(settled) + float(used["fixed_order_cost"].sum())
    status = "relaxed" if bool((limits["relaxed_by"] > 0).any()) else _status(staged, rooms)
    orders = order_table(day.read, day.planned, day.needs, staged, held)
    limits = pl.concat(
        [limits, moq_limit_rows(day.planned, day.needs, np.where(fixed, 0.0, staged.final))]
    )  # the buyer's own need no excuse
    return Decided(orders, limits, staged.answer.cost + constant, staged.answer.bound + constant, status)


def _wanted(planned: pl.DataFrame, needs: ItemNeeds) -> dict[str, float]:
    """Value per supplier of what its items would order today if there were no joint limits, money."""
    values = planned.select("supplier_id", value=pl.when("is_order_day").then(pl.Series(needs.alone) * pl.col("unit_cost")).otherwise(0.0))
    return dict(values.group_by("supplier_id").agg(pl.col("value").sum()).iter_rows())


def _status(staged: StagedOrders, rooms: Rooms) -> PlanStatus:
    if bool(np.any(rooms.relaxed_by > 0)):
        return "relaxed"
    return staged.answer.status if len(staged.eligible) or bool(np.any(staged.final > 0)) else "empty"
