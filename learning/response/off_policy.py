"""What a policy would have earned, from a trial that followed another one.

A policy names an arm for every row (0: no coupon). Its value here is money per customer and outcome window over giving nobody a coupon.

ips     outcome / propensity where the trial happened to draw the policy's arm, less the same for control
snips   the same with the weights of each side made to sum to 1 (self-normalised): a little bias for much less variance
dr      mean of the doubly robust scores of the policy's arm less those of control (see `doubly_robust`)

Intervals are percentiles of a bootstrap over customers, so that a customer in several campaigns stays whole. Sources: Horvitz, Thompson,
JASA 47 (1952); Swaminathan, Joachims, NeurIPS 2015 (snips); Dudik, Langford, Li, ICML 2011 (dr).
"""

from dataclasses import dataclass

import numpy as np

from learning.response.features import Floats
from learning.response.trial import Integers

ROWS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class PolicyValue:
    """Estimate with its bootstrap interval, money per customer."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bootstrap:
    """Resampled customers, the same for every call, so that policies are compared draw by draw; give many columns to one call."""

    customer: Integers
    draws: int
    confidence: float
    seed: int

    def sums(self, columns: Floats) -> tuple[Floats, Floats]:
        """Return sums of each column over all rows, and draws x columns sums of resampled customers."""
        names, number = np.unique(self.customer, return_inverse=True)
        per_customer = np.column_stack([np.bincount(number, weights=column, minlength=len(names)) for column in columns.T])
        rng = np.random.default_rng(self.seed)
        chunk = max(1, ROWS_AT_ONCE // len(names))
        drawn: list[Floats] = []
        for start in range(0, self.draws, chunk):
            count = min(chunk, self.draws - start)
            weights = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=count).astype(np.float64)
            drawn.append(weights @ per_customer)
        return per_customer.sum(axis=0), np.vstack(drawn)

    def interval(self, values: Floats) -> tuple[float, float]:
        """Return the percentile interval of draws."""
        outside = (1 - self.confidence) / 2
        low, high = np.quantile(values, [outside, 1 - outside])
        return float(low), float(high)


def dr_values(gained: Floats, bootstrap: Bootstrap) -> list[PolicyValue]:
    """Return the doubly robust value per column; `gained` is rows x policies: score of the policy's arm less that of control."""
    total, drawn = bootstrap.sums(np.column_stack([np.ones(len(gained)), gained]))
    resampled = drawn[:, 1:] / drawn[:, :1]
    return [PolicyValue(float(total[1 + k] / total[0]), *bootstrap.interval(resampled[:, k])) for k in range(gained.shape[1])]


def ips_values(outcome: Floats, arm: Integers, propensity: Floats, policies: Integers, bootstrap: Bootstrap) -> list[PolicyValue]:
    """Return the inverse-propensity value per policy; `policies` is rows x policies, arms."""
    weighted = outcome / propensity
    control = np.where(arm == 0, weighted, 0.0)[:, None]
    return dr_values(np.where(arm[:, None] == policies, weighted[:, None], 0.0) - control, bootstrap)


def snips_values(outcome: Floats, arm: Integers, propensity: Floats, policies: Integers, bootstrap: Bootstrap) -> list[PolicyValue]:
    """Return the self-normalised value per policy. Raises ValueError where a policy's arms were never drawn, or there is no control."""
    weight = 1.0 / propensity
    follows = np.where(arm[:, None] == policies, weight[:, None], 0.0)
    control = np.where(arm == 0, weight, 0.0)
    if (follows.sum(axis=0) == 0).any() or control.sum() == 0:
        raise ValueError("The trial never drew the policy's arms, or has no control group.")
    count = policies.shape[1]
    total, drawn = bootstrap.sums(np.column_stack([control, control * outcome, follows, follows * outcome[:, None]]))

    def value(sums: Floats, policy: int) -> Floats:
        safe = np.maximum(sums, 1e-12)
        return sums[..., 2 + count + policy] / safe[..., 2 + policy] - sums[..., 1] / safe[..., 0]

    return [PolicyValue(float(value(total, k)), *bootstrap.interval(value(drawn, k))) for k in range(count)]
