"""What a plan does: stock, end stock and lost sales by period, and from them costs, rooms used and suppliers' order values.

Public: `Course`, `by_group`, `course_of`, `item_costs`, `used_room`, `supplier_values`, `total_cost`, `keeps_limits`.
"""

from dataclasses import dataclass

import numpy as np

from optimization.replenishment_horizon.horizon_problem import TOLERANCE, Flags, Floats, HorizonProblem, Integers


@dataclass(frozen=True)
class Course:
    """Items x periods, units: arriving, stock (after receipts and arrivals), end_stock, lost."""

    arriving: Integers
    stock: Integers
    end_stock: Integers
    lost: Integers


def course_of(problem: HorizonProblem, arriving: Integers) -> Course:
    """Return the course of stock under orders given by arrival period (items x periods, units)."""
    stock, end, lost = (np.zeros(arriving.shape, dtype=np.int64) for _ in range(3))
    left = problem.on_hand
    for period in range(problem.periods):
        stock[:, period] = left + problem.receipts[:, period] + arriving[:, period]
        lost[:, period] = np.maximum(problem.demand[:, period] - stock[:, period], 0)
        left = np.maximum(stock[:, period] - problem.demand[:, period], 0)
        end[:, period] = left
    return Course(arriving, stock, end, lost)


def item_costs(problem: HorizonProblem, course: Course) -> Floats:
    """Return the cost per item, suppliers' fixed costs left out."""
    short = np.maximum(problem.safety[:, None] - course.end_stock, 0).sum(axis=1)
    return (
        problem.holding * course.end_stock.sum(axis=1)
        + problem.lost_cost * course.lost.sum(axis=1)
        + problem.safety_penalty * short
        + problem.line_cost * (course.arriving > 0).sum(axis=1)
    )


def used_room(problem: HorizonProblem, course: Course) -> Floats:
    """Return how much of each room a plan uses, in the order of `problem.room`."""
    periods = problem.periods
    money = problem.at_order(course.arriving * problem.unit_cost[:, None])
    volume = course.stock * problem.unit_volume[:, None]
    by_category = by_group(problem.category, money, len(problem.category_budget))
    by_place = by_group(problem.place, volume, len(problem.volume))
    return np.concatenate([money.sum(axis=0) if len(money) else np.zeros(periods), by_category.ravel(), by_place.ravel()])


def supplier_values(problem: HorizonProblem, arriving: Integers) -> Floats:
    """Return suppliers x order periods: the value ordered."""
    return by_group(problem.supplier, problem.at_order(arriving * problem.unit_cost[:, None]), len(problem.minimum))


def suppliers_used(problem: HorizonProblem, arriving: Integers) -> Flags:
    """Return suppliers x order periods: True where anything is ordered."""
    return by_group(problem.supplier, problem.at_order((arriving > 0).astype(np.float64)), len(problem.minimum)) > 0


def by_group(group: Integers, table: Floats, groups: int) -> Floats:
    """Return groups x periods: the sums over the rows of each group; rows of group -1 are left out."""
    known = group >= 0
    columns = [np.bincount(group[known], weights=table[known, period], minlength=groups) for period in range(table.shape[1])]
    return np.stack(columns, axis=1).astype(np.float64) if columns else np.zeros((groups, 0))


def total_cost(problem: HorizonProblem, course: Course) -> float:
    """Return the cost of a plan, suppliers' fixed costs included."""
    used = suppliers_used(problem, course.arriving)
    return float(item_costs(problem, course).sum() + (problem.fixed[:, None] * used).sum())


def keeps_limits(problem: HorizonProblem, course: Course) -> bool:
    """Return True where no room is exceeded and every supplier used in a period gets its minimum there."""
    room = problem.room
    slack = TOLERANCE * np.maximum(np.where(np.isfinite(room), np.abs(room), 1), 1)
    return bool((used_room(problem, course) <= room + slack).all()) and not short_of_minimum(problem, course.arriving).any()


def short_of_minimum(problem: HorizonProblem, arriving: Integers) -> Flags:
    """Return suppliers x order periods: True where something is ordered, but for less than the minimum order value."""
    least = (problem.minimum - TOLERANCE * np.maximum(problem.minimum, 1))[:, None]
    return suppliers_used(problem, arriving) & (supplier_values(problem, arriving) < least)
