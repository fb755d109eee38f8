"""The table of limits: what is allowed, what is used, and what one more unit of each limit would be worth.

The shadow price of a budget or volume is the mean slope of the best provable cost over one per cent of the limit on either side. It is null
where the two sides differ (at a kink there is no one price), and its sentence then tells both. Where the plan's own gap is large against
what one per cent is worth, solving again may differ from the bound's price, and the sentence says so. A limit that is not full has the
price 0 exactly.

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
from optimization.replenishment.solve_joint import JointAnswer

_SMALLEST_PRICE = 1e-7
_ONE_PERCENT = 0.01
_KINK = 0.3  # sides that differ by more than this share of their mean are two prices


def limit_table(staged: StagedOrders, rooms: Rooms, suppliers: pl.DataFrame, wanted: Mapping[str, float]) -> pl.DataFrame:
    """Return one row per limit (grain: limit_name, scope): purchase_budget, warehouse_volume per location, supplier_minimum per supplier.

    wanted: value of what would be ordered from each supplier today without any joint limit, money (absent: nothing).
    allowed, used and slack in `unit` (money or m3; slack below 0 = broken); shadow_price in money per unit; relaxed_by is how much the
    limit had to give way because limits collide, 0 where it holds.
    """
    problem, answer = staged.problem, staged.answer
    units = ordered(problem, answer.picks)
    used = used_room(problem, units) + rooms.taken
    rows: list[dict[str, object]] = []
    for index, (limit, scope, unit) in enumerate(rooms.names):
        if not np.isfinite(rooms.allowed[index]):
            continue
        less, more = _slopes(answer, index)
        price = (less + more) / 2 if max(less - more, 0.0) <= _KINK * (less + more) / 2 else None
        row = _row(limit, scope, rooms.allowed[index], used[index], price, unit, float(rooms.relaxed_by[index]))
        worth = (less + more) * _ONE_PERCENT * abs(rooms.allowed[index])
        unsure = worth > 0 and answer.cost - answer.bound > worth / 2
        caution = f" So says the bound; the plan itself is proven to {number(answer.cost - answer.bound, 2)} only." if unsure else ""
        rows.append({**row, "sentence": _room_sentence(row, less, more) + caution})
    values = supplier_values(problem, units)
    for index, (name, minimum) in enumerate(suppliers.select("supplier_id", "min_order_value").iter_rows()):
        if minimum <= 0:
            continue
        price = float(answer.minimum_prices[index]) if values[index] > 0 else 0.0
        row = _row("supplier_minimum", name, minimum, float(values[index]), price if price >= _SMALLEST_PRICE else 0.0, "money", 0.0)
        row["slack"] = float(values[index]) - minimum if values[index] > 0 else 0.0
        rows.append({**row, "sentence": _minimum_sentence(row, wanted.get(name, 0.0), float(rooms.room[0]))})
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)


def _slopes(answer: JointAnswer, room: int) -> tuple[float, float]:
    """Return what one unit less of a room costs and one more saves, per unit; rounding is no price."""
    less, more = (answer.prices, answer.prices) if answer.slopes is None else answer.slopes
    return float(less[room] if less[room] >= _SMALLEST_PRICE else 0.0), float(more[room] if more[room] >= _SMALLEST_PRICE else 0.0)


def _row(limit: str, scope: str, allowed: float, used: float, price: float | None, unit: str, relaxed_by: float) -> dict[str, object]:
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


def _room_sentence(row: dict[str, object], less: float, more: float) -> str:
    allowed, used, relaxed_by = (float(str(row[name])) for name in ("allowed", "used", "relaxed_by"))
    money = row["unit"] == "money"
    what = "purchase budget" if row["scope"] == "all" and money else f"{'purchase budget of' if money else 'volume at'} {row['scope']}"
    unit = "" if money else " m3"
    if relaxed_by > 0:
        return (
            f"The {what} of {number(allowed, 2)}{unit} is used up before ordering; it would have to be {number(relaxed_by, 2)}{unit} more."
        )
    one = "1.00" if money else "m3"
    if row["shadow_price"] is None:
        return f"The {what} has no one price: one more {one} saves {number(more, 4)}, one less costs {number(less, 4)}."
    if less + more > 0:
        return f"One more {one} of {what} saves {number((less + more) / 2, 4)}."
    return f"The {what} does not bind: {number(used, 2)} of {number(allowed, 2)}{unit} used."


def _minimum_sentence(row: dict[str, object], wanted: float, budget: float) -> str:
    allowed, used, price = (float(str(row[name])) for name in ("allowed", "used", "shadow_price"))
    minimum = f"its minimum of {number(allowed, 2)}"
    if used == 0 and wanted <= 0:
        return f"Nothing is wanted from {row['scope']} today, so {minimum} does not matter."
    if used == 0:
        goods = f"Goods worth {number(wanted, 2)} are wanted from {row['scope']}"
        if allowed > budget:
            more = f"unless the budget is {number(allowed - budget, 2)} more"
            return f"{goods}, but {minimum} is above the purchase budget of {number(budget, 2)}: nothing can be ordered there {more}."
        if wanted < allowed:
            return f"{goods}, less than {minimum}; ordering up to it costs more than it saves or than the other limits leave."
        return f"{goods}, but under the other limits an order that reaches {minimum} is not worth it."
    if price > 0:
        return f"A minimum lower by 1.00 at {row['scope']} saves {number(price, 4)}."
    return f"The order of {number(used, 2)} at {row['scope']} is above its minimum of {number(allowed, 2)}."
