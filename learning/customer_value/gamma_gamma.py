"""Gamma-Gamma: what a customer's order is worth, shrunk from his own mean towards that of all customers.

The values of one customer's orders are gamma with shape p and a scale of his own; the scales are gamma over customers (q, gamma). Assumed:
value and frequency of orders are independent.

Source: Fader and Hardie, The Gamma-Gamma model of monetary value (2013), equations 1a and 5.

Public: `GammaGamma`, `fit_gamma_gamma`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.maximum import highest

Floats = NDArray[np.float64]

_STARTS = ((0.0, 1.0, 0.0), (1.5, 1.0, 1.0), (1.0, 2.0, -1.0))


@dataclass(frozen=True)
class GammaGamma:
    """A fitted model; gamma is in the unit of the values. converged: the maximum lies inside the bounds and has a finite mean (q > 1)."""

    p: float
    q: float
    gamma: float
    customers: int = 0
    converged: bool = True

    def __post_init__(self) -> None:
        for name in ("p", "q", "gamma"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"Expected {name} above 0; got {getattr(self, name)}.")

    @property
    def mean(self) -> float:
        """Mean value of an order over all customers; infinite where q <= 1."""
        return self.p * self.gamma / (self.q - 1.0) if self.q > 1 else float("inf")

    def expected_value(self, orders: Floats, mean_value: Floats) -> Floats:
        """Expected value of the next order of a customer with so many orders of that mean value (equation 5); orders may be 0."""
        return self.p * (self.gamma + orders * mean_value) / (self.p * orders + self.q - 1.0)


def fit_gamma_gamma(values: pl.DataFrame) -> GammaGamma:
    """Return the maximum-likelihood model of values (columns orders, mean_value; one row per customer, both above 0).

    Raises ValueError for an empty sample or numbers that are not above 0.
    """
    numbers = values.select(pl.col("orders", "mean_value").cast(pl.Float64)).sort("orders", "mean_value")
    if numbers.is_empty() or not numbers.select(pl.all_horizontal((pl.all() > 0).fill_null(False).all())).item():
        raise ValueError("Expected orders and mean_value above 0 for every customer.")
    orders, means = (numbers[name].to_numpy() for name in ("orders", "mean_value"))
    scale = float(np.median(means))

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        value, slopes = _log_likelihood(parameters, orders, means / scale)
        return value / len(orders), slopes / len(orders)

    (p, q, gamma), _, converged = highest(likelihood, _STARTS)
    return GammaGamma(float(p), float(q), float(gamma) * scale, len(orders), converged and q > 1.0)


def _log_likelihood(parameters: Floats, orders: Floats, means: Floats) -> tuple[float, Floats]:
    """Value and slope per parameter (equation 1a)."""
    from scipy.special import gammaln, psi

    p, q, gamma = parameters
    total = gamma + orders * means
    each = (
        gammaln(p * orders + q)
        - gammaln(p * orders)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * orders - 1.0) * np.log(means)
        + p * orders * np.log(orders)
        - (p * orders + q) * np.log(total)
    )
    slopes = (
        orders * (psi(p * orders + q) - psi(p * orders) + np.log(means) + np.log(orders) - np.log(total)),
        psi(p * orders + q) - psi(q) + np.log(gamma) - np.log(total),
        q / gamma - (p * orders + q) / total,
    )
    return float(each.sum()), np.array([float(slope.sum()) for slope in slopes])
