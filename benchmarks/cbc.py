"""CBC through PuLP as a peer: a program of arrays written down whole, one thread, stopped after a time limit.

CBC hands no bound back through PuLP, so its value is to be read against ours; stopped early, it may hand back fractions, so whoever asks
checks the answer.
"""

from typing import Any

import numpy as np

from optimization.linear_program import LinearArrays
from optimization.linear_program.arrays import Floats

__all__ = ["NOT_INSTALLED", "UNTOLD", "cbc_answer", "cbc_is_installed"]

NOT_INSTALLED, UNTOLD = "CBC is not installed", "stopped or optimal, untold"


def cbc_is_installed() -> bool:
    """True where PuLP finds CBC."""
    return _solver().available()


def cbc_answer(program: LinearArrays, time_limit_s: float, relative_gap: float | None = None) -> Floats:
    """Return x as CBC leaves it, NaN where it says nothing. relative_gap: None for CBC's own."""
    import pulp

    model = pulp.LpProblem("whole", pulp.LpMaximize if program.sense == "max" else pulp.LpMinimize)
    lower, upper = ([None if np.isinf(bound) else bound for bound in bounds.tolist()] for bounds in (program.lower, program.upper))
    kinds = ["Integer" if whole else "Continuous" for whole in program.is_integer.tolist()]
    x = [
        model.add_variable(f"x{number:07d}", low, high, kind)
        for number, (low, high, kind) in enumerate(zip(lower, upper, kinds, strict=True))
    ]
    model += pulp.LpAffineExpression(list(zip(x, program.objective.tolist(), strict=True)))
    rows: list[dict[Any, float]] = [{} for _ in program.rhs]
    entries = zip(program.entry_row.tolist(), program.entry_column.tolist(), program.entry_value.tolist(), strict=True)
    for row, column, value in entries:
        rows[row][x[column]] = rows[row].get(x[column], 0.0) + value
    for number, (terms, sense, rhs) in enumerate(zip(rows, program.row_sense.tolist(), program.rhs.tolist(), strict=True)):
        model += pulp.LpConstraint(pulp.LpAffineExpression(list(terms.items())), sense, f"r{number:07d}", rhs)
    model.solve(_solver(timeLimit=time_limit_s, threads=1, gapRel=relative_gap))
    return np.array([np.nan if one.varValue is None else one.varValue for one in x], dtype=np.float64)


def _solver(**settings: Any) -> Any:
    """CBC as PuLP brings it, or as it stands on the machine where PuLP brings none."""
    import pulp

    return (pulp.PULP_CBC_CMD if hasattr(pulp, "PULP_CBC_CMD") else pulp.COIN_CMD)(msg=False, **settings)
