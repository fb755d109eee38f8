"""Uses up what a search that stopped within its gap left lying: offers that are better and fit as they are.

Without it a customer could go without an affordable coupon, and no limit could be named as the reason.
"""

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram, RowFamily
from optimization.linear_program.arrays import Floats, Integers

_ROUNDS = 20
_PER_ROUND = 2_000


def top_up(program: ChoiceProgram, x: Floats) -> Floats:
    """Return x with every single change that earns more and breaks no row made, the most profitable first. One offer per group."""
    x = x.copy()
    groups = len(program.capacity)
    for _ in range(_ROUNDS):
        chosen = np.full(groups, -1, dtype=np.int64)
        picked = np.flatnonzero(x > 0.5)
        chosen[program.group[picked]] = picked
        room = program.rhs - program.activity(x)
        candidates, gained = _better_and_fitting(program, chosen, np.maximum(room, 0.0))
        if len(candidates) == 0:
            break
        candidates = candidates[np.argsort(-gained, kind="stable")][:_PER_ROUND]
        _make_changes(program, x, candidates, chosen, room)
    return x


def _better_and_fitting(program: ChoiceProgram, chosen: Integers, room: Floats) -> tuple[Integers, Floats]:
    """Return the columns that earn more than what their group holds and fit in its place, and by how much they earn more."""
    found: list[Integers] = []
    everywhere = [family for family in program.families if family.is_everywhere]
    others = [family for family in program.families if not family.is_everywhere]
    for part in program.parts():
        held = chosen[part.groups]
        current = np.where(held >= 0, program.value[held], 0.0)
        is_better = program.value[part.columns] - np.repeat(current, part.sizes) > 1e-9 * program.largest_value
        for family in everywhere:
            frees = np.where(held >= 0, family.coefficient[held], 0.0)
            is_better &= family.coefficient[part.columns] - np.repeat(frees, part.sizes) <= room[family.row[0]]
        columns = np.flatnonzero(is_better) + part.columns.start
        held = chosen[program.group[columns]]
        for family in others:
            fits = _fits(family, columns, held, room)
            columns, held = columns[fits], held[fits]
        found.append(columns)
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    held = chosen[program.group[columns]]
    return columns, program.value[columns] - np.where(held >= 0, program.value[held], 0.0)


def _fits(family: RowFamily, columns: Integers, held: Integers, room: Floats) -> np.ndarray:
    """Tell which columns fit into the family's rows in the place of what their group holds (-1: nothing)."""
    row, needs = family.row[columns], family.coefficient[columns]
    held_row = np.where(held >= 0, family.row[held], -1)
    frees = np.where(held_row >= 0, family.coefficient[held], 0.0)
    of_row = np.append(room, np.inf)  # the last is for row -1
    same = row == held_row
    return (needs - np.where(same, frees, 0.0) <= of_row[row]) & (same | (-frees <= of_row[held_row]))


def _make_changes(program: ChoiceProgram, x: Floats, columns: Integers, chosen: Integers, room: Floats) -> None:
    held = chosen[program.group[columns]]
    changes = program.matrix(columns).toarray() - np.where((held >= 0)[:, None], program.matrix(np.maximum(held, 0)).toarray(), 0.0)
    touched: set[int] = set()
    for column, before, change in zip(columns.tolist(), held.tolist(), changes, strict=True):
        group = int(program.group[column])
        if group in touched or not (change <= np.maximum(room, 0.0)).all():
            continue
        if before >= 0:
            x[before] = 0.0
        x[column] = 1.0
        room = room - change
        touched.add(group)
