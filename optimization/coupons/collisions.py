"""Why no plan keeps all limits, in three tiers, each said in a sentence.

arithmetic   a minimum that cannot be reached whatever the others get: more than there are offers, more than the coupons that exist, or
             dearer, at the cheapest offers, than a budget that pays for it
elastic      how far which limit has to give way: the smallest total relaxation, each limit measured by its own size
iis          limits that cannot hold together although any of them could be kept without the others (an irreducible set, by HiGHS)

The arithmetic comes first because its sentence needs no trust in a solver. Public: `explain_collision`, `COLLISIONS_SCHEMA`.
"""

import numpy as np
import polars as pl

from optimization.coupons.choice_program import ChoiceProgram, LimitRow
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.linear_program.arrays import Floats, Integers
from optimization.linear_program.colliding_rows import colliding_rows

COLLISIONS_SCHEMA = {"tier": pl.String, "limits": pl.String, "sentence": pl.String}
_COUNTED = ("minimum_issuance", "minimum_segment_share", "fixed_count_at_least")
_PAID = ("total_budget", "segment_budget", "category_budget")


def explain_collision(program: ChoiceProgram, solution: ChoiceSolution, most_columns: int) -> pl.DataFrame:
    """Return one row per finding (COLLISIONS_SCHEMA), none where no limit gave way.

    The irreducible set is sought up to `most_columns` offers; above, the elastic tier has the last word.
    """
    if not (solution.relaxation > 0).any():
        return pl.DataFrame(schema=COLLISIONS_SCHEMA)
    found = _arithmetic(program)
    for number in np.flatnonzero(solution.relaxation > 0).tolist():
        row, by = program.rows[number], float(solution.relaxation[number])
        verb = "lowered" if row.is_minimum else "raised"
        found.append(("elastic", [row], f"A plan exists once the {_name(row)} of {row.allowed:.2f} is {verb} by {by:.2f}."))
    if len(program.value) <= most_columns:
        rows = [program.rows[number] for number in colliding_rows(program.whole()) if number < len(program.rows)]
        if rows:
            words = ", ".join(_name(row) for row in rows)
            found.append(("iis", rows, f"These cannot hold together, each could without the others: {words}."))
    told = [(tier, "; ".join(_name(row) for row in rows), sentence) for tier, rows, sentence in found]
    return pl.DataFrame(told, schema=COLLISIONS_SCHEMA, orient="row")


def _name(row: LimitRow) -> str:
    return row.limit_name.replace("_", " ") + ("" if row.scope == "all" else f" of {row.scope}")


def _arithmetic(program: ChoiceProgram) -> list[tuple[str, list[LimitRow], str]]:
    found: list[tuple[str, list[LimitRow], str]] = []
    for number, row in enumerate(program.rows):
        if row.limit_name not in _COUNTED:
            continue
        columns, needed = _columns_of(program, number), -float(program.rhs[number])
        best = _per_group(program, columns, np.zeros(len(columns)))
        room = float(best[:, 1].sum())
        if needed > room + 1e-9:
            found.append(("arithmetic", [row], f"The {_name(row)} asks for {needed:.0f}, but only {room:.0f} can be given at all."))
            continue
        for other, limit in enumerate(program.rows):
            if limit.limit_name in (*_PAID, "issuance"):
                least = _cheapest(program, columns, other, needed)
                if least > float(program.rhs[other]) + 1e-6:
                    words = f"The {_name(row)} takes at least {least:.2f} of the {_name(limit)}, of which {program.rhs[other]:.2f} is left."
                    found.append(("arithmetic", [row, limit], words))
    return found


def _columns_of(program: ChoiceProgram, row: int) -> Integers:
    counted = [np.flatnonzero((family.row == row) & (family.coefficient != 0)) for family in program.families]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *counted]))


def _use(program: ChoiceProgram, columns: Integers, row: int) -> Floats:
    use = np.zeros(len(columns))
    for family in program.families:
        use += np.where(family.row[columns] == row, family.coefficient[columns], 0.0)
    return use


def _per_group(program: ChoiceProgram, columns: Integers, use: Floats) -> Floats:
    """Return per group that can help: the least use of one coupon, and how many coupons it can take."""
    if len(columns) == 0:
        return np.zeros((0, 2))
    groups, position = np.unique(program.group[columns], return_inverse=True)
    least, most = np.full(len(groups), np.inf), np.zeros(len(groups))
    np.minimum.at(least, position, use)
    np.add.at(most, position, program.upper[columns])
    return np.stack([least, np.minimum(most, program.capacity[groups])], axis=1)


def _cheapest(program: ChoiceProgram, columns: Integers, row: int, needed: float) -> float:
    """Return the least that `needed` coupons can use of a row: a bound from below, as each group is taken at its cheapest."""
    best = _per_group(program, columns, _use(program, columns, row))
    best = best[np.argsort(best[:, 0], kind="stable")]
    taken = np.clip(needed - np.concatenate([[0.0], np.cumsum(best[:, 1])[:-1]]), 0.0, best[:, 1])
    return float(taken @ best[:, 0])
