"""Compares customers with a coupon to customers without: one figure, one pair of groups.

The tests are tea-tasting's: difference of means or of ratios of means (delta method: Deng, Knoblich, Lu, KDD 2018), with the pre-period
taken out where that saves variance (CUPED: Deng, Xu, Kohavi, Walker, WSDM 2013), normal intervals with each group's own variance. What is
ours is which columns go in, and the return: (a_T - a_C) / b_T is linear around its value R in z_T = (a_T - R b_T) / mean b_T and z_C = a_C
/ mean b_T, which is its delta method, and the difference of their means is tested like any other.

Where customers had different chances of the same arm, each counts with the weight 1 / propensity, and a mean is a ratio to the weights'
mean.
"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy.stats import norm

from learning.experiments.metrics import PRE_PERIODS, Metric
from learning.experiments.moments import Moments
from learning.experiments.settings import ExperimentSettings

if TYPE_CHECKING:
    from tea_tasting.metrics.mean import MeanResult

WEIGHT = "weight"


@dataclass(frozen=True)
class Comparison:
    """A figure with coupon, without, and their difference; None where it cannot be told.

    standard_error is of the difference; variance_reduction is the share of the difference's variance that the pre-period `covariate` took
    out (0 and None: not used). treated and control are levels as observed; the difference may be of adjusted levels.
    """

    treated: float | None
    control: float | None
    difference: float | None
    standard_error: float | None
    p_value: float | None
    covariate: str | None = None
    variance_reduction: float = 0.0


def compare(metric: Metric, treated: Moments, control: Moments, settings: ExperimentSettings, *, is_weighted: bool = False) -> Comparison:
    """Return one figure of two groups (moments of OUTCOMES, COVARIATES and `weight`; weighted columns are already multiplied)."""
    if metric.kind == "level":
        return Comparison(_level(metric, treated, is_weighted), None, None, None, None)
    with_coupon = None if metric.kind == "return" else _level(metric, treated, is_weighted)
    without = None if metric.kind == "return" else _level(metric, control, is_weighted)
    if min(treated.count, control.count) < settings.smallest_arm:
        return Comparison(with_coupon, without, None, None, None)
    if metric.kind == "return":
        return _return(metric, treated, control, settings, is_weighted)
    if with_coupon is None or without is None:
        return Comparison(with_coupon, without, None, None, None)
    found = _adjusted(metric, metric.numerator, metric.denominator, treated, control, settings, is_weighted)
    difference = with_coupon - without if found.difference is None else found.difference
    return replace(found, treated=with_coupon, control=without, difference=difference, p_value=_p_value(difference, found.standard_error))


def information_clock(metric: Metric, treated: Moments, control: Moments, window_days: float, elapsed_days: float) -> float:
    """Return the clock of the always-valid interval: the variance so far over that of a pre-period as long as the window.

    The pre-period of 28 days is stretched to the window's length. Where nobody ordered in it, the days gone by over the window's.
    """
    both = treated + control
    so_far = both.covariance(metric.clocked_by, metric.clocked_by)
    if metric.clocked_by == "ordered":
        share = both.mean_of("ordered_28") * (1 - both.mean_of("ordered_28"))
    else:
        share = both.covariance(f"{metric.pre_measure}_28", f"{metric.pre_measure}_28")
    before = share * window_days / 28
    return so_far / before if before > 0 else elapsed_days / window_days


def _level(metric: Metric, group: Moments, is_weighted: bool) -> float | None:
    below = metric.denominator or (WEIGHT if is_weighted else None)
    numerator, denominator = group.mean_of(metric.numerator), 1.0 if below is None else group.mean_of(below)
    return numerator / denominator if group.count and denominator > 0 else None


def _return(metric: Metric, treated: Moments, control: Moments, settings: ExperimentSettings, is_weighted: bool) -> Comparison:
    """Return the return; linearised twice, since the pre-period moves the value around which it is linear."""
    above, below = metric.numerator, metric.denominator
    assert below is not None
    weight = treated.mean_of(WEIGHT), control.mean_of(WEIGHT)
    per = treated.mean_of(below) / weight[0]
    if not per > 0:
        return Comparison(None, None, None, None, None)
    value = (treated.mean_of(above) / weight[0] - control.mean_of(above) / weight[1]) / per
    without = control.combined("z", {above: 1 / per})
    found = Comparison(None, None, None, None, None)
    for _ in range(2):
        with_coupon = treated.combined("z", {above: 1 / per, below: -value / per, WEIGHT: value})
        found = _adjusted(metric, "z", None, with_coupon, without, settings, is_weighted)
        value = value if found.difference is None else found.difference
    if metric.name == "redeemed_anyway_share":
        return replace(found, treated=1 - value, difference=1 - value)
    difference = value - metric.null_value
    return replace(found, treated=difference, difference=difference, p_value=_p_value(difference, found.standard_error))


def _adjusted(
    metric: Metric,
    numerator: str,
    denominator: str | None,
    treated: Moments,
    control: Moments,
    settings: ExperimentSettings,
    is_weighted: bool,
) -> Comparison:
    """Return the difference of ratios of means and its standard error, with the pre-period taken out where that pays."""
    below = denominator or (WEIGHT if is_weighted else None)
    plain = _plain_error(numerator, below, treated, control)
    if not plain > 0:
        return Comparison(None, None, None, None, None)
    days = best_pre_period(metric, numerator, denominator, (treated, control))
    if days is not None:
        covariate = f"{metric.pre_measure}_{days}"
        below_before = below if below in (None, WEIGHT) else f"{below}_{days}"
        told = _library_test([numerator, below, covariate, below_before], treated, control, settings)
        error = _standard_error(told, settings)
        saved = 1 - (error / plain) ** 2
        if saved >= settings.least_variance_reduction:
            return Comparison(None, None, told.effect_size, error, None, covariate, saved)
    told = _library_test([numerator, below, None, None], treated, control, settings)
    return Comparison(None, None, told.effect_size, _standard_error(told, settings), None)


def _plain_error(numerator: str, below: str | None, treated: Moments, control: Moments) -> float:
    """Return the standard error of the difference without any pre-period."""
    names = [name for name in (numerator, below) if name is not None]
    variances = [group.aggregates(*names).ratio_var(numerator, below) / group.count for group in (treated, control)]
    return math.sqrt(max(float(sum(variances)), 0.0))


def _library_test(columns: list[str | None], treated: Moments, control: Moments, settings: ExperimentSettings) -> "MeanResult":
    """Return tea-tasting's test of a ratio of means: numerator, denominator, and both of the pre-period."""
    from tea_tasting import RatioOfMeans

    names = [name for name in columns if name is not None]
    test = RatioOfMeans(str(columns[0]), *columns[1:], confidence_level=settings.confidence, equal_var=False, use_t=False)
    return test.analyze_aggregates(control.aggregates(*names), treated.aggregates(*names))


