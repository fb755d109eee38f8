"""BG/NBD: how often a customer orders and whether he still does, from the number and the days of his orders alone.

While alive a customer orders at random at a rate of his own (gamma over customers: r, alpha); after every order he leaves with a chance of
his own (beta over customers: a, b). Terms per customer: x, orders after the first (days with an order, so two on one day are one); t_x,
time from the first order to the last; T, time from the first order to the end of what is known. The unit of time is the caller's; alpha
has it.

Source: Fader, Hardie and Lee, "Counting your customers" the easy way, Marketing Science 24 (2005), equations 6, 7 and 10.

Public: `BgNbd`, `fit_bg_nbd`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.maximum import highest

Floats = NDArray[np.float64]

_NODES = 16
_STARTS = ((0.0, 0.0, 0.0, 0.0), (-1.0, -1.0, 0.0, 1.0), (0.0, -1.0, -2.0, 2.0))


@dataclass(frozen=True)
class BgNbd:
    """A fitted model. log_likelihood is the sample's; converged tells whether the maximum was found inside the bounds."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    customers: int = 0
    converged: bool = True

    def __post_init__(self) -> None:
        for name in ("r", "alpha", "a", "b"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"Expected {name} above 0; got {getattr(self, name)}.")

    def p_alive(self, x: Floats, t_x: Floats, T: Floats) -> Floats:
        """Chance that the customer has not left by T; 1 for x = 0, since in this model nobody leaves before the second order."""
        longer = (self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x))
        left = np.exp(np.minimum(np.log(self.a) - np.log(self.b + np.maximum(x, 1.0) - 1.0) + longer, 700.0))
        return np.where(x > 0, 1.0 / (1.0 + left), 1.0)

    def p_order(self, x: Floats, t_x: Floats, T: Floats, ahead: Floats | float) -> Floats:
        """Chance of at least one order within `ahead` after T."""
        return self.p_alive(x, t_x, T) * -np.expm1(-(self.r + x) * np.log1p(ahead / (self.alpha + T)))

    def expected_orders(self, x: Floats, t_x: Floats, T: Floats, ahead: float) -> Floats:
        """Orders expected within `ahead` after T.

        Equation 10 as the mean of (1 - (1 + p t / (alpha + T))^-(r + x)) / p over p ~ Beta(a, b + x), by Gauss-Jacobi quadrature: no
        singularity at a = 1 and no hypergeometric series that overflows.
        """
        expected = np.empty_like(T)
        for repeats in np.unique(x):
            rows = np.flatnonzero(x == repeats)
            chances, weights = _beta_nodes(self.a, self.b + float(repeats))
            spans = ahead / (self.alpha + T[rows])
            total = np.zeros(len(rows))
            for chance, weight in zip(chances, weights, strict=True):
                total += weight * -np.expm1(-(self.r + repeats) * np.log1p(chance * spans)) / chance
            expected[rows] = total
        return expected * self.p_alive(x, t_x, T)


def fit_bg_nbd(histories: pl.DataFrame) -> BgNbd:
    """Return the maximum-likelihood model of histories (columns x, t_x, T; one row per customer, any order).

    Identical histories are one weighted row. Raises ValueError for an empty sample, negative or missing numbers, t_x > T, or x = 0 with
    t_x > 0.
    """
    x, t_x, T, weight = _grouped(histories)
    scale, count = float(np.average(T, weights=weight)) or 1.0, float(weight.sum())

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        value, slopes = _log_likelihood(parameters, x, t_x / scale, T / scale, weight)
        return value / count, slopes / count

    (r, alpha, a, b), value, converged = highest(likelihood, _STARTS)
    unscaled = value * count - float(np.log(scale) * (x * weight).sum())
    return BgNbd(float(r), float(alpha) * scale, float(a), float(b), unscaled, int(count), converged)


def log_likelihood(model: BgNbd, histories: pl.DataFrame) -> float:
    """The sample's log likelihood under the model, without the constant of the order times."""
    x, t_x, T, weight = _grouped(histories)
    return _log_likelihood(np.array([model.r, model.alpha, model.a, model.b]), x, t_x, T, weight)[0]


def _log_likelihood(parameters: Floats, x: Floats, t_x: Floats, T: Floats, weight: Floats) -> tuple[float, Floats]:
    """Value and slope per parameter (equation 6)."""
    from scipy.special import gammaln, psi

    r, alpha, a, b = parameters
    again = np.maximum(x, 1.0) - 1.0
    alive = -(r + x) * np.log(alpha + T)
    gone = np.where(x > 0, np.log(a) - np.log(b + again) - (r + x) * np.log(alpha + t_x), -np.inf)
    both = np.logaddexp(alive, gone)
    counted = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    p_gone = np.exp(gone - both)
    p_here = 1.0 - p_gone
    slopes = (
        psi(r + x) - psi(r) + np.log(alpha) - p_here * np.log(alpha + T) - p_gone * np.log(alpha + t_x),
        r / alpha - (r + x) * (p_here / (alpha + T) + p_gone / (alpha + t_x)),
        psi(a + b) - psi(a + b + x) + p_gone / a,
        psi(a + b) + psi(b + x) - psi(b) - psi(a + b + x) - p_gone / (b + again),
    )
    return float(weight @ (counted + stayed + both)), np.array([float(weight @ slope) for slope in slopes])


def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes in (0, 1) and weights summing to 1 for the mean over Beta(a, b)."""
    from scipy.special import roots_jacobi

    if a + b > 150.0:  # the polynomials' coefficients overflow; the beta is then narrow: equal quantile steps of it are exact enough
        from scipy.stats import beta

        nodes = np.asarray(beta.ppf((np.arange(64) + 0.5) / 64, a, b), dtype=np.float64)
        return np.maximum(nodes, 1e-12), np.full(64, 1.0 / 64)
    nodes, weights = roots_jacobi(_NODES, b - 1.0, a - 1.0)
    return np.maximum((nodes + 1.0) / 2.0, 1e-12), weights / weights.sum()


def _grouped(histories: pl.DataFrame) -> tuple[Floats, Floats, Floats, Floats]:
    numbers = histories.select(pl.col("x", "t_x", "T").cast(pl.Float64))
    wrong = numbers.filter(
        ~pl.all_horizontal(pl.all().is_finite() & (pl.all() >= 0)).fill_null(False)
        | (pl.col("t_x") > pl.col("T"))
        | ((pl.col("x") == 0) & (pl.col("t_x") > 0))
    )
    if numbers.is_empty() or wrong.height:
        raise ValueError(f"Expected order histories with 0 <= t_x <= T and x >= 0; {wrong.height} of {numbers.height} are not.")
    groups = numbers.group_by("x", "t_x", "T").len("weight").sort("x", "t_x", "T")
    x, t_x, T, weight = (groups[name].to_numpy().astype(np.float64) for name in ("x", "t_x", "T", "weight"))
    return x, t_x, T, weight
