"""Prophet's own model for thousands of series at once: the same trend, seasons and priors, fitted by linear algebra.

Decides the daily course (trend, week, year) of many series that share one calendar. The model is that of Taylor and Letham, "Forecasting
at Scale" (2018), additive: y = k t + m + sum_j delta_j (t - s_j)+ + X beta, with k, m ~ N(0, 5), delta ~ Laplace(0, tau), beta ~ N(0, 10)
and sigma ~ half-N(0, 0.5), on values divided by each series' largest. The package maximises the posterior series by series with L-BFGS;
here the Laplace prior becomes a normal one with weights that are set anew in every round (iteratively reweighted least squares), so a round
is one small linear system per series, all of them solved together.

Terms: a day is *known* where its value counts; others (stock-outs, days before a series began) are left out of its sums. Positions in time
are those of the shared calendar: a series that began late has the calendar's changepoints, where the package would place its own.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from learning.demand.grid import Flags, Floats

WEEK_DAYS, YEAR_DAYS = 7.0, 365.25
TREND_SCALE = 5.0
NOISE_SCALE = 0.5
# |x| is taken for sqrt(x**2 + floor**2); the floor falls round by round, or changes that are small at first would be lost for good
FIRST_CHANGE, SHRINK, SMALLEST_CHANGE = 0.05, 0.2, 1e-7
SERIES_AT_ONCE = 2_000  # bounds the memory of the systems


@dataclass(frozen=True)
class CurveSettings:
    """The package's own defaults. Orders count pairs of sine and cosine; an order of 0 leaves the season out."""

    changepoints: int = 25
    changepoint_range: float = 0.8
    changepoint_prior_scale: float = 0.05
    season_prior_scale: float = 10.0
    weekly_order: int = 3
    yearly_order: int = 10
    rounds: int = 8
    change_rounds: int = 4
    tolerance: float = 1e-4

    def __post_init__(self) -> None:
        if not 0.0 < self.changepoint_range <= 1.0:
            raise ValueError(f"Expected changepoint_range in (0, 1]; got {self.changepoint_range}.")
        if min(self.changepoint_prior_scale, self.season_prior_scale) <= 0.0:
            raise ValueError("Expected prior scales above 0.")
        if min(self.changepoints, self.weekly_order, self.yearly_order) < 0 or min(self.rounds, self.change_rounds) < 1:
            raise ValueError("Expected changepoints and orders of at least 0, rounds and change_rounds of at least 1.")


@dataclass(frozen=True)
class Curves:
    """Fitted series. coefficients: series x terms (k, m, changes, season) in units of `scale`; scale, noise: one entry per series."""

    first_day: date
    n_days: int
    settings: CurveSettings
    coefficients: Floats
    scale: Floats
    noise: Floats

    def course(self, first: int, count: int) -> Floats:
        """Series x count, in units of the input: the curves from the day `first` on, counted from the first day of the fit."""
        terms = design(self.first_day, self.n_days, np.arange(first, first + count), self.settings)
        return (self.coefficients @ terms.T) * self.scale[:, None]


def fit_curves(values: Floats, known: Flags, first_day: date, settings: CurveSettings) -> Curves:
    """The most probable curves of `values` (series x days) on their known days. A series without a known day lies at 0.

    Raises ValueError where the shapes differ, a known value is not finite, or there are fewer than two days.
    """
    if values.shape != known.shape or values.ndim != 2 or values.shape[1] < 2:
        raise ValueError(f"Expected values and known days of one shape, series x at least 2 days; got {values.shape} and {known.shape}.")
    if not np.isfinite(values[known]).all():
        raise ValueError("Expected finite values on known days; mark the others as not known.")
    told = np.where(known, values, 0.0)
    scale = np.abs(told).max(axis=1)
    scaled = told / np.where(scale > 0, scale, 1.0)[:, None]
    terms = design(first_day, values.shape[1], np.arange(values.shape[1]), settings)
    parts = [
        _most_probable(scaled[begin : begin + SERIES_AT_ONCE], known[begin : begin + SERIES_AT_ONCE], terms, settings)
        for begin in range(0, values.shape[0], SERIES_AT_ONCE)
    ]
    coefficients = np.concatenate([part[0] for part in parts]) if parts else np.zeros((0, terms.shape[1]))
    noise = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0)
    return Curves(first_day, values.shape[1], settings, coefficients, scale, noise * scale)


def design(first_day: date, n_days: int, at: NDArray[np.int64], settings: CurveSettings) -> Floats:
    """Days x terms: t, 1, (t - s_j)+, then sines and cosines of week and year, as the package builds them."""
    span = float(n_days - 1)
    time = at / span
    changes = np.maximum(time[:, None] - changepoint_days(n_days, settings)[None, :] / span, 0.0)
    epoch_days: Floats = (at + (first_day.toordinal() - date(1970, 1, 1).toordinal())).astype(np.float64)
    seasons = [_waves(epoch_days, WEEK_DAYS, settings.weekly_order), _waves(epoch_days, YEAR_DAYS, settings.yearly_order)]
    return np.concatenate([time[:, None], np.ones((at.size, 1)), changes, *seasons], axis=1)


