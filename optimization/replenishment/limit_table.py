"""The table of limits: what is allowed, what is used, and what one more unit of each limit would be worth.

The shadow price is the slope of the best provable cost in the limit, found with the prices; it holds near the limit and not far from it.
A limit that is not full has the price 0 exactly.

Public: `limit_table`.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from optimization.limits_schema import LIMITS_SCHEMA
from optimization.replenishment.joint_problem import ordered, supplier_values, used_room
from optimization.replenishment.joint_stages import StagedOrders
from optimization.replenishment.room_limits import Rooms
from optimization.replenishment.sentences import number

_SMALLEST_PRICE = 1e-7


def limit_table(staged: StagedOrders, rooms: Rooms, suppliers: pl.DataFrame, wanted: Mapping[str, float]) -> pl.DataFrame:
    """Return one row per limit (grain: limit_name, scope): purchase_budget, warehouse_volume per location, supplier_minimum per supplier.

    wanted: value of what would be ordered from each supplier today without any joint limit, money (absent: nothing).
    allowed, used and slack in `unit` (money or m3; slack below 0 = broken); shadow_price in money per unit; relaxed_by is how much the
    limit had to give way because limits collide, 0 where it holds.
    """
    problem, answer = staged.problem, staged.answer
    units = ordered(problem, answer.picks)
    used = used_room(problem, units) + rooms.taken
    prices = np.where(answer.prices < _SMALLEST_PRICE, 0.0, answer.prices)
    rows: list[dict[str, object]] = []
    for index, name in enumerate((None, *rooms.places)):
        if not np.isfinite(rooms.allowed[index]):
            continue
        limit, unit = ("purchase_budget", "money") if name is None else ("warehouse_volume", "m3")
        row = _row(limit, name or "all", rooms.allowed[index], used[index], float(prices[index]), unit, float(rooms.relaxed_by[index]))
        rows.append({**row, "sentence": _room_sentence(row)})
    values = supplier_values(problem, units)
    for index, (name, minimum) in enumerate(suppliers.select("supplier_id", "min_order_value").iter_rows()):
        if minimum <= 0:
            continue
        price = float(answer.minimum_prices[index]) if values[index] > 0 else 0.0
        row = _row("supplier_minimum", name, minimum, float(values[index]), price if price >= _SMALLEST_PRICE else 0.0, "money", 0.0)
        row["slack"] = float(values[index]) - minimum if values[index] > 0 else 0.0
        rows.append({**row, "sentence": _minimum_sentence(row, wanted.get(name, 0.0), float(rooms.room[0]))})
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)


def _row(limit: str, scope: str, allowed: float, used: float, price: float, unit: str, relaxed_by: float) -> dict[str, object]:
    return {
        "limit_name": limit,
        "scope": scope,
        "allowed": float(allowed),
        "used": float(used),
        "slack": float(allowed - used),
        "shadow_price": price,
        "unit": unit,
        "relaxed_by": relaxed_by,
    }


def _room_sentence(row: dict[str, object]) -> str:
    allowed, used, price, relaxed_by = (float(str(row[name])) for name in ("allowed", "used", "shadow_price", "relaxed_by"))
    money = row["unit"] == "money"
    what = "purchase budget" if money else f"volume at {row['scope']}"
    unit = "" if money else " m3"
    if relaxed_by > 0:
        return (
            f"The {what} of {number(allowed, 2)}{unit} is used up before ordering; it would have to be {number(relaxed_by, 2)}{unit} more."
        )
    if price > 0:
        return f"One more {'1.00' if money else 'm3'} of {what} saves {number(price, 4)}."
    return f"The {what} does not bind: {number(used, 2)} of {number(allowed, 2)}{unit} used."


def _minimum_sentence(row: dict[str, object], wanted: float, budget: float) -> str:
    allowed, used, price = (float(str(row[name])) for name in ("allowed", "used", "shadow_price"))
    minimum = f"its minimum of {number(allowed, 2)}"
    if used == 0 and wanted <= 0:
        return f"Nothing is wanted from {row['scope']} today, so {minimum} does not matter."
    if used == 0:
        goods = f"Goods worth {number(wanted, 2)} are wanted from {row['scope']}"
        if allowed > budget:
            return f"{goods}, but {minimum} is above the purchase budget of {number(budget, 2)}: nothing can be ordered there."
        if wanted < allowed:
            return f"{goods}, less than {minimum}; ordering up to it costs more than it saves or than the other limits leave."
        return f"{goods}, but under the other limits an order that reaches {minimum} is not worth it."
    if price > 0:
        return f"A minimum lower by 1.00 at {row['scope']} saves {number(price, 4)}."
    return f"The order of {number(used, 2)} at {row['scope']} is above its minimum of {number(allowed, 2)}."
