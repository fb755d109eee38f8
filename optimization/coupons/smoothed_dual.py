"""Prices of the joint limits for very many customers, found without building a solver model.

With prices y >= 0 on the rows, every customer alone picks the best offer after paying the prices. The dual function

    L(y) = rhs'y + sum over groups of max(0, best of value - A'y)

bounds every plan from above, whatever y is (`priced_groups.py`). It is minimised with the maximum replaced by a softmax of falling
temperature, by a projected Newton method whose Hessian is only rows x rows; it is regularised because total and segment budgets are nearly
collinear. Few groups are undecided at a low temperature, and only they bend the dual: the Hessian is built from them alone. Groups have
capacity 1 here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimization.linear_program.arrays import Floats, Integers

_REGULARISATION = 1e-6
_MOST_STEPS = 30
_DECIDED = 1e-7  # a share this near to 0 or 1 does not bend the dual


@dataclass(frozen=True)
class DualProblem:
    """Values, sparse coefficients (offers x rows), first column of each group, right-hand sides."""

    value: Floats
    matrix: Any
    starts: Integers
    rhs: Floats

    @property
    def sizes(self) -> Integers:
        """Number of columns per group."""
        return np.diff(np.append(self.starts, len(self.value)))


def softmax_shares(problem: DualProblem, prices: Floats, temperature: float) -> tuple[Floats, float]:
    """Return the probability of each column (the rest of its group's probability is 'none') and the smoothed dual value."""
    reduced = problem.value - problem.matrix @ prices
    sizes = problem.sizes
    top = np.maximum(np.maximum.reduceat(reduced, problem.starts), 0.0)
    weight = np.exp((reduced - np.repeat(top, sizes)) / temperature)
    total = np.add.reduceat(weight, problem.starts) + np.exp(-top / temperature)
    smoothed = float(problem.rhs @ prices + (top + temperature * np.log(total)).sum())
    return weight / np.repeat(total, sizes), smoothed


def _hessian(problem: DualProblem, shares: Floats, temperature: float) -> Floats:
    from scipy.sparse import csr_matrix

    sizes = problem.sizes
    open_column = ((shares > _DECIDED) & (shares < 1 - _DECIDED)).astype(np.int64)
    is_open = np.add.reduceat(open_column, problem.starts) > 0
    columns = np.flatnonzero(np.repeat(is_open, sizes))
    if len(columns) == 0:
        return np.zeros((len(problem.rhs), len(problem.rhs)))
    matrix, open_sizes = problem.matrix[columns], sizes[is_open]
    weighted = matrix.multiply(shares[columns][:, None]).tocsr()
    gather = csr_matrix((np.ones(len(columns)), np.arange(len(columns)), np.concatenate([[0], np.cumsum(open_sizes)])))
    means = gather @ weighted
    return ((weighted.T @ matrix) - (means.T @ means)).toarray() / temperature


def minimise_smoothed(problem: DualProblem, prices: Floats, temperature: float, highest_price: Floats, tolerance: float) -> Floats:
    """Return prices that minimise the smoothed dual, kept within [0, highest_price]; `tolerance`: share of a row left or lacking."""
    close_enough = tolerance * np.maximum(np.abs(problem.rhs), 1.0)
    shares, current = softmax_shares(problem, prices, temperature)
    for _ in range(_MOST_STEPS):
        gradient = problem.rhs - problem.matrix.T @ shares
        at_floor, at_ceiling = (prices <= 0) & (gradient > 0), (prices >= highest_price) & (gradient < 0)
        free = np.flatnonzero(~(at_floor | at_ceiling))
        if len(free) == 0 or (np.abs(gradient) <= close_enough)[free].all():
            break
        curvature = _hessian(problem, shares, temperature)[np.ix_(free, free)]
        damping = _REGULARISATION * np.maximum(np.diag(curvature), float(np.trace(curvature)) / len(free)) + 1e-12
        direction = np.zeros_like(prices)
        direction[free] = -np.linalg.solve(curvature + np.diag(damping), gradient[free])
        found = _line_search(problem, prices, direction, current, gradient, temperature, highest_price)
        if found is None:
            break
        gained = current - found[2]
        prices, shares, current = found
        if gained <= 1e-12 * max(abs(current), 1.0):
            break
    return prices


def _line_search(
    problem: DualProblem, prices: Floats, direction: Floats, current: float, gradient: Floats, temperature: float, highest_price: Floats
) -> tuple[Floats, Floats, float] | None:
    """Return (prices, shares, dual value) at the first step that lowers the dual enough, None where none does."""
    step = 1.0
    while step > 1e-6:
        trial = np.clip(prices + step * direction, 0.0, highest_price)
        shares, value = softmax_shares(problem, trial, temperature)
        if value <= current + 1e-4 * float(gradient @ (trial - prices)):
            return trial, shares, value
        step *= 0.3
    return None
