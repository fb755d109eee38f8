"""Check a plan without knowing how it was made: every rule is recomputed from the inputs and the orders.

Public: `Violation`, `check_plan`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from optimization.replenishment.explanation import PARTS_ADDED, PARTS_CUT
from optimization.replenishment.read_items import KEY, read_items, read_suppliers
from optimization.replenishment.room_limits import volume_at_arrival, with_category
from optimization.replenishment.settings import ReplenishmentLimits

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Violation:
    """One broken rule: its name, whom it concerns, and a sentence."""

    rule: str
    scope: str
    message: str


def check_plan(items: pl.DataFrame, suppliers: pl.DataFrame, limits: ReplenishmentLimits, orders: pl.DataFrame) -> list[Violation]:
    """Return everything that is wrong with `orders`, empty where nothing is; inputs are the same frames that the plan was made from."""
    read = with_category(read_items(items), items, limits)
    if not read.select(KEY).equals(orders.select(KEY).sort(KEY)):
        return [Violation("rows", "all", "The orders do not hold exactly one row per item.")]
    told = orders.select(*KEY, "order_units", "order_packs", "order_value", "proposed_units", *PARTS_ADDED, *PARTS_CUT)
    joined = read.join(told, on=KEY, how="left")
    found = [*_row_rules(joined), *_supplier_rules(joined, read_suppliers(suppliers, read)), *_limit_rules(joined, limits)]
    return sorted(found, key=lambda one: (one.rule, one.scope))


def _row_rules(joined: pl.DataFrame) -> Iterator[Violation]:
    units, pack = pl.col("order_units"), pl.col("pack_units")
    added, cut = pl.sum_horizontal(PARTS_ADDED), pl.sum_horizontal(PARTS_CUT)
    tolerance = TOLERANCE * pl.max_horizontal(units.abs(), 1.0)
    action, free = pl.col("override_action"), pl.col("override_action").is_null()
    decided = pl.when(action == "reject").then(0.0).otherwise(pl.coalesce("override_units", "proposed_units"))
    change = pl.when(free).then(0.0).otherwise(units - pl.col("proposed_units"))
    rules = {
        "override": (~free & ((units - decided).abs() > tolerance), "does not order what the buyer decided"),
        "override_change": ((pl.col("override_change_units") - change).abs() > tolerance, "has a wrong change by the buyer"),
        "units": (units.is_null() | ~units.is_finite() | (units < 0), "orders a quantity that is no number of pieces"),
        "pack": (((units - pl.col("order_packs") * pack).abs() > tolerance).fill_null(free), "orders no whole number of packs"),
        "moq": (free & (units > 0) & (units < pl.col("moq_units") - tolerance), "orders less than the minimum order quantity"),
        "calendar": (free & (units > 0) & ~pl.col("is_order_day"), "orders on a day without order-taking"),
        "blocked": (free & (units > 0) & (pl.col("blocked_because").is_not_null() | ~pl.col("has_forecast")), "orders a blocked item"),
        "value": ((pl.col("order_value") - units * pl.col("unit_cost")).abs() > tolerance * pl.col("unit_cost"), "has a wrong order value"),
        "parts": ((added - cut - units).abs() > tolerance, "has parts that do not add up to the order"),
        "cuts": (pl.any_horizontal(pl.col(name) < -TOLERANCE for name in PARTS_CUT), "has a negative cut"),
    }
    for rule, (broken, message) in rules.items():
        for product, location in joined.filter(broken.fill_null(False)).select(KEY).iter_rows():
            yield Violation(rule, f"{product} at {location}", f"{product} at {location} {message}.")


def _supplier_rules(joined: pl.DataFrame, suppliers: pl.DataFrame) -> Iterator[Violation]:
    values = joined.group_by("supplier_id").agg(value=(pl.col("order_units") * pl.col("unit_cost")).sum())
    short = suppliers.join(values, on="supplier_id").filter(
        (pl.col("value") > 0) & (pl.col("value") < pl.col("min_order_value") * (1 - TOLERANCE) - TOLERANCE)
    )
    for name, value, minimum in short.select("supplier_id", "value", "min_order_value").iter_rows():
        yield Violation("supplier_minimum", name, f"The order of {value:.2f} at {name} is below its minimum of {minimum:.2f}.")


def _limit_rules(joined: pl.DataFrame, limits: ReplenishmentLimits) -> Iterator[Violation]:
    spent = limits.purchase_budget_used + float(joined.select((pl.col("order_units") * pl.col("unit_cost")).sum()).item() or 0.0)
    budget = limits.purchase_budget
    if budget is not None and spent > budget + TOLERANCE * max(abs(budget), 1.0):
        yield Violation("purchase_budget", "all", f"The orders are worth {spent:.2f}, the purchase budget is {budget:.2f}.")
    bought = dict(joined.group_by("category").agg((pl.col("order_units") * pl.col("unit_cost")).sum()).iter_rows())
    for category, allowed in sorted(limits.purchase_budget_by_category.items()):
        worth = limits.purchase_budget_used_by_category.get(category, 0.0) + bought.get(category, 0.0)
        if worth > allowed + TOLERANCE * max(abs(allowed), 1.0):
            message = f"The orders of category {category} are worth {worth:.2f}, its purchase budget is {allowed:.2f}."
            yield Violation("category_budget", category, message)
    used = limits.warehouse_volume_used_m3
    before = volume_at_arrival(joined) if used is None else used
    added = dict(joined.group_by("location_id").agg((pl.col("order_units") * pl.col("volume_m3")).sum()).iter_rows())
    for place, allowed in sorted(limits.warehouse_volume_m3.items()):
        volume = before.get(place, 0.0) + added.get(place, 0.0)
        if volume > allowed + TOLERANCE * max(abs(allowed), 1.0):
            yield Violation("warehouse_volume", place, f"{volume:.3f} m3 would lie at {place}, its volume is {allowed:.3f} m3.")
