"""The calendar written down whole and plainly: every candidate a column, every pair of weeks and products a row.

What the program is measured and tested against: no candidate is left out, no row is strengthened, nothing is priced.

Public: `whole_model`.
"""

from dataclasses import replace

import numpy as np
import polars as pl

from optimization.linear_program import LinearArrays, RowBuilder
from optimization.linear_program.arrays import Floats, Integers
from optimization.promotion_calendar.frames import CalendarFrames, read_frames
from optimization.promotion_calendar.limits import PromotionLimits


def whole_model(frames: CalendarFrames, limits: PromotionLimits) -> tuple[LinearArrays, pl.DataFrame]:
    """Return the program and its candidates; columns are the candidates in the frame's order, then one per pair with a loss and week."""
    read = read_frames(frames)
    candidates, rows = read.candidates, RowBuilder()
    price, cut = pl.col("unit_price"), pl.col("discount_share") * pl.col("take_up_share")
    new_price = price - price * cut
    worth = (pl.col("base_units") + pl.col("lift_units")) * (new_price - pl.col("unit_cost")) - pl.col("base_units") * (
        price - pl.col("unit_cost")
    )
    profit = candidates.select(worth - pl.col("slot_cost") - pl.col("lost_elsewhere")).to_series().to_numpy().astype(np.float64)
    use = (
        candidates.select((pl.col("base_units") + pl.col("lift_units")) * price * cut + pl.col("slot_cost"))
        .to_series()
        .to_numpy()
        .astype(np.float64)
    )
    lift = candidates["lift_units"].to_numpy().clip(min=0.0).astype(np.float64)
    product, week = np.array(candidates["product_id"].to_list(), dtype=object), candidates["week"].to_numpy()
    category = np.array(candidates["category"].to_list(), dtype=object)
    spots: dict[tuple[str, int], list[int]] = {}
    for column, spot in enumerate(candidates.select("product_id", "week").iter_rows()):
        spots.setdefault(spot, []).append(column)

    def at_most(columns: list[int] | Integers, most: float, weights: Floats | None = None, sense: str = "<=") -> None:
        where = np.array(columns, dtype=np.int64)
        rows.add(
            sense, np.array([most]), (np.zeros(len(where), dtype=np.int64), where, np.ones(len(where)) if weights is None else weights)
        )

    for spot, columns in spots.items():
        at_most(columns, 1.0)
        for rest in range(1, limits.cool_down_weeks + 1):
            later = spots.get((spot[0], spot[1] + rest))
            if later:
                at_most(columns + later, 1.0)
    for name, held in read.held.iter_rows():
        for near in range(-limits.cool_down_weeks, limits.cool_down_weeks + 1):
            at_most(spots.get((name, held + near), []), 0.0)
    own_category = dict(zip(product.tolist(), category.tolist(), strict=True))
    taken = [(one, own_category.get(name)) for name, one in read.held.iter_rows()]
    for one in sorted(set(week.tolist())):
        slots = limits.slots(one)
        if slots is not None:
            at_most(np.flatnonzero(week == one), float(max(slots - sum(at == one for at, _ in taken), 0)))
        for name, most in limits.category_slots.items():
            at_most(np.flatnonzero((week == one) & (category == name)), float(max(most - taken.count((one, name)), 0)))
    if limits.budget is not None:
        at_most(np.arange(len(use)), limits.budget, use)
    for name, amount in limits.category_budgets.items():
        own = np.flatnonzero(category == name)
        at_most(own, amount, use[own])
    for name, until, available in read.stock.iter_rows():
        own = np.flatnonzero((product == name) & (week <= until))
        at_most(own, available, lift[own])
    for name, least in limits.category_minimums.items():
        at_most(np.flatnonzero(category == name), float(least), sense=">=")
    for a, b in read.conflicts.iter_rows():
        for one in sorted(set(week.tolist())):
            if (a, one) in spots and (b, one) in spots:
                at_most(spots[a, one] + spots[b, one], 1.0)
        for free, other in ((a, b), (b, a)):
            for held, one in read.held.iter_rows():
                if held == other:
                    at_most(spots.get((free, one), []), 0.0)
    kinds = candidates["promotion_id"].to_list()
    for name, one, kind, action in read.decisions.iter_rows():
        decided = [column for column in spots.get((name, one), []) if kind is None or kinds[column] == kind]
        if decided:
            at_most(decided, 1.0 if action == "force" else 0.0, sense="=")
    losses: list[float] = []
    for a, b, loss in read.cannibalisation.iter_rows():
        for one in sorted(set(week.tolist())):
            if (a, one) in spots and (b, one) in spots:
                both = [*spots[a, one], *spots[b, one], len(profit) + len(losses)]
                at_most(both, 1.0, np.array([1.0] * (len(both) - 1) + [-1.0]))
                losses.append(loss)
    whole = len(profit) + len(losses)
    arrays = rows.program(np.concatenate([profit, -np.array(losses)]), np.zeros(whole), np.ones(whole), True, "max")
    return replace(arrays, is_integer=np.arange(whole) < len(profit)), candidates
