"""The table of a calendar's limits: what was allowed, used and left, and what one more unit would earn."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from optimization.limits_schema import LIMITS_SCHEMA
from optimization.linear_program.arrays import Floats
from optimization.promotion_calendar.calendar_program import TOLD_ALWAYS, CalendarProgram, LimitRow

_NO_PRICE = 1e-9


def limits_table(program: CalendarProgram, used: Floats, prices: Floats, gave: Mapping[tuple[str, str], float]) -> pl.DataFrame:
    """Return one row per limit (grain: limit_name, scope; `LIMITS_SCHEMA`), in the order of the program.

    Slots, budgets and minimums are always told, stock where it has a price, rests and conflicts where they gave way. used and prices are
    per row of the program; prices are those of the linear relaxation. For minimums slack is used less allowed, and the price is what one
    fewer earns.
    """
    rows: list[dict[str, object]] = []
    for index, row in enumerate(program.rows):
        price, by = abs(float(prices[index])), gave.get((row.limit_name, row.scope), 0.0)
        price = price if price > _NO_PRICE else 0.0
        if not row.is_limit or (row.limit_name not in TOLD_ALWAYS and by == 0 and (row.limit_name != "stock" or price == 0)):
            continue
        taken = float(np.round(used[index], 9)) + 0.0
        slack = taken - row.allowed if row.is_minimum else row.allowed - taken
        rows.append(
            {
                "limit_name": row.limit_name,
                "scope": row.scope,
                "allowed": row.allowed,
                "used": taken,
                "slack": slack,
                "shadow_price": price,
                "unit": row.unit,
                "relaxed_by": by,
                "sentence": _sentence(row, taken, price, by),
            }
        )
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)


def _sentence(row: LimitRow, used: float, price: float, gave: float) -> str:
    name = f"{row.limit_name.replace('_', ' ')} ({row.scope})"
    if gave > 0:
        verb = "lowered" if row.is_minimum else "raised"
        return f"What was decided and the limits collide: the {name} of {row.allowed:g} had to be {verb} by {gave:g} {row.unit}."
    if price == 0:
        return f"The {name} stops nothing: {used:g} of {row.allowed:g} {row.unit}."
    if row.is_minimum:
        return f"One promotion fewer in the {name} earns {price:.2f}."
    one = {"money": "1.00", "promotions": "promotion", "units": "unit"}[row.unit]
    return f"One more {one} of the {name} earns {price:.2f}."
