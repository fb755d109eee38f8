"""Customers' outcomes made by hand and by lot."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from learning.experiments import COVARIATES, OUTCOMES

SHARES = {None: 0.4, "c3": 0.3, "c5": 0.3}


def outcome_rows(**columns: list) -> pl.DataFrame:
    """Outcomes of which only some columns are told; the rest is 0, in one segment."""
    height = len(next(iter(columns.values())))
    zeros = {name: [0.0] * height for name in (*OUTCOMES, *COVARIATES)}
    keys = {"customer_key": [f"k{number:05d}" for number in range(height)], "segment": ["s"] * height}
    return pl.DataFrame(keys | zeros | columns, schema_overrides={"coupon_id": pl.String, "propensity": pl.Float64})


def drawn_campaign(
    customers: int = 3000, seed: int = 1, effect: float = 0.0, shares: dict[str | None, float] | None = None
) -> pl.DataFrame:
    """A campaign drawn by lot with the shares' chances; with a coupon, customers order (1 + effect) times as often."""
    shares = shares or SHARES
    rng = np.random.default_rng(seed)
    arm = rng.choice(len(shares), customers, p=list(shares.values()))
    names = [list(shares)[number] for number in arm]
    rate = rng.gamma(0.8, 1.25, customers)
    orders = rng.poisson(rate * np.where(arm > 0, 1 + effect, 1.0))
    margin = 8.0 * rng.gamma(4.0, 0.25, customers)
    redeemed = (orders > 0) & (arm > 0) & (rng.random(customers) < 0.7)
    cost = np.where(redeemed, 3.0, 0.0)
    before = {days: rng.poisson(rate * days / 28) for days in (28, 84, 365)}
    return outcome_rows(
        coupon_id=names,
        propensity=[shares[name] for name in names],
        segment=[("often", "seldom")[int(r < 0.7)] for r in rate],
        orders=orders.astype(float).tolist(),
        ordered=(orders > 0).astype(float).tolist(),
        participated=((orders > 0) | (rng.random(customers) < 0.2)).astype(float).tolist(),
        revenue=(2.5 * margin * orders - cost).tolist(),
        gain=(margin * orders).tolist(),
        cost=cost.tolist(),
        profit=(margin * orders - cost).tolist(),
        redeemed=redeemed.astype(float).tolist(),
        coupon_orders=redeemed.astype(float).tolist(),
        orders_without_coupon=(orders - redeemed).astype(float).tolist(),
        orders_after=rng.poisson(rate).astype(float).tolist(),
        **{f"orders_{days}": count.astype(float).tolist() for days, count in before.items()},
        **{f"revenue_{days}": (20.0 * count).tolist() for days, count in before.items()},
        **{f"margin_{days}": (8.0 * count).tolist() for days, count in before.items()},
    )


@pytest.fixture(scope="session")
def rows() -> Callable[..., pl.DataFrame]:
    return outcome_rows


@pytest.fixture(scope="session")
def campaign() -> Callable[..., pl.DataFrame]:
    return drawn_campaign
