"""How coupons move customers: the true model behind the trials, and its exact consequences.

Terms. Without a coupon a customer orders on a day with *own chance* (rate × day factor × recency curve). A held coupon adds, each
day, an independent *extra chance* that it alone brings an order; that order always redeems it. An order the customer would have
placed anyway redeems it with `habit_redemption`. The extra chance rises with face value, price sensitivity and persuadability, is
largest some six weeks after the last order, and is nil for customers who have left. Baskets below the coupon's minimum and empty
shelves are left aside in the exact figures: they make both sides a little smaller.
"""

from dataclasses import dataclass

import numpy as np

from shops.simulated.coupons import FACES, LIMITED_CATEGORY, LIMITED_FACE, WINDOW_DAYS
from shops.simulated.customers import FAVOURITE_SHARE, RECENCY_CAP, RECENCY_CURVE, Population, is_active

STRENGTH = 1.25


@dataclass(frozen=True)
class WindowResponse:
    """Per customer over one window: chance of at least one order, expected orders, chance that the coupon is redeemed."""

    purchase_chance: np.ndarray
    orders: np.ndarray
    redemption_chance: np.ndarray


def habit_redemption(population: Population) -> np.ndarray:
    """Chance that an order placed anyway, if it holds what the coupon asks for, redeems the coupon held."""
    return 0.35 + 0.5 * population.sensitivity


def buys_limited_category(population: Population, category_share: np.ndarray) -> np.ndarray:
    """Chance that an order holds a line of the category one coupon is limited to; `category_share` is (taste type, category)."""
    free = (1 - FAVOURITE_SHARE) * category_share[population.taste_type, LIMITED_CATEGORY]
    of_line = free + FAVOURITE_SHARE * (population.favourite == LIMITED_CATEGORY)
    return 1 - (1 - of_line) * np.exp(-population.more_lines * of_line)


def extra_chance(population: Population, face: np.ndarray, days_since_order: np.ndarray, day: int) -> np.ndarray:
    """Chance per day that the coupon of face number `face` (per customer) alone brings an order."""
    pull_of_face = 1 - np.exp(-FACES[face] / 7)
    since = days_since_order.astype(float)
    timing = np.where(since < 250, 0.55 + 0.9 * np.exp(-(((since - 42) / 40) ** 2)), 0.3)
    interest = np.minimum(population.taste[population.taste_type, LIMITED_CATEGORY], 2.0) * (1 - FAVOURITE_SHARE)
    interest = interest + np.where(population.favourite == LIMITED_CATEGORY, 0.9, 0.0)
    limited = np.where(face == LIMITED_FACE, np.clip(interest, 0.15, 1.4), 1.0)
    strength = STRENGTH * population.persuadability * (0.3 + 1.4 * population.sensitivity) * pull_of_face * timing * limited
    return np.where(is_active(population, day), 1 - np.exp(-strength / WINDOW_DAYS), 0.0)


def expected_response(
    rate: np.ndarray,
    web_share: np.ndarray,
    web_factor: np.ndarray,
    store_factor: np.ndarray,
    since: np.ndarray,
    extra: np.ndarray,
    habit: np.ndarray,
    *,
    holds_coupon: bool,
) -> WindowResponse:
    """Exact expectation over the days of `web_factor` by following the chances of (days since the last order, coupon held or not).

    `since` is the days since the last order on the first day; arrays are per customer but for the two day factors.
    """
    n = len(rate)
    held = np.zeros((n, RECENCY_CAP + 1))
    free = np.zeros((n, RECENCY_CAP + 1))
    start = np.clip(since, 1, RECENCY_CAP)
    held[np.arange(n), start] = holds_coupon
    free[np.arange(n), start] = not holds_coupon
    no_order, orders, redeemed = np.ones(n), np.zeros(n), np.zeros(n)
    for day in range(len(web_factor)):
        factor = web_share * web_factor[day] + (1 - web_share) * store_factor[day]
        own = np.minimum(rate * factor, 1.0)[:, None] * RECENCY_CURVE
        by_habit = (held * own).sum(axis=1)
        by_coupon = (held * (1 - own)).sum(axis=1) * extra
        without = (free * own).sum(axis=1)
        same_path = own[np.arange(n), np.minimum(start + day, RECENCY_CAP)]
        no_order *= (1 - same_path) * (1 - extra * holds_coupon)
        orders += by_habit + by_coupon + without
        redeemed += by_coupon + by_habit * habit
        held, free = _age(held * (1 - own) * (1 - extra)[:, None]), _age(free * (1 - own))
        held[:, 1] = by_habit * (1 - habit)
        free[:, 1] = without + by_coupon + by_habit * habit
    return WindowResponse(1 - no_order, orders, redeemed)


def _age(chances: np.ndarray) -> np.ndarray:
    """One day further from the last order; the last column gathers all longer times."""
    aged = np.zeros_like(chances)
    aged[:, 1:] = chances[:, :-1]
    aged[:, -1] += chances[:, -1]
    return aged