def best_pre_period(metric: Metric, numerator: str, denominator: str | None, groups: tuple[Moments, ...]) -> int | None:
    """Return the pre-period that explains most of the outcome within the arms; the arms' difference plays no part in the choice."""
    best: tuple[float, int] | None = None
    for days in PRE_PERIODS:
        name = f"{metric.pre_measure}_{days}"
        if denominator is not None and any(group.mean_of(f"{denominator}_{days}") <= 0 for group in groups):
            continue
        own = sum(group.cross_of(name, name) for group in groups)
        outcome = sum(group.cross_of(numerator, numerator) for group in groups)
        if own <= 0 or outcome <= 0:
            continue
        explained = sum(group.cross_of(name, numerator) for group in groups) ** 2 / (own * outcome)
        if best is None or explained > best[0]:
            best = explained, days
    return None if best is None else best[1]


def _standard_error(told: "MeanResult", settings: ExperimentSettings) -> float:
    width = 0.5 * (told.effect_size_ci_upper - told.effect_size_ci_lower)
    return float(width / norm.isf(settings.significance / 2))


def _p_value(difference: float, error: float | None) -> float | None:
    """Return the two-sided p-value; None where customers differ between the groups and not at all within them."""
    if error is None or not error > 0:
        return 1.0 if math.isclose(difference, 0.0, abs_tol=1e-12) else None
    return float(2 * norm.sf(abs(difference) / error))
