"""What the plan decided per customer: the coupon, the runner-up and the limit that stood in the way."""

from dataclasses import dataclass

import numpy as np

from optimization.coupons.choice_program import ChoiceProgram, LimitRow
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.offers import Codes, Offers, run_starts
from optimization.linear_program.arrays import Integers

_AT_ONCE = 50_000  # customers whose limits are written out at a time


@dataclass(frozen=True)
class Decisions:
    """One entry per group of the offers: chosen, runner-up and own best offer, the limit (position in `rows`); -1 for none."""

    chosen: Integers
    next_best: Integers
    own_best: Integers
    blocking: Integers
    is_given: np.ndarray
    rows: tuple[LimitRow, ...]


def decisions_of(offers: Offers, columns: Integers | Codes, given: Integers, program: ChoiceProgram, solution: ChoiceSolution) -> Decisions:
    """Return the decisions. columns: the offers that the program chooses from, in its order. given: offers that a merchandiser gave."""
    groups = len(offers.keys)
    chosen, next_best, blocking = (np.full(groups, -1, dtype=np.int64) for _ in range(3))
    if len(columns):
        open_group = offers.group[columns[program.group_starts]]
        picked, own_best, runner_up = _choices(program, solution)
        chosen[open_group] = np.where(picked >= 0, columns[picked], -1)
        next_best[open_group] = np.where(runner_up >= 0, columns[runner_up], -1)
        blocking[open_group] = _blocking_rows(program, solution, own_best, picked)
    chosen[offers.group[given]] = given
    is_given = np.zeros(groups, dtype=bool)
    is_given[offers.group[given]] = True
    return Decisions(chosen, next_best, _own_best(offers), blocking, is_given, program.rows)


def _own_best(offers: Offers) -> Integers:
    top = np.maximum.reduceat(offers.value, offers.starts) if offers.count else np.zeros(0)
    winners = np.flatnonzero(offers.value == top[offers.group])
    return winners[run_starts(offers.group[winners])]


def _choices(program: ChoiceProgram, solution: ChoiceSolution) -> tuple[Integers, Integers, Integers]:
    """Return per group of the program: the chosen column, the own best one, and the runner-up at the limits' prices (-1: none)."""
    chosen = np.flatnonzero(solution.x > 0.5)
    of_group = np.full(len(program.group_starts), -1, dtype=np.int64)
    of_group[program.group[chosen]] = chosen
    own_best, runner_up = np.empty_like(of_group), np.empty_like(of_group)
    for part in program.parts():
        values = program.value[part.columns]
        own_best[part.groups] = part.first_top(values)[1] + part.columns.start
        others = values - program.charges_of(part.columns, solution.prices)
        picked = of_group[part.groups]
        others[picked[picked >= 0] - part.columns.start] = -np.inf
        top, first = part.first_top(others)
        runner_up[part.groups] = np.where(top > 0, first + part.columns.start, -1)
    return of_group, own_best, runner_up


def _blocking_rows(program: ChoiceProgram, solution: ChoiceSolution, own_best: Integers, chosen: Integers) -> Integers:
    """Return, per group, the row that charges the own best offer most above the given one; without a charge, the one with no room."""
    found = np.full(len(own_best), -1, dtype=np.int64)
    if not program.rows:
        return found
    room = program.rhs + solution.relaxation - program.activity(solution.x)
    size = np.maximum(program.largest_entry, 1e-12)
    differs = np.flatnonzero(chosen != own_best)
    for first in range(0, len(differs), _AT_ONCE):
        groups = differs[first : first + _AT_ONCE]
        needs = program.matrix(own_best[groups]).toarray()
        holding = np.flatnonzero(chosen[groups] >= 0)
        more = needs.copy()
        more[holding] -= program.matrix(chosen[groups[holding]]).toarray()
        charge = more * solution.prices
        worst = charge.argmax(axis=1)
        free = np.flatnonzero(charge.max(axis=1) <= 1e-9)
        lacking = np.where(more[free] > 0, (more[free] - room) / size, -np.inf)
        worst[free] = lacking.argmax(axis=1)
        found[groups] = worst
    return found
