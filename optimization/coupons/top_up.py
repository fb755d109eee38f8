"""Uses up what a search that stopped within its gap left lying: offers that are better and fit as they are.

Without it a customer could go without an affordable coupon, and no limit could be named as the reason.
"""

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram
from optimization.linear_program.arrays import Floats

_ROUNDS = 20
_PER_ROUND = 2_000


def top_up(program: ChoiceProgram, x: Floats) -> Floats:
    """Return x with every single change that earns more and breaks no row made, the most profitable first. One offer per group."""
    x = x.copy()
    matrix = program.matrix()
    groups = len(program.capacity)
    for _ in range(_ROUNDS):
        chosen = np.full(groups, -1, dtype=np.int64)
        picked = np.flatnonzero(x > 0.5)
        chosen[program.group[picked]] = picked
        held = chosen[program.group]  # per column: what its group has now
        current = np.where(held >= 0, program.value[held], 0.0)
        gained = program.value - current
        room = program.rhs - program.activity(x)
        fits = gained > 1e-9 * max(float(np.abs(program.value).max(initial=0.0)), 1e-12)
        for row in range(len(program.rhs)):
            needs = np.zeros(len(program.value))
            mine = program.entry_row == row
            needs[program.entry_column[mine]] = program.entry_value[mine]
            fits &= needs - np.where(held >= 0, needs[held], 0.0) <= np.maximum(room[row], 0.0)
        candidates = np.flatnonzero(fits)
        if len(candidates) == 0:
            break
        candidates = candidates[np.argsort(-gained[candidates], kind="stable")][:_PER_ROUND]
        changes = matrix[candidates].toarray() - np.where(
            (held[candidates] >= 0)[:, None], matrix[np.maximum(held[candidates], 0)].toarray(), 0.0
        )
        touched: set[int] = set()
        for column, change in zip(candidates.tolist(), changes, strict=True):
            group = int(program.group[column])
            if group in touched or not (change <= np.maximum(room, 0.0)).all():
                continue
            if held[column] >= 0:
                x[held[column]] = 0.0
            x[column] = 1.0
            room = room - change
            touched.add(group)
    return x
