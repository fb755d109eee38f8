"""How each policy runs over a stretch: ours from sample paths, the rules from the last periods' sales, and perfect information.

Public: `run_ours`, `run_rule`, `choose_weights`, `Weights`, `choose_parameter`, `run_perfect`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.closed_loop.cases import Case, Stretch, recent_mean
from assets.closed_loop.forecast_paths import PathForecaster
from assets.closed_loop.history import Floats
from optimization.closed_loop import (
    Baseline,
    Loop,
    Outcome,
    Rollout,
    RoundPolicy,
    Seen,
    limited_orders,
    limited_rule,
    outcome,
    path_orders,
    perfect_orders,
    run_loop,
    weighed_fractile,
)
from optimization.closed_loop.baselines import order_up_to
from optimization.replenishment.lost_sale_weights import COST_CLASSES

FREE_WEIGHTS = tuple(np.round(np.geomspace(0.1, 4.0, 19), 3).tolist())
LIMITED_WEIGHTS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)  # each of them solves a program per round
FRACTILE_BOUNDS = (0.02, 0.98)
CLASS_TRUST = 0.5  # how much a class's own windows count beside those of all items
REACH = 5  # periods simulated from an order's arrival on


@dataclass(frozen=True)
class Weights:
    """chosen: per class how often the shortage cost counts. cost: classes x `tried`, money over the windows; empty without a window."""

    chosen: Floats
    tried: tuple[float, ...]
    cost: Floats


def periods_ahead(case: Case, stretch: Stretch) -> int:
    """How far paths must reach for every round of a stretch."""
    lead = case.terms.longest_lead
    to_the_end = stretch.demand.shape[1] - (stretch.rounds - 1) if case.ends else 0
    return max(to_the_end, lead + 1) if stretch.limits is None else max(to_the_end, lead + REACH)


def run_ours(case: Case, stretch: Stretch, forecaster: PathForecaster, weight: Floats) -> Loop:
    """Orders from the forecast's sample paths; `weight` per item is how often the shortage cost counts."""

    def decide(seen: Seen) -> Floats:
        number = seen.period + 1
        left = stretch.demand.shape[1] - number  # periods from now to the end
        if case.ends and left <= case.terms.longest_lead:
            return np.zeros(weight.size)
        paths = forecaster.at(stretch.first + number)
        if stretch.limits is None:
            return _free_orders(case, stretch, seen, paths, weight)
        reach = left - case.terms.longest_lead if case.ends and number == stretch.rounds - 1 else REACH
        reach = min(reach, left - case.terms.longest_lead) if case.ends else reach
        later = stretch.rounds - 1 - number if case.ends else REACH
        plan = Rollout(reach, later, goes_on=not (case.ends and reach == left - case.terms.longest_lead))
        return limited_orders(seen, paths, case.terms, stretch.limits, number, RoundPolicy(weight, plan))[0]

    return run_loop(stretch.demand, stretch.start, case.terms, stretch.rounds, decide)


def _free_orders(case: Case, stretch: Stretch, seen: Seen, paths: Floats, weight: Floats) -> Floats:
    """Without limits items do not touch each other: a fractile of what is lacking, per lead time."""
    units = np.zeros(weight.size)
    last = case.ends and seen.period + 1 == stretch.rounds - 1
    for rows, terms in case.terms.groups(weight.size):
        covered = max(stretch.demand.shape[1] - (seen.period + 1 + terms.longest_lead), 1) if last else 1
        fractile = np.clip(weighed_fractile(weight[rows], terms), *FRACTILE_BOUNDS)
        units[rows] = path_orders(seen.of(rows, terms.longest_lead), paths[rows], terms, fractile, covered)
    return units


