"""What to do when decisions of the merchandiser and minimums collide with limits: how little the limits would have to give way.

What was decided stays. Every limit may give way at a price, measured against its own size (at least 1) so that promotions, units and money
add up, and the total is the smallest there is. Choices that nothing asks for only use up limits, so they are left aside.

Public: `smallest_relaxation`.
"""

import numpy as np

from optimization.linear_program import LinearArrays, SolverError, solve_arrays
from optimization.promotion_calendar.calendar_program import CalendarProgram
from optimization.promotion_calendar.core_program import restricted
from optimization.promotion_calendar.settings import CalendarSettings

_TINY = 1e-7


def smallest_relaxation(program: CalendarProgram, minimum_categories: set[str], settings: CalendarSettings) -> dict[tuple[str, str], float]:
    """Return by how much limits (limit_name, scope) of `program` (without stock cuts) have to give way before a calendar exists.

    Raises SolverError where the search for it ends without an answer.
    """
    choices = program.choices
    asked = choices["must_run"].to_numpy() | choices["category"].is_in(sorted(minimum_categories)).to_numpy()
    arrays, _, rows = restricted(program, asked.astype(np.bool_))
    limits = np.flatnonzero([program.rows[row].is_limit for row in rows.tolist()])
    columns, gives = len(arrays.objective), len(limits)
    sign = np.where(arrays.row_sense[limits] == 1, 1.0, -1.0)
    elastic = LinearArrays(
        objective=np.concatenate([np.zeros(columns), 1.0 / np.maximum(np.abs(arrays.rhs[limits]), 1.0)]),
        lower=np.zeros(columns + gives),
        upper=np.concatenate([arrays.upper, np.full(gives, np.inf)]),
        is_integer=np.concatenate([arrays.is_integer, np.zeros(gives, dtype=np.bool_)]),
        row_sense=arrays.row_sense,
        rhs=arrays.rhs,
        entry_row=np.concatenate([arrays.entry_row, limits]),
        entry_column=np.concatenate([arrays.entry_column, columns + np.arange(gives)]),
        entry_value=np.concatenate([arrays.entry_value, sign]),
    )
    answer = solve_arrays(elastic, settings.solve_options(absolute_gap=1e-6))
    if answer.value is None:
        raise SolverError(f"The search for the smallest relaxation of the calendar's limits ended as {answer.status}.")
    given = {program.rows[row]: float(give) for row, give in zip(rows[limits].tolist(), answer.x[columns:], strict=True)}
    return {(row.limit_name, row.scope): give for row, give in given.items() if give > _TINY * max(abs(row.allowed), 1.0)}
