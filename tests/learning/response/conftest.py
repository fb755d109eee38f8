"""A generator of coupon trials with known effects."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from learning.response import FEATURES

FACES = (3.0, 5.0, 8.0)


def true_uplift(base: np.ndarray, sensitivity: np.ndarray, face: float) -> np.ndarray:
    """Added chance of a purchase; grows with the face value and with price sensitivity."""
    return (1 - base) * (1 - np.exp(-0.06 * face * sensitivity))


def simulate_trial(
    customers: int = 6000, campaigns: int = 2, effect: float = 1.0, spread: float = 1.0, seed: int = 3, tilt: float = 0.0
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (campaign facts, truth).

    `effect` scales the uplift, `spread` how much it differs between customers, `tilt` makes the draw depend on activity.
    """
    facts: list[pl.DataFrame] = []
    truths: list[pl.DataFrame] = []
    for campaign in range(campaigns):
        rng = np.random.default_rng(seed + 1000 * campaign)
        activity, discount = rng.normal(size=customers), rng.beta(2, 5, customers)
        base = 1 / (1 + np.exp(1.0 + 0.3 * campaign - 0.9 * activity))
        sensitivity = effect * np.exp(spread * 3.0 * (discount - 0.29))
        margin = 8 * np.exp(0.3 * activity)
        shares = np.array([0.4, 0.2, 0.2, 0.2])
        weights = shares * np.exp(tilt * activity[:, None] * np.array([0.0, 0.3, 0.6, 0.9]))
        weights /= weights.sum(axis=1, keepdims=True)
        arm = (rng.random(customers)[:, None] > np.cumsum(weights, axis=1)).sum(axis=1)
        uplifts = np.column_stack([np.zeros(customers)] + [true_uplift(base, sensitivity, face) for face in FACES])
        bought = rng.random(customers) < base + uplifts[np.arange(customers), arm]
        face = np.array([0.0, *FACES])[arm]
        redeemed = bought & (arm > 0) & (rng.random(customers) < 0.75)
        discounted = np.where(redeemed, face, 0.0)
        worth = np.where(bought, rng.gamma(4.0, margin / 4.0), 0.0)
        noise = rng.normal(size=(customers, len(FEATURES)))
        columns = {name: noise[:, index] for index, name in enumerate(FEATURES)}
        columns |= {"orders_84": np.exp(0.8 + 0.7 * activity), "recency_days": 30 * np.exp(-0.6 * activity), "discount_share": discount}
        columns |= {"margin_365": margin * np.exp(0.1 * noise[:, 0])}
        names = [f"u{campaign}_{index:05d}" for index in range(customers)]
        outcome = {
            "campaign_id": [f"k{campaign}"] * customers,
            "customer_key": names,
            "coupon_id": [None if a == 0 else f"c{int(f)}" for a, f in zip(arm, face, strict=True)],
            "face_value": face,
            "propensity": weights[np.arange(customers), arm],
            "outcome_orders": bought.astype(np.int64),
            "outcome_net_revenue": worth * 2.5 - discounted,
            "outcome_margin": worth - discounted,
            "redeemed": redeemed,
            "redemption_discount": discounted,
        }
        facts.append(pl.DataFrame(outcome | columns))
        truth = {f"uplift_{int(f)}": uplifts[:, i + 1] for i, f in enumerate(FACES)}
        truth |= {f"gain_{int(f)}": uplifts[:, i + 1] * margin for i, f in enumerate(FACES)}
        truth |= {f"redeem_{int(f)}": 0.75 * (base + uplifts[:, i + 1]) for i, f in enumerate(FACES)}
        truths.append(pl.DataFrame({"customer_key": names} | truth))
    return pl.concat(facts), pl.concat(truths)


@pytest.fixture(scope="session")
def make_trial() -> Callable[..., tuple[pl.DataFrame, pl.DataFrame]]:
    return simulate_trial


@pytest.fixture(scope="session")
def coupons() -> pl.DataFrame:
    return pl.DataFrame({"coupon_id": ["c3", "c5", "c8"], "face_value": list(FACES)})
