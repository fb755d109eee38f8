"""The table of limits: what was allowed, used and left, and what one more unit would earn."""

import polars as pl

from optimization.coupons.choice_program import ChoiceProgram, LimitRow
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.limits_schema import LIMITS_SCHEMA


def limits_frame(program: ChoiceProgram, solution: ChoiceSolution) -> pl.DataFrame:
    """Return one row per limit (grain: limit_name, scope).

    allowed, used, slack: in `unit`; for minimums slack is used less allowed. shadow_price: money of plan value per unit of the limit, from
    the linear relaxation, exactly 0 where the limit stops nothing. relaxed_by: by how much the limit had to give way, 0 as a rule.
    """
    activity = program.activity(solution.x) + (program.used_before if len(program.used_before) else 0.0)
    rows: list[dict[str, object]] = []
    for index, row in enumerate(program.rows):
        used = float(-activity[index] if row.is_minimum else activity[index])
        slack = used - row.allowed if row.is_minimum else row.allowed - used
        price, relaxed_by = float(solution.prices[index]), float(solution.relaxation[index])
        rows.append(
            {
                "limit_name": row.limit_name,
                "scope": row.scope,
                "allowed": row.allowed,
                "used": used,
                "slack": slack,
                "shadow_price": price,
                "unit": row.unit,
                "relaxed_by": relaxed_by,
                "sentence": _sentence(row, used, slack, price, relaxed_by),
            }
        )
    return pl.DataFrame(rows, schema=LIMITS_SCHEMA)


def _sentence(row: LimitRow, used: float, slack: float, price: float, relaxed_by: float) -> str:
    name = row.limit_name.replace("_", " ") + ("" if row.scope == "all" else f" of {row.scope}")
    if relaxed_by > 0:
        verb = "lowered" if row.is_minimum else "raised"
        return f"The limits collide: the {name} of {row.allowed:.2f} had to be {verb} by {relaxed_by:.2f} before any plan existed."
    if row.limit_name == "minimum_return":
        return f"The plan earns {used:.2f} above the required return" + (
            f"; allowing 1.00 less earns {price:.2f}." if price else ", so it costs nothing."
        )
    if row.limit_name.startswith("fixed_count"):
        side = "" if not row.is_minimum else "at least "
        word = "fewer" if row.is_minimum else "more"
        return f"A merchandiser fixed {side}{row.allowed:.0f} {row.scope}" + (f"; one {word} earns {price:.2f}." if price else ".")
    if price == 0:
        return f"The {name} stops nothing: {used:.2f} of {row.allowed:.2f} {row.unit} used, {slack:.2f} apart."
    if row.is_minimum:
        return f"One {row.unit.rstrip('s')} fewer in the {name} earns {price:.2f}."
    if row.unit == "money":
        return f"One more 1.00 of {name} earns {price:.2f}."
    return f"One more {row.unit.rstrip('s')} of the {name} earns {price:.2f}."