def run_rule(case: Case, stretch: Stretch, rule: Baseline, parameter: float) -> Loop:
    """Orders of a rule, under the stretch's limits as buyers keep them without a program."""
    history = case.history

    def decide(seen: Seen) -> Floats:
        number = seen.period + 1
        period = stretch.first + number
        cells = slice(max(period + 1 - rule.window, 0), period + 1)
        level, useful = np.zeros(stretch.demand.shape[0]), np.ones(stretch.demand.shape[0], dtype=np.bool_)
        for rows, terms in case.terms.groups(level.size):
            seen_units, known = history.units[rows, cells], history.known[rows, cells]
            level[rows] = rule.level(seen_units, known, terms, parameter)
            if rule.reorder is not None:
                useful[rows] = seen.position[rows] <= rule.reorder(seen_units, known, terms, parameter)
            covered = stretch.demand.shape[1] - (number + terms.longest_lead)
            if case.ends and number == stretch.rounds - 1:  # the last order lasts to the end, as ours does
                level[rows] += max(covered - 1, 0) * recent_mean(history, period, rule.window)[rows]
            useful[rows] &= not case.ends or covered >= 1
        level = np.where(useful, level, 0.0)
        if stretch.limits is None:
            return order_up_to(level, seen.position)
        return limited_rule(level, seen.position, stretch.limits, number)

    return run_loop(stretch.demand, stretch.start, case.terms, stretch.rounds, decide)


def choose_weights(case: Case, past: Sequence[Stretch], forecaster: PathForecaster, classes: NDArray[np.int64]) -> Weights:
    """Per class how often the shortage cost counts: the weight with the least cost over the windows, its own and all items' cost (each
    relative to its least) weighed equally, drawn to the textbook's 1, which counts as one window more: one window's luck is large."""
    count = len(COST_CLASSES)
    if not past:
        return Weights(np.ones(count), (), np.zeros((count, 0)))
    grid = FREE_WEIGHTS if past[0].limits is None else LIMITED_WEIGHTS
    cost = np.zeros((count, len(grid)))
    for stretch in past:
        for column, weight in enumerate(grid):
            loop = run_ours(case, stretch, forecaster, np.full(classes.size, weight))
            item_cost = outcome(loop, stretch.demand, case.terms, stretch.scored).item_cost
            cost[:, column] += np.bincount(classes, weights=item_cost, minlength=count)
    whole = cost.sum(axis=0) / max(cost.sum(axis=0).min(), 1e-9)
    own = cost / np.maximum(cost.min(axis=1, keepdims=True), 1e-9)
    found = np.array(grid)[np.argmin(CLASS_TRUST * own + (1 - CLASS_TRUST) * whole, axis=1)]
    return Weights(found ** (len(past) / (len(past) + 1)), grid, cost)


def choose_parameter(case: Case, past: Sequence[Stretch], rule: Baseline) -> float:
    """The parameter with the least cost over the windows; the middle one where there is none."""
    if not past:
        return rule.parameters[len(rule.parameters) // 2]
    return min(rule.parameters, key=lambda parameter: (sum(_rule_cost(case, stretch, rule, parameter) for stretch in past), parameter))


def _rule_cost(case: Case, stretch: Stretch, rule: Baseline, parameter: float) -> float:
    return outcome(run_rule(case, stretch, rule, parameter), stretch.demand, case.terms, stretch.scored).cost


def run_perfect(case: Case, stretch: Stretch) -> Outcome:
    """What orders cost that know the demand and keep no limits: nobody can be cheaper. Lost sales only."""
    orders = np.zeros((stretch.demand.shape[0], stretch.rounds))
    counts = stretch.scored.any(axis=0).astype(np.float64)
    for rows, terms in case.terms.groups(orders.shape[0]):
        start = type(stretch.start)(stretch.start.on_hand[rows], stretch.start.receipts[rows])
        orders[rows] = perfect_orders(stretch.demand[rows], start, terms, stretch.rounds, counts)
    loop = run_loop(stretch.demand, stretch.start, case.terms, stretch.rounds, lambda seen: orders[:, seen.period + 1])
    return outcome(loop, stretch.demand, case.terms, stretch.scored)
