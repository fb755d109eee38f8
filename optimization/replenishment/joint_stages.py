"""From what items want alone to what is ordered: first the suppliers' terms, then budget and warehouses, so that each cut has a name.

Public: `Committed`, `StagedOrders`, `stage_orders`, `joint_problem`.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from optimization.replenishment.item_needs import ItemNeeds, size_curves
from optimization.replenishment.joint_problem import Flags, Floats, Integers, JointProblem, ordered, supplier_values, total_cost, used_room
from optimization.replenishment.room_limits import Rooms
from optimization.replenishment.settings import ReplenishmentSettings
from optimization.replenishment.solve_joint import JointAnswer, solve_joint

_PRICE_STEP = 0.01  # of a limit: prices are what one per cent more or less is worth
_MOST_SLOPED = 20_000  # above so many items one per cent is a thousand small steps, and the price at the limit says the same


@dataclass(frozen=True)
class StagedOrders:
    """with_suppliers, final: units after suppliers' terms and after all limits. problem: the day's
    joint problem over the items of `eligible` (row numbers). crowded_rooms: rooms that the suppliers' stage overfills."""

    with_suppliers: Floats
    final: Floats
    eligible: Integers
    problem: JointProblem
    answer: JointAnswer
    crowded_rooms: Flags


@dataclass(frozen=True)
class Committed:
    """What is decided before the program decides: `fixed` items (rows of the items planned) are not its to order, and suppliers that
    `must` be used, because something is fixed there, have to reach what is missing of their minimum if that is possible at all."""

    fixed: Flags
    must: Flags


def stage_orders(
    items: pl.DataFrame,
    needs: ItemNeeds,
    suppliers: pl.DataFrame,
    rooms: Rooms,
    settings: ReplenishmentSettings,
    committed: Committed | None = None,
) -> StagedOrders:
    """Return the orders of items with a forecast; items whose supplier takes no orders today order nothing, nor do fixed ones here."""
    free = np.ones(items.height, dtype=np.bool_) if committed is None else ~committed.fixed
    eligible = eligible_rows(items, needs)
    eligible = eligible[free[eligible]]
    problem = joint_problem(items, needs, suppliers, rooms, settings, eligible)
    if committed is not None and committed.must.any():
        return _stage_with_must(items, needs, problem, eligible, settings, committed.must)
    return _stage(items, needs, problem, eligible, settings)


def _stage_with_must(
    items: pl.DataFrame, needs: ItemNeeds, problem: JointProblem, eligible: Integers, settings: ReplenishmentSettings, must: Flags
) -> StagedOrders:
    """Reach the minimum where a supplier is used already, above all else: reaching one is rewarded with more than any two plans differ."""
    finite = np.where(np.isfinite(problem.cost), problem.cost, -np.inf)
    reward = float((finite.max(axis=1) - problem.cost.min(axis=1)).sum() + problem.fixed.sum() + 1) if len(eligible) else 1.0
    scale = max(float(problem.cost.min(axis=1).sum()), 1.0) if len(eligible) else 1.0  # no plan costs less
    rewarded = replace(problem, fixed=problem.fixed - reward * must)
    careful = replace(settings, relative_gap=settings.relative_gap * scale / (scale + reward * int(must.sum())))
    staged = _stage(items, needs, rewarded, eligible, careful)
    reached = int((must & (supplier_values(problem, ordered(problem, staged.answer.picks)) > 0)).sum())
    answer = replace(staged.answer, cost=staged.answer.cost + reward * reached, bound=staged.answer.bound + reward * reached)
    return replace(staged, problem=problem, answer=answer)


def _stage(
    items: pl.DataFrame, needs: ItemNeeds, problem: JointProblem, eligible: Integers, settings: ReplenishmentSettings
) -> StagedOrders:
    alone = np.abs(problem.units - needs.alone[eligible][:, None]).argmin(axis=1) if len(eligible) else np.zeros(0, dtype=np.int64)
    first = _alone_answer(problem, alone)
    if problem.binding.any():
        first = solve_joint(problem.without_room_limits(), settings)
    crowded = used_room(problem, ordered(problem, first.picks)) > problem.room * (1 + 1e-12)
    answer = solve_joint(problem, settings) if crowded.any() else first
    return StagedOrders(
        with_suppliers=_spread(ordered(problem, first.picks), eligible, items.height),
        final=_spread(ordered(problem, answer.picks), eligible, items.height),
        eligible=eligible,
        problem=problem,
        answer=answer,
        crowded_rooms=crowded,
    )


def eligible_rows(items: pl.DataFrame, needs: ItemNeeds) -> Integers:
    """Return the rows that can be ordered today and of which anything at all can be useful."""
    return np.flatnonzero(items["is_order_day"].to_numpy() & (needs.most > 0))


def joint_problem(
    items: pl.DataFrame,
    needs: ItemNeeds,
    suppliers: pl.DataFrame,
    rooms: Rooms,
    settings: ReplenishmentSettings,
    eligible: Integers | None = None,
) -> JointProblem:
    """Return the day's joint problem over the items of `eligible` (row numbers; None = those that can be ordered today)."""
    eligible = eligible_rows(items, needs) if eligible is None else eligible
    supplier_position = {name: index for index, name in enumerate(suppliers["supplier_id"].to_list())}
    place_position = {name: index for index, name in enumerate(rooms.places)}
    category_position = {name: index for index, name in enumerate(rooms.categories)}
    sizes, cost = size_curves(needs.part(eligible), settings.most_sizes)
    return JointProblem(
        units=sizes,
        cost=cost,
        unit_cost=items["unit_cost"].to_numpy()[eligible],
        unit_volume=items["volume_m3"].to_numpy()[eligible],
        supplier=np.array([supplier_position[name] for name in items["supplier_id"].to_list()], dtype=np.int64)[eligible],
        place=np.array([place_position.get(name, -1) for name in items["location_id"].to_list()], dtype=np.int64)[eligible],
        minimum=suppliers["min_order_value"].to_numpy(),
        fixed=suppliers["fixed_order_cost"].to_numpy(),
        room=rooms.room,
        category=np.array([category_position.get(name, -1) for name in items["category"].to_list()], dtype=np.int64)[eligible],
        category_count=len(rooms.categories),
        price_step=_PRICE_STEP * np.where(np.isfinite(rooms.allowed), np.abs(rooms.allowed), 0) if len(eligible) <= _MOST_SLOPED else None,
    )


def _alone_answer(problem: JointProblem, picks: Integers) -> JointAnswer:
    cost = total_cost(problem, picks)
    return JointAnswer(picks, cost, cost, "optimal", np.zeros(len(problem.room)), np.zeros(len(problem.minimum)))


def _spread(values: Floats, rows: Integers, height: int) -> Floats:
    spread = np.zeros(height)
    spread[rows] = values
    return spread
