"""Intervals that hold on all days at once, for whoever looks at an experiment every day and may stop on any of them.

A difference that owes nothing to the coupon wanders like a Brownian motion whose clock is the variance gathered so far. Robbins' mixture
boundary holds it at all times at once with the asked confidence: with the clock v (1 at the planned end) and r the clock at which the
boundary is tuned,

    |difference| <= standard error x sqrt((1 + r/v) x log((1 + v/r) / a^2))        a = 1 - confidence

which is the mixture sequential probability ratio test with a normal mixture. Sources: Robbins, Annals of Mathematical Statistics 41 (1970),
1397-1409; Johari, Koomen, Pekelis, Walsh, Operations Research 70 (2022), 1806-1821; the tuning: Howard, Ramdas, McAuliffe, Sekhon, Annals
of Statistics 49 (2021), 1055-1080, section 3.5; for estimated variances: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, Annals of
Statistics 52 (2024), 2613-2640.

Customers who buy often do so on all days: then neighbouring days resemble each other more than in a Brownian motion, the path crosses less
often, and the interval is wider than it need be.

Terms: *clock*: variance of the measure so far over its variance in a pre-period of the same length, so that it is near 1 at the end.
"""

import math
from functools import cache

from scipy.special import lambertw


def interval_multiplier(clock: float, significance: float) -> float:
    """Return how many standard errors the always-valid interval reaches to either side at this clock (0 or less: infinitely many)."""
    _check(significance)
    if not clock > 0:
        return math.inf
    tuned = _tuned_clock(significance)
    return math.sqrt((1 + tuned / clock) * (math.log1p(clock / tuned) - 2 * math.log(significance)))


def always_valid_p_value(statistic: float, clock: float, significance: float) -> float:
    """Return the p-value that may be looked at on every day (statistic: difference over standard error).

    It is below `significance` exactly where the always-valid interval leaves out 0.
    """
    _check(significance)
    if not clock > 0 or math.isnan(statistic):
        return 1.0
    tuned = _tuned_clock(significance)
    log_p = 0.5 * math.log1p(clock / tuned) - 0.5 * statistic**2 * clock / (clock + tuned)
    return math.exp(min(log_p, 0.0))


@cache
def _tuned_clock(significance: float) -> float:
    """The r with which the boundary is lowest at clock 1."""
    return float(1.0 / (-lambertw(-(significance**2) / math.e, -1).real - 1.0))


def _check(significance: float) -> None:
    if not 0 < significance < 1:
        raise ValueError(f"Expected significance in (0, 1), got {significance}.")
