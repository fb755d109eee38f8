"""The program over some of its choices: everything else is left out of the calendar.

Public: `restricted`.
"""

from dataclasses import replace

import numpy as np

from optimization.linear_program import LinearArrays
from optimization.linear_program.arrays import Flags, Integers
from optimization.promotion_calendar.calendar_program import CalendarProgram


def restricted(program: CalendarProgram, kept: Flags) -> tuple[LinearArrays, Integers, Integers]:
    """Return the arrays of the kept choices and of pairs of which both sides have one, and the columns and rows of `program` they
    stand for. Rows that the kept choices cannot break are left out.
    """
    arrays, count = program.arrays, program.choices.height
    columns = np.concatenate([kept, np.zeros(len(program.pairs), dtype=np.bool_)])
    columns[count:] = _both_sides(program, kept)
    position = np.cumsum(columns) - 1
    entries = columns[arrays.entry_column]
    row, column, value = arrays.entry_row[entries], position[arrays.entry_column[entries]], arrays.entry_value[entries]
    most = np.bincount(row, weights=np.maximum(value, 0.0), minlength=len(arrays.rhs))
    needed = (arrays.row_sense >= 0) | (most > arrays.rhs)
    place = np.cumsum(needed) - 1
    inside = needed[row]
    part = replace(
        arrays,
        objective=arrays.objective[columns],
        lower=arrays.lower[columns],
        upper=arrays.upper[columns],
        is_integer=arrays.is_integer[columns],
        row_sense=arrays.row_sense[needed],
        rhs=arrays.rhs[needed],
        entry_row=place[row[inside]],
        entry_column=column[inside],
        entry_value=value[inside],
    )
    return part, np.flatnonzero(columns), np.flatnonzero(needed)


def _both_sides(program: CalendarProgram, kept: Flags) -> Flags:
    products, weeks = program.choices["product_id"].to_list(), program.choices["week"].to_list()
    there = {(products[column], weeks[column]) for column in np.flatnonzero(kept).tolist()}
    return np.array([(a, week) in there and (b, week) in there for a, b, week in program.pairs], dtype=np.bool_)
