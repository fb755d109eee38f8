"""Who orders on a day, where, and what they wish for, before the shelf is looked at.

Terms. A *buyer* is one order of a customer, or of a *guest* (customer -1: anonymous at the till, or brought to the web shop by ads).
An order is *induced* where the coupon alone brought it. Seconds count from midnight. Orders are sorted by time of day, which is the
order in which they reach the shelf.
"""

from dataclasses import dataclass

import numpy as np

from shops.simulated.catalogue import Catalogue
from shops.simulated.coupons import FACES, LIMITED_CATEGORY, LIMITED_FACE, Wallets
from shops.simulated.customers import RECENCY_CAP, RECENCY_CURVE, TASTE_TYPES, Population, is_active
from shops.simulated.demand import DayPull, draw_units, draw_wishes
from shops.simulated.prices import Prices
from shops.simulated.shop_days import ShopDays

GUESTS_PER_CUSTOMER = 0.011
WELCOME_ORDER_CHANCE = 0.8
STORE_HOURS = (9 * 3600, 19 * 3600)
RING_ORDERS_AT = 2 * 3600 + 600
CHANNELS = ("store", "web", "app")


@dataclass(frozen=True)
class Buyers:
    """Arrays over the day's orders."""

    customer: np.ndarray
    location: np.ndarray
    channel: np.ndarray
    second: np.ndarray
    is_induced: np.ndarray
    is_ring: np.ndarray


@dataclass(frozen=True)
class Wishes:
    """Arrays over the day's wished-for lines; `order` is the position of the order among the buyers."""

    order: np.ndarray
    item: np.ndarray
    units: np.ndarray


def draw_buyers(
    rng: np.random.Generator,
    population: Population,
    wallets: Wallets,
    last_order: np.ndarray,
    shop_days: ShopDays,
    catalogue: Catalogue,
    ad_orders: float,
    day: int,
) -> Buyers:
    """The day's orders; reads, but does not change, wallets and last order days."""
    web_factor, store_factor = shop_days.web_factor[day], shop_days.store_factor[day]
    active = np.flatnonzero(is_active(population, day) & (population.ring < 0))
    factor = population.web_share[active] * web_factor + (1 - population.web_share[active]) * store_factor
    since = np.clip(day - last_order[active], 1, RECENCY_CAP)
    own_chance = np.where(population.acquired[active] == day, WELCOME_ORDER_CHANCE, population.rate[active] * factor * RECENCY_CURVE[since])
    holds = (wallets.coupon[active] >= 0) & (wallets.until[active] >= day)
    is_own = rng.random(len(active)) < own_chance
    is_induced = ~is_own & holds & (rng.random(len(active)) < wallets.extra_chance[active])
    orders = is_own | is_induced
    customer, is_induced = active[orders], is_induced[orders]
    web_chance = population.web_share[customer] * web_factor / np.maximum(factor[orders], 1e-9)
    location = np.where(
        rng.random(len(customer)) < np.where(factor[orders] > 0, web_chance, 1.0), catalogue.web, population.home_store[customer]
    )
    ring = np.flatnonzero((population.ring >= 0) & (population.ring_day == day))
    till = rng.poisson(GUESTS_PER_CUSTOMER * population.n * store_factor)
    online = rng.poisson(ad_orders)
    guest_location = np.append(rng.integers(0, catalogue.web, till), np.full(online, catalogue.web))
    customer = np.concatenate([customer, np.full(till + online, -1), ring, ring])
    location = np.concatenate([location, guest_location, np.full(2 * len(ring), catalogue.web)])
    is_ring = np.arange(len(customer)) >= len(customer) - 2 * len(ring)
    second = _time_of_day(rng, location == catalogue.web)
    second = np.where(is_ring, RING_ORDERS_AT + rng.integers(0, 1500, len(second)), second)
    channel = np.where(location == catalogue.web, 1 + (rng.random(len(location)) < 0.35), 0)
    by_time = np.argsort(second, kind="stable")
    induced = np.append(is_induced, np.zeros(len(customer) - len(is_induced), bool))
    return Buyers(customer[by_time], location[by_time], channel[by_time], second[by_time], induced[by_time], is_ring[by_time])


def _time_of_day(rng: np.random.Generator, is_web: np.ndarray) -> np.ndarray:
    opens, closes = STORE_HOURS
    at_store = opens + (closes - opens) * rng.beta(2.2, 1.8, len(is_web))
    online = (20 * 3600 + rng.normal(0, 3.6 * 3600, len(is_web))) % (24 * 3600 - 1200)
    return np.where(is_web, online, at_store).astype(np.int64)


def draw_day_wishes(
    rng: np.random.Generator,
    buyers: Buyers,
    population: Population,
    wallets: Wallets,
    pull: DayPull,
    catalogue: Catalogue,
    prices: Prices,
    day: int,
) -> Wishes:
    """Lines of the day's orders; an order induced by the category coupon begins with a line of that category."""
    is_guest = buyers.customer < 0
    n = len(buyers.customer)
    more = np.where(is_guest, rng.gamma(2.0, 0.8, n), population.more_lines[buyers.customer]) * pull.scale[buyers.location]
    n_lines = 1 + np.where(buyers.is_ring, 0, rng.poisson(more))
    order = np.repeat(np.arange(n), n_lines)
    is_first = np.append(True, order[1:] != order[:-1]) if n else np.zeros(0, bool)
    taste_type = np.where(is_guest, rng.integers(0, TASTE_TYPES, n), population.taste_type[buyers.customer])
    price_class = np.where(is_guest, rng.integers(0, 3, n), population.price_class[buyers.customer])
    own_favourite = np.where(is_guest, rng.integers(0, len(catalogue.categories), n), population.favourite[buyers.customer])
    by_category_coupon = buyers.is_induced & (wallets.coupon[buyers.customer] % len(FACES) == LIMITED_FACE)
    forced = np.where(is_first & by_category_coupon[order], LIMITED_CATEGORY, -1)
    item = draw_wishes(
        rng, pull, catalogue, population.taste, buyers.location[order], price_class[order], taste_type[order], own_favourite[order], forced
    )
    units = draw_units(rng, catalogue, prices, catalogue.item_product[item], day)
    return Wishes(order, item, np.where(buyers.is_ring[order], 1, units))
