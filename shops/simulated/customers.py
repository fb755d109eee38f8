"""Who buys: customers with tastes, price sensitivity, a rhythm of buying, and a life from first to last contact.

Terms. An active customer's chance to order on a day is `rate` × day factor × a recency curve: low right after an order, back to
normal within three weeks. `taste_type` is one of eight profiles of interest in the categories; with chance `favourite_share` a line
is bought from the customer's own `favourite` category instead. The *price class* (0 indifferent … 2 keen) scales own-price
elasticity; `sensitivity` in 0..1 is its finer form and drives the response to coupons. `persuadability` is 0 for a quarter of all.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize, stream

TASTE_TYPES = 8
FAVOURITE_SHARE = 0.3
RECENCY_CAP = 40
PRICE_CLASS_ELASTICITY = np.array([0.6, 1.0, 1.5])
FRAUD_BURSTS = 3
REGIONS = ("north", "east", "south", "west")
CHANNELS = ("search", "social", "friend", "store", "display")
RECENCY_CURVE = np.append(0.0, 1 - 0.75 * np.exp(-np.arange(1, RECENCY_CAP + 1) / 5))


@dataclass(frozen=True)
class Population:
    """Arrays over customers; days are positions in history (negative: before it).

    `ring` is the fraud burst a customer belongs to and `ring_day` its day, -1 for honest customers. `taste` is (taste type, category).
    """

    acquired: np.ndarray
    gone: np.ndarray
    rate: np.ndarray
    web_share: np.ndarray
    home_store: np.ndarray
    taste_type: np.ndarray
    favourite: np.ndarray
    sensitivity: np.ndarray
    price_class: np.ndarray
    more_lines: np.ndarray
    persuadability: np.ndarray
    return_chance: np.ndarray
    consents: np.ndarray
    ring: np.ndarray
    ring_day: np.ndarray
    taste: np.ndarray

    @property
    def n(self) -> int:
        return len(self.acquired)


def make_population(size: ShopSize, catalogue: Catalogue, shop_days: ShopDays, seed: int) -> Population:
    """Draw customers; more than half were acquired before history begins, the last few belong to fraud rings."""
    rng = stream(seed, "customers")
    n, days = size.customers, shop_days.n_history
    is_old = rng.random(n) < 0.62
    acquired = np.where(is_old, -rng.integers(1, 900, n), rng.integers(0, days, n))
    lifetime = rng.exponential(1500, n).astype(int) + 3
    gone = acquired + lifetime
    gone = np.where(is_old & (gone < -60), rng.integers(-60, days, n), gone)
    sensitivity = rng.beta(2, 2.4, n)
    ring_size = max(5, n // 400)
    ring = np.full(n, -1)
    ring[n - FRAUD_BURSTS * ring_size :] = np.repeat(np.arange(FRAUD_BURSTS), ring_size)
    ring_day = np.sort(rng.integers(days // 5, days - 10, FRAUD_BURSTS))
    in_ring = ring >= 0
    acquired = np.where(in_ring, ring_day[ring], acquired)
    gone = np.where(in_ring, acquired, gone)
    k = len(catalogue.categories)
    taste = rng.gamma(0.8, 1.0, (TASTE_TYPES, k)) + 0.08
    taste_type = rng.integers(0, TASTE_TYPES, n)
    is_serial_returner = rng.random(n) < 0.004
    return Population(
        acquired=acquired,
        gone=gone,
        rate=np.clip(rng.gamma(1.3, 1 / 1.3, n) / 21, 1 / 200, 0.22),
        web_share=rng.choice([0.03, 0.3, 0.97], n, p=[0.42, 0.26, 0.32]),
        home_store=rng.integers(0, size.stores, n),
        taste_type=taste_type,
        favourite=_favourites(rng, taste, taste_type),
        sensitivity=sensitivity,
        price_class=np.digitize(sensitivity, [0.36, 0.58]),
        more_lines=rng.gamma(3.0, 2.4 / 3.0, n),
        persuadability=np.where(rng.random(n) < 0.25, 0.0, rng.lognormal(-0.15, 0.55, n)),
        return_chance=np.where(is_serial_returner, 0.7, rng.beta(1.2, 40, n)),
        consents=rng.random(n) < 0.84,
        ring=ring,
        ring_day=np.where(in_ring, ring_day[ring], -1),
        taste=taste / taste.mean(axis=1, keepdims=True),
    )


def _favourites(rng: np.random.Generator, taste: np.ndarray, taste_type: np.ndarray) -> np.ndarray:
    """A favourite category per customer, drawn by the tastes of the customer's type."""
    steps = (taste / taste.sum(axis=1, keepdims=True)).cumsum(axis=1)[taste_type]
    return np.minimum((rng.random(len(taste_type))[:, None] > steps).sum(axis=1), taste.shape[1] - 1)


def customers_table(population: Population, customer_id: pl.Series, shop_days: ShopDays, seed: int) -> pl.DataFrame:
    """Contract table `customers`, personal columns included; 1 % withdraw their consent by a newer version, 30 to 300 days in."""
    rng = stream(seed, "customer records")
    n = population.n
    acquired = shop_days.days[0] + population.acquired
    numbers = pl.Series("n", np.arange(1, n + 1)).cast(pl.String)
    recorded = acquired.astype("datetime64[us]") + np.timedelta64(21, "h")
    group = np.where(population.acquired < 0, "regular", "new")
    base = pl.DataFrame(
        {
            "customer_id": customer_id,
            "acquired_on": acquired,
            "region": pl.Series(REGIONS).gather(rng.integers(0, 4, n)),
            "acquisition_channel": pl.Series(CHANNELS).gather(rng.choice(5, n, p=[0.28, 0.2, 0.12, 0.32, 0.08])),
            "customer_group": group,
            "email_consent": population.consents,
            "full_name": "Customer " + numbers,
            "email": "customer" + numbers + "@mail.example",
            "phone": "+49 30 " + numbers.str.zfill(7),
            "street": numbers + " Example Street",
            "recorded_at": recorded,
        }
    )
    withdrawn = population.consents & (rng.random(n) < 0.01)
    later = base.filter(pl.Series(withdrawn)).with_columns(
        pl.lit(False).alias("email_consent"),
        pl.Series("recorded_at", recorded[withdrawn] + rng.integers(30, 300, int(withdrawn.sum())).astype("timedelta64[D]")),
    )
    return pl.concat([base, later])


def is_active(population: Population, day: int) -> np.ndarray:
    """Acquired and not gone on that day."""
    return (population.acquired <= day) & (day < population.gone)
