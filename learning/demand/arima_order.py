"""Which ARIMA describes a series: how it must be differenced, which orders are compared, and the fit of the best.

Decides the differences first (orders with different differences have no comparable AIC), then the order. A series is *stationary* where the
augmented Dickey-Fuller test, on the series less the mean of each place in the week, rejects a unit root at 5 %; else it is differenced
once. It is differenced by a week as well where the weekly *strength* is more than noise shows: the share of the variance beside the trend
that the weekly pattern of an STL decomposition explains (Wang, Smith and Hyndman, 2006), with a pattern that changes over 35 weeks. With
STL's usual 7 weeks noise has a strength of 0.4; with 35 it stays below 0.1 + 20 / days in 19 of 20 simulated series.

Orders p, q of 0 to 2, with one weekly part after a weekly difference and two without, are all fitted by exact maximum likelihood; one that
does not converge is left out.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import adfuller

from learning.demand.grid import Floats

SIGNIFICANCE = 0.05
ADF_WEEKS = 3
PATTERN_WEEKS = 35
LARGEST_ORDER = 2
ITERATIONS = 100
FAILURES = (ValueError, ArithmeticError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Differences:
    """adf_statistic, adf_p_value: of the level; strength: of the week, 0 to 1; regular, weekly: differences taken, 0 or 1 each."""

    adf_statistic: float
    adf_p_value: float
    strength: float
    regular: int
    weekly: int


@dataclass(frozen=True)
class Order:
    """(p,d,q)(P,D,Q)s in the notation of Box and Jenkins; a season of 0 has no weekly part."""

    p: int
    d: int
    q: int
    seasonal_p: int
    seasonal_d: int
    seasonal_q: int
    season: int

    def __str__(self) -> str:
        weekly = f"({self.seasonal_p},{self.seasonal_d},{self.seasonal_q}){self.season}"
        return f"({self.p},{self.d},{self.q})" + (weekly if self.seasonal_p or self.seasonal_d or self.seasonal_q else "")

    @property
    def coefficients(self) -> int:
        """Of own values and of errors."""
        return self.p + self.q + self.seasonal_p + self.seasonal_q

    @property
    def free(self) -> int:
        """All that is estimated: coefficients, variance, and the mean of a series that is not differenced."""
        return self.coefficients + 1 + int(not (self.d or self.seasonal_d))


@dataclass(frozen=True)
class Fit:
    """A fitted order. aic and bic in units of the series; residuals: errors one day ahead, of the differenced series on."""

    order: Order
    aic: float
    bic: float
    residuals: Floats


@dataclass(frozen=True)
class Choice:
    """The best by AIC and by BIC of the orders that were fitted; how many were fitted and how many did not converge."""

    by_aic: Fit
    by_bic: Fit
    fitted: int
    failed: int


def find_differences(series: Floats, season: int) -> Differences:
    """Differences that make a complete series stationary; a season of at most two days has no week."""
    tested: Any = adfuller(less_week(series, season), maxlag=min(ADF_WEEKS * 7, series.size // 5), regression="c", autolag="AIC")
    statistic, p_value = float(tested[0]), float(tested[1])
    strength = weekly_strength(series, season)
    return Differences(statistic, p_value, strength, int(not p_value < SIGNIFICANCE), int(strength > noise_strength(series.size)))


def less_week(series: Floats, season: int) -> Floats:
    """The series less the mean of each place in the week."""
    place = np.arange(series.size) % max(season, 1)
    return series - (np.bincount(place, weights=series) / np.bincount(place))[place]


def weekly_strength(series: Floats, season: int) -> float:
    """1 - var(rest) / var(season + rest) of an STL decomposition, at least 0."""
    if season <= LARGEST_ORDER:
        return 0.0
    parts = STL(series, period=season, seasonal=PATTERN_WEEKS).fit()
    left = float(np.var(parts.resid + parts.seasonal))
    return max(0.0, 1.0 - float(np.var(parts.resid)) / left) if left > 0 else 0.0


def noise_strength(days: int) -> float:
    """What the weekly strength of a series without a weekly pattern hardly ever exceeds."""
    return 0.1 + 20.0 / days


def choose_order(series: Floats, differences: Differences, season: int) -> Choice | None:
    """The best orders of the grid; None where no fit converged."""
    fits, failed = list[Fit](), 0
    for order in order_grid(differences, season):
        fit = fit_order(series, order)
        if fit is None:
            failed += 1
        else:
            fits.append(fit)
    if not fits:
        return None
    return Choice(min(fits, key=lambda fit: fit.aic), min(fits, key=lambda fit: fit.bic), len(fits), failed)


def order_grid(differences: Differences, season: int) -> list[Order]:
    """All orders that are compared: weekly part (0,1,1) after a weekly difference, else none and (1,0,0)."""
    weekly = [(0, 1)] if differences.weekly else [(0, 0), (1, 0)]
    season = season if season > LARGEST_ORDER else 0
    parts = product(range(LARGEST_ORDER + 1), range(LARGEST_ORDER + 1), weekly if season else [(0, 0)])
    return [Order(p, differences.regular, q, own, differences.weekly, shocks, season) for p, q, (own, shocks) in parts]


def fit_order(series: Floats, order: Order) -> Fit | None:
    """Exact maximum likelihood of the differenced series; None where it does not converge."""
    told, scale = _standardised(series)
    try:
        model, parameters = _fitted(told, order)
        result: Any = model.filter(parameters)
        residuals = np.asarray(result.resid, dtype=np.float64) * scale
        likelihood = float(result.llf) - residuals.size * float(np.log(scale))
    except FAILURES:
        return None
    if not (np.isfinite(likelihood) and np.isfinite(residuals).all()):
        return None
    return Fit(order, 2 * order.free - 2 * likelihood, float(np.log(residuals.size)) * order.free - 2 * likelihood, residuals)


def forecast_order(series: Floats, order: Order, steps: int) -> Floats | None:
    """The next `steps` values by the order fitted on the series; None where that does not converge."""
    told, scale = _standardised(series)
    try:
        _, parameters = _fitted(told, order)
        ahead = np.asarray(_model(told, order, on_differences=False).filter(parameters).forecast(steps), dtype=np.float64)
    except FAILURES:
        return None
    return ahead * scale + float(series.mean()) if np.isfinite(ahead).all() else None


def _fitted(series: Floats, order: Order) -> tuple[Any, Floats]:
    model = _model(series, order, on_differences=True)
    if not order.coefficients:
        return model, np.zeros(0)
    result = model.fit(disp=0, maxiter=ITERATIONS, cov_type="none", low_memory=True)
    if not result.mle_retvals["converged"]:
        raise ArithmeticError(f"{order} did not converge.")
    return model, np.asarray(result.params, dtype=np.float64)


def _model(series: Floats, order: Order, on_differences: bool) -> Any:
    return SARIMAX(
        series,
        order=(order.p, order.d, order.q),
        seasonal_order=(order.seasonal_p, order.seasonal_d, order.seasonal_q, order.season),
        simple_differencing=on_differences,
        hamilton_representation=on_differences,
        concentrate_scale=True,
    )


def _standardised(series: Floats) -> tuple[Floats, float]:
    """Less its mean and over its standard deviation, where the optimiser finds its way; and that deviation."""
    scale = float(series.std()) or 1.0
    return (series - series.mean()) / scale, scale
