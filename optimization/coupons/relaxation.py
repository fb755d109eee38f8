"""What to do when limits collide: name them and find the smallest relaxation.

The relaxation minimised is the sum over rows of the added amount as a share of the row's own size, so that coupons and money compare.
"""

from dataclasses import replace

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.settings import CouponSettings
from optimization.linear_program.arrays import Floats, Integers, LinearArrays
from optimization.linear_program.solve_arrays import solve_arrays


def smallest_relaxation(program: ChoiceProgram, settings: CouponSettings, sample_order: Integers) -> Floats:
    """Return the amount to add to each right-hand side so that a plan exists, in the row's own unit.

    Above `settings.most_core_columns` offers it is estimated on a sample of groups and widened by one hundredth.
    """
    groups = len(program.group_starts)
    sizes = np.diff(np.append(program.group_starts, len(program.value)))
    room = settings.most_core_columns - len(program.rhs)
    taken = max(int(np.searchsorted(np.cumsum(sizes[sample_order]), room, side="right")), 1)
    whole = taken >= groups
    chosen = np.zeros(groups, dtype=bool)
    chosen[sample_order[:taken]] = True
    columns = np.flatnonzero(np.repeat(chosen, sizes)).astype(np.int64)
    share = taken / groups
    arrays = replace(program.restricted_to(columns, program.rhs * share), objective=np.zeros(len(columns)))
    integer = whole and len(columns) <= settings.whole_model_columns
    solved = solve_arrays(_with_slacks(arrays, len(program.rhs)), settings.solve_options(), relax=not integer)
    if solved.value is None:
        raise RuntimeError(f"The search for the smallest relaxation of the coupon limits ended as {solved.status}.")
    added = solved.x[len(columns) :] / share
    added = np.where(added > 1e-7 * np.maximum(np.abs(program.rhs), 1.0), added, 0.0)
    if integer:
        return added + np.where(added > 0, 1e-9 * np.maximum(np.abs(program.rhs), 1.0), 0.0)
    # whole customers need a little more room than the fractions of the relaxation
    widened = added * (1.001 if whole else 1.01) + program.largest_entry
    return np.where(added > 0, widened, 0.0)


def _with_slacks(arrays: LinearArrays, rows: int) -> LinearArrays:
    columns = len(arrays.objective)
    weight = 1.0 / np.maximum(np.abs(arrays.rhs[:rows]), 1.0)
    return LinearArrays(
        objective=np.concatenate([np.zeros(columns), weight]),
        lower=np.concatenate([arrays.lower, np.zeros(rows)]),
        upper=np.concatenate([arrays.upper, np.full(rows, np.inf)]),
        is_integer=np.concatenate([arrays.is_integer, np.zeros(rows, dtype=bool)]),
        row_sense=arrays.row_sense,
        rhs=arrays.rhs,
        entry_row=np.concatenate([arrays.entry_row, np.arange(rows)]),
        entry_column=np.concatenate([arrays.entry_column, columns + np.arange(rows)]),
        entry_value=np.concatenate([arrays.entry_value, -np.ones(rows)]),
        sense="min",
    )
