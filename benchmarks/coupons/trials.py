"""Trials drawn in memory, day by day, with a known effect: for figures that need thousands of them.

Customers order by Poisson with a rate of their own (gamma, so that some come often and most seldom) and baskets of a worth of their own;
the pre-period is drawn from the same rates. With a coupon the rate is (1 + effect) times as high.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from learning.experiments import COVARIATES, OUTCOMES
from learning.experiments.arms import COLUMNS, weighed_equally
from learning.experiments.moments import Moments

RATE_SHAPE, ORDERS_PER_WINDOW, MARGIN = 0.7, 0.8, 8.0


@dataclass(frozen=True)
class DailyTrial:
    """orders: customers x days; margin per order, treatment flag and pre-period per customer."""

    treated: np.ndarray
    orders: np.ndarray
    margin: np.ndarray
    before: dict[str, np.ndarray]

    def sides(self, days: int) -> tuple[Moments, Moments]:
        """Moments of customers with and without coupon after some days of the window."""
        count = self.orders[:, :days].sum(axis=1).astype(float)
        values = dict.fromkeys((*OUTCOMES, *COVARIATES), np.zeros(len(count))) | self.before
        values |= {"orders": count, "ordered": (count > 0).astype(float), "gain": count * self.margin}
        frame = weighed_equally(pl.DataFrame(values))
        with_coupon, without = (Moments.of(frame.filter(pl.Series(self.treated == flag)), COLUMNS) for flag in (True, False))
        return with_coupon, without


def draw_trial(customers: int, seed: int, effect: float = 0.0, window_days: int = 28, habit: bool = True) -> DailyTrial:
    """Draw a trial in two halves. `habit` False: all customers have one rate, so that days owe nothing to each other."""
    rng = np.random.default_rng([seed, customers])
    spread = rng.gamma(RATE_SHAPE, 1 / RATE_SHAPE, customers) if habit else np.ones(customers)
    rate = ORDERS_PER_WINDOW / window_days * spread
    treated = rng.random(customers) < 0.5
    orders = rng.poisson((rate * np.where(treated, 1 + effect, 1.0))[:, None], (customers, window_days))
    margin = MARGIN * rng.gamma(4.0, 0.25, customers)
    parts = np.cumsum([rng.poisson(rate * days) for days in (28, 84 - 28, 365 - 84)], axis=0).astype(float)
    before = {f"orders_{days}": part for days, part in zip((28, 84, 365), parts, strict=True)}
    before |= {name.replace("orders", "margin"): part * margin for name, part in list(before.items())}
    return DailyTrial(treated, orders, margin, before)
