"""The tables of a horizon plan: what each item does in each period, today's orders, and the limits with their prices.

Public: `plan_table`, `first_orders`, `limit_table`.
"""

import numpy as np
import polars as pl

from optimization.limits_schema import LIMITS_SCHEMA
from optimization.replenishment_horizon.course_of_stock import Course, supplier_values, used_room
from optimization.replenishment_horizon.horizon_problem import Floats, HorizonProblem
from optimization.replenishment_horizon.priced_horizon import Prices
from optimization.replenishment_horizon.read_frames import KEY, HorizonInput

_SMALLEST_PRICE = 1e-7
_FULL = 1e-3  # a limit with more room than this share left stops nothing; what is left below it is too little for a pack


def plan_table(given: HorizonInput, course: Course) -> pl.DataFrame:
    """Return one row per item and period (grain: product_id, location_id, period), units unless said otherwise.

    order_units, order_packs, order_value (money) and arrival_period (null where nothing is ordered) by order period; arriving_units,
    receipt_units, stock_units (after both), demand_units (whole units, as planned), lost_units, end_stock_units by the period itself.
    """
    problem = given.problem
    ordered = problem.at_order(course.arriving.astype(np.float64)).astype(np.int64)
    arrival = np.arange(problem.periods)[None, :] + problem.lead[:, None]
    cells = pl.DataFrame(
        {
            "order_units": ordered.ravel(),
            "order_packs": (ordered // problem.pack[:, None]).ravel(),
            "order_value": (ordered * problem.unit_cost[:, None]).ravel(),
            "arrival_period": arrival.ravel(),
            "arriving_units": course.arriving.ravel(),
            "receipt_units": problem.receipts.ravel(),
            "stock_units": course.stock.ravel(),
            "demand_units": problem.demand.ravel(),
            "lost_units": course.lost.ravel(),
            "end_stock_units": course.end_stock.ravel(),
        }
    )
    return pl.concat([given.periods.select(*KEY, "period"), cells], how="horizontal").with_columns(
        arrival_period=pl.when(pl.col("order_units") > 0).then("arrival_period")
    )


def first_orders(given: HorizonInput, plan: pl.DataFrame) -> pl.DataFrame:
    """Return today's orders: product_id, location_id, supplier_id, order_units, order_packs, order_value, arrival_period (grain: item;
    items that order nothing in period 0 are left out)."""
    today = plan.filter((pl.col("period") == 0) & (pl.col("order_units") > 0))
    named = today.join(given.items.select(*KEY, "supplier_id"), on=KEY, how="left")
    return named.select(*KEY, "supplier_id", "order_units", "order_packs", "order_value", "arrival_period").sort(KEY)


def limit_table(given: HorizonInput, course: Course, prices: Prices, relaxed_by: Floats) -> pl.DataFrame:
    """Return one row per limit and period, `LIMITS_SCHEMA` (scope: "NAME in period T"); suppliers' minima where something is ordered.

    shadow_price: the slope of the best provable cost in the limit, 0 where the limit is not full.
    """
    problem = given.problem
    used = used_room(problem, course)
    names = [("purchase_budget", "all", "money")]
    names += [("category_budget", one, "money") for one in given.categories] + [("warehouse_volume", one, "m3") for one in given.places]
    rows: list[dict[str, object]] = []
    for room in np.flatnonzero(np.isfinite(problem.room)).tolist():
        name, scope, unit = names[room // problem.periods]
        allowed, period = float(problem.room[room] - relaxed_by[room]), room % problem.periods
        full = used[room] >= problem.room[room] - _FULL * max(abs(problem.room[room]), 1.0)
        price = float(prices.room[room]) if full and prices.room[room] >= _SMALLEST_PRICE else 0.0
        rows.append(_row(name, f"{scope} in period {period}", allowed, float(used[room]), price, unit, float(relaxed_by[room])))
    values = supplier_values(problem, course.arriving)
    for supplier, period in zip(*(one.tolist() for one in np.nonzero((values > 0) & (problem.minimum > 0)[:, None])), strict=True):
        minimum, value = float(problem.minimum[supplier]), float(values[supplier, period])
        price = float(prices.minimum[supplier, period]) if value <= minimum * (1 + _FULL) else 0.0
        row = _row("supplier_minimum", f"{given.suppliers[supplier]} in period {period}", minimum, value, price, "money", 0.0)
        rows.append(row | {"slack": value - minimum})
    return pl.DataFrame([row | {"sentence": _sentence(row)} for row in rows], schema=LIMITS_SCHEMA).sort("limit_name", "scope")


def relaxed_room(problem: HorizonProblem, nothing_ordered: Course) -> Floats:
    """Return the rooms, each widened just enough for what lies or is spent there without any order: the smallest relaxation of each, since
    no plan uses less."""
    return np.maximum(problem.room, used_room(problem, nothing_ordered))


def _row(name: str, scope: str, allowed: float, used: float, price: float, unit: str, relaxed_by: float) -> dict[str, object]:
    return {
        "limit_name": name,
        "scope": scope,
        "allowed": allowed,
        "used": used,
        "slack": allowed - used,
        "shadow_price": price,
        "unit": unit,
        "relaxed_by": relaxed_by,
    }


def _sentence(row: dict[str, object]) -> str:
    allowed, used, price, relaxed_by = (float(str(row[name])) for name in ("allowed", "used", "shadow_price", "relaxed_by"))
    what = f"{str(row['limit_name']).replace('_', ' ')} ({row['scope']})"
    unit = "" if row["unit"] == "money" else " m3"
    if relaxed_by > 0:
        return f"The {what} is used up before ordering; it would have to be {relaxed_by:,.2f}{unit} more."
    if row["limit_name"] == "supplier_minimum":
        told = f"The order of {used:,.2f} meets the {what} of {allowed:,.2f}"
        return f"{told}; a minimum lower by 1.00 saves {price:,.4f}." if price > 0 else f"{told}."
    if price > 0:
        return f"One more {'1.00' if not unit else 'm3'} of {what} saves {price:,.4f}."
    return f"The {what} does not bind: {used:,.2f} of {allowed:,.2f}{unit} used."
