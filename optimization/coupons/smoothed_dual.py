"""Prices of the joint limits for very many customers, found without building a solver model.

With prices y >= 0 on the rows, every customer alone picks the best offer after paying the prices. The dual function

    L(y) = rhs'y + sum over groups of max(0, best of value - A y)

bounds every plan from above, whatever y is. It is minimised with the maximum replaced by a softmax of falling temperature, by a
projected Newton method whose Hessian is only rows x rows; it is regularised because total and segment budgets are nearly collinear.
Groups have capacity 1 here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimization.linear_program.arrays import Floats, Integers

_REGULARISATION = 1e-6
_MOST_STEPS = 30


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

    def bound(self, prices: Floats) -> float:
        """Return L(prices): no plan that keeps the limits is worth more."""
        best = np.maximum.reduceat(self.value - self.matrix @ prices, self.starts) if len(self.value) else np.zeros(0)
        return float(self.rhs @ prices + np.maximum(best, 0.0).sum())

    def sample(self, groups: Integers) -> "DualProblem":
        """Return the problem of some groups, right-hand sides scaled to their share."""
        sizes = self.sizes[groups]
        offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        columns = np.repeat(self.starts[groups] - offsets, sizes) + np.arange(int(sizes.sum()))
        return DualProblem(self.value[columns], self.matrix[columns], offsets, self.rhs * (len(groups) / len(self.starts)))


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

    weighted = problem.matrix.multiply(shares[:, None]).tocsr()
    columns = len(problem.value)
    gather = csr_matrix((np.ones(columns), np.arange(columns), np.append(problem.starts, columns)), shape=(len(problem.starts), columns))
    means = gather @ weighted
    return ((weighted.T @ problem.matrix) - (means.T @ means)).toarray() / temperature


def minimise_smoothed(problem: DualProblem, prices: Floats, temperature: float, highest_price: Floats) -> Floats:
    """Return prices that minimise the smoothed dual, kept within [0, highest_price]."""
    scale = max(float(np.abs(problem.rhs).max(initial=0.0)), 1.0)
    shares, current = softmax_shares(problem, prices, temperature)
    for _ in range(_MOST_STEPS):
        gradient = problem.rhs - problem.matrix.T @ shares
        at_floor, at_ceiling = (prices <= 0) & (gradient > 0), (prices >= highest_price) & (gradient < 0)
        free = np.flatnonzero(~(at_floor | at_ceiling))
        if len(free) == 0 or np.abs(gradient[free]).max() <= 1e-6 * scale:
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
        if gained <= 1e-9 * max(abs(current), 1.0):
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


def find_prices(problem: DualProblem, highest_price: Floats, sample_order: Integers) -> tuple[Floats, float]:
    """Return (prices, last temperature), found on nested samples of growing size and falling temperature.

    `sample_order` lists all groups in the order in which samples take them; it must not depend on the order of the input rows.
    """
    spread = float(np.abs(problem.value).mean()) or 1.0
    temperatures = [spread * factor for factor in (1.0, 0.25, 0.06, 0.015, 0.004, 0.001)]
    groups = len(problem.starts)
    sizes = [size for size in (2_000, 16_000, 128_000) if size < groups]
    prices = np.zeros(len(problem.rhs))
    levels = [problem.sample(np.sort(sample_order[:size])) for size in sizes] + [problem]
    for position, level in enumerate(levels):
        for temperature in temperatures if position == 0 else temperatures[-2:]:
            prices = minimise_smoothed(level, prices, temperature, highest_price)
    return prices, temperatures[-1]
