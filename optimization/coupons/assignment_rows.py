"""Writes one row per customer: the decision, its numbers and its reason (`reasons.py`)."""

import numpy as np
import polars as pl

from optimization.coupons.choice_program import ChoiceProgram
from optimization.coupons.choice_solution import ChoiceSolution
from optimization.coupons.offers import Offers
from optimization.coupons.reasons import explain
from optimization.linear_program.arrays import Floats, Integers

_AT_ONCE = 50_000  # customers whose limits are written out at a time

ASSIGNMENTS_SCHEMA = {
    "customer_key": pl.String,
    "segment": pl.String,
    "coupon_id": pl.String,
    "expected_gain": pl.Float64,
    "expected_cost": pl.Float64,
    "value": pl.Float64,
    "redemption_probability": pl.Float64,
    "best_coupon_id": pl.String,
    "best_value": pl.Float64,
    "next_best_coupon_id": pl.String,
    "regret": pl.Float64,
    "reason_code": pl.String,
    "sentence": pl.String,
    "is_holdout": pl.Boolean,
    "propensity": pl.Float64,
}


def assignment_rows(
    offers: Offers,
    everyone: pl.DataFrame,
    columns: Integers,
    given: Integers,
    program: ChoiceProgram,
    solution: ChoiceSolution,
    holdout_share: float,
) -> pl.DataFrame:
    """Return one row per customer, ASSIGNMENTS_SCHEMA.

    everyone: customer_key, segment, group of the offers (null: none), is_holdout. columns: the offers that the program chooses from, in its
    order. given: offers that a merchandiser gave.
    """
    groups = len(offers.keys)
    open_group = offers.group[columns[program.group_starts]] if len(columns) else np.zeros(0, dtype=np.int64)
    picked, own_best, next_best = _choices(program, solution)
    chosen, next_offer, blocking = (np.full(groups, -1, dtype=np.int64) for _ in range(3))
    chosen[open_group] = np.where(picked >= 0, columns[picked], -1) if len(columns) else -1
    chosen[offers.group[given]] = given
    next_offer[open_group] = np.where(next_best >= 0, columns[next_best], -1) if len(columns) else -1
    blocking[open_group] = _blocking_rows(program, solution, own_best, picked)
    is_given = np.zeros(groups, dtype=bool)
    is_given[offers.group[given]] = True
    best = _first_top(offers.value, offers.starts, offers.group) if groups else np.zeros(0, dtype=np.int64)
    of_group = pl.DataFrame(
        {
            "group": np.arange(groups, dtype=np.int64),
            "coupon_id": offers.coupon.text(chosen),
            "expected_gain": _at(offers.gain, chosen),
            "expected_cost": _at(offers.cost, chosen),
            "value": _at(offers.value, chosen),
            "redemption_probability": _at(offers.redemption, chosen),
            "best_coupon_id": offers.coupon.text(best),
            "best_value": offers.value[best],
            "next_best_coupon_id": offers.coupon.text(next_offer),
            "offer_count": offers.offers_of_group,
            "blocking": blocking,
            "is_given": is_given,
        }
    )
    if everyone.height == groups:
        rows = everyone.drop("group").hstack(of_group.drop("group"))
    else:
        rows = everyone.join(of_group, on="group", how="left", maintain_order="left")
        rows = rows.with_columns(
            pl.col("expected_gain", "expected_cost", "value", "redemption_probability").fill_null(0.0),
            pl.col("offer_count").fill_null(0),
            pl.col("is_given").fill_null(value=False),
            pl.col("blocking").fill_null(-1),
        )
    propensity = (
        pl.when(pl.col("offer_count") == 0)
        .then(None)
        .when("is_given")
        .then(1.0)
        .when("is_holdout")
        .then(holdout_share)
        .otherwise(1.0 - holdout_share)
    )
    explained = explain(rows.with_columns(propensity=propensity), program.rows)
    return explained.select([pl.col(name).cast(kind) for name, kind in ASSIGNMENTS_SCHEMA.items()])


def _choices(program: ChoiceProgram, solution: ChoiceSolution) -> tuple[Integers, Integers, Integers]:
    """Return per group of the program: the chosen column, the own best one, and the runner-up at the limits' prices (-1: none)."""
    starts = program.group_starts
    if len(starts) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing
    chosen = np.flatnonzero(solution.x > 0.5)
    of_group = np.full(len(starts), -1, dtype=np.int64)
    of_group[program.group[chosen]] = chosen
    others = program.value - program.charges(solution.prices)
    others[chosen] = -np.inf
    next_best = _first_top(others, starts, program.group)
    return of_group, _first_top(program.value, starts, program.group), np.where(others[next_best] > 0, next_best, -1)


def _at(numbers: Floats, positions: Integers) -> Floats:
    return np.where(positions >= 0, numbers[positions], 0.0) if len(numbers) else np.zeros(len(positions))


def _first_top(values: Floats, starts: Integers, owner: Integers) -> Integers:
    top = np.maximum.reduceat(values, starts)
    winners = np.flatnonzero(values == top[owner])
    return winners[np.flatnonzero(np.diff(owner[winners], prepend=-1))]


def _blocking_rows(program: ChoiceProgram, solution: ChoiceSolution, own_best: Integers, chosen: Integers) -> Integers:
    """Return, per group, the row that charges the own best offer most above the given one; without a charge, the one with no room; else -1."""
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
