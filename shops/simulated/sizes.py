"""How big a simulated shop is, and the named random streams every part of it draws from.

A *stream* is a random generator of one concern (prices, orders, dirt, …), seeded by the shop's seed and the concern's name, so
that a change in one concern leaves the draws of all others alone.
"""

from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np

SizeName = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class ShopSize:
    """Size of one shop; `chunk_days` is the span of days held in memory before the long tables are written as one part."""

    name: SizeName
    days: int
    products: int
    stores: int
    every_nth_category: int
    customers: int
    suppliers: int
    trial_ages_days: tuple[int, ...]
    chunk_days: int
    browsing_per_web_order: float
    competitor_share: float
    coupon_budget: float

    def __post_init__(self) -> None:
        if min(self.trial_ages_days) < 40:
            raise ValueError("Expected trials that began at least 40 days before the last day, so that their outcome window is settled.")
        if self.days <= max(self.trial_ages_days) + 60:
            raise ValueError("Expected 60 days of history before the first trial.")


SIZES: dict[SizeName, ShopSize] = {
    "small": ShopSize("small", 270, 60, 1, 3, 400, 7, (45, 110, 175), 400, 1.0, 0.4, 250.0),
    "medium": ShopSize("medium", 731, 800, 1, 1, 6_000, 21, (45, 115, 190, 330), 366, 1.0, 0.3, 4_000.0),
    "large": ShopSize("large", 365, 11_200, 9, 1, 1_000_000, 70, (45, 115, 190), 15, 0.2, 0.05, 650_000.0),
}


def stream(seed: int, concern: str) -> np.random.Generator:
    """Random generator of one concern."""
    return np.random.default_rng([seed, crc32(concern.encode())])