def changepoint_days(n_days: int, settings: CurveSettings) -> Floats:
    """Days, counted from the first, at which the trend may bend: evenly over the first part of the calendar."""
    reach = int(np.floor(n_days * settings.changepoint_range))
    count = max(min(settings.changepoints, reach - 1), 0)
    return np.round(np.linspace(0, reach - 1, count + 1))[1:] if count else np.zeros(0)


def _waves(days: Floats, period: float, order: int) -> Floats:
    angle = 2.0 * np.pi * days[:, None] * np.arange(1, order + 1)[None, :] / period
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(days.size, 2 * order)


def _most_probable(scaled: Floats, known: Flags, terms: Floats, settings: CurveSettings) -> tuple[Floats, Floats]:
    """Coefficients (series x terms) and noise of the posterior's mode.

    Level, slope and seasons have normal priors and are eliminated; the changes are found in what is left, under the present noise, and the
    noise is set anew, until neither moves.
    """
    n_series, n_terms = scaled.shape[0], terms.shape[1]
    is_change = np.zeros(n_terms, dtype=bool)
    is_change[2 : n_terms - 2 * (settings.weekly_order + settings.yearly_order)] = True
    change, smooth = np.flatnonzero(is_change), np.flatnonzero(~is_change)
    counted = known.astype(np.float64)
    days, square = counted.sum(axis=1), (scaled**2).sum(axis=1)
    gram, moment = _grams(counted, terms), scaled @ terms
    prior = np.where(smooth < 2, TREND_SCALE**-2.0, settings.season_prior_scale**-2.0)
    theta = np.zeros((n_series, n_terms))
    noise = np.maximum(np.sqrt(square / np.maximum(days, 1.0)), 1e-3)
    active = np.flatnonzero(days > 0)
    for turn in range(settings.rounds):
        if not active.size:
            break
        own, own_moment, variance = gram[active], moment[active], noise[active] ** 2
        base = own[:, smooth[:, None], smooth]
        base[:, np.arange(smooth.size), np.arange(smooth.size)] += variance[:, None] * prior
        cross = own[:, smooth[:, None], change]
        eliminated = np.linalg.solve(base, np.concatenate([cross, own_moment[:, smooth, None]], axis=2))
        left = own[:, change[:, None], change] - cross.transpose(0, 2, 1) @ eliminated[:, :, :-1]
        left_moment = own_moment[:, change] - (cross.transpose(0, 2, 1) @ eliminated[:, :, -1:])[:, :, 0]
        solved = np.zeros((active.size, n_terms))
        floor = max(FIRST_CHANGE * SHRINK**turn, SMALLEST_CHANGE)
        solved[:, change] = _changes(
            left, left_moment, variance / settings.changepoint_prior_scale, theta[active][:, change], floor, settings
        )
        solved[:, smooth] = eliminated[:, :, -1] - (eliminated[:, :, :-1] @ solved[:, change, None])[:, :, 0]
        moved = np.abs(solved - theta[active]).max(axis=1)
        theta[active] = solved
        fitted = (solved[:, None, :] @ own @ solved[:, :, None])[:, 0, 0]
        error = np.maximum(square[active] - 2.0 * (solved * own_moment).sum(axis=1) + fitted, 1e-12)
        noise[active] = _noise(error, days[active])
        active = active[moved > settings.tolerance]
    return theta, noise


def _changes(left: Floats, moment: Floats, pull: Floats, begin: Floats, floor: float, settings: CurveSettings) -> Floats:
    """Series x changes that minimise x' left x / 2 - moment x + pull |x|, from `begin` on; |x| is round below `floor`."""
    found: Floats = begin
    at = np.arange(found.shape[1])
    for _ in range(settings.change_rounds if found.shape[1] else 0):
        system = left.copy()
        system[:, at, at] += pull[:, None] / np.sqrt(found**2 + floor**2)
        found = np.linalg.solve(system, moment[:, :, None])[:, :, 0].astype(np.float64)
    return found


def _noise(error: Floats, days: Floats) -> Floats:
    """The noise at which the posterior is highest: the root of noise**4 / s**2 + days x noise**2 = error, for noise ~ half-N(0, s)."""
    prior = NOISE_SCALE**-2.0
    return np.sqrt((np.sqrt(days**2 + 4.0 * prior * error) - days) / (2.0 * prior))


def _grams(counted: Floats, terms: Floats) -> Floats:
    """Series x terms x terms: sums of products of terms over each series' known days, one matrix product for all."""
    n_terms = terms.shape[1]
    rows, columns = np.triu_indices(n_terms)
    upper = counted @ (terms[:, rows] * terms[:, columns])
    gram = np.zeros((counted.shape[0], n_terms, n_terms))
    gram[:, rows, columns] = upper
    gram[:, columns, rows] = upper
    return gram
