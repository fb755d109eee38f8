"""What customers want on a day: the pull of every item, and the drawing of wished-for lines from it.

Terms. A product's *pull on a day* = its pull × season × life × price response × promotion × competitors × a slow random drift. Wishes
are first choices, whether or not the shelf is full: what stock turns away is lost demand. A *block* is one category at one location.
"""

from dataclasses import dataclass

import numpy as np

from shops.simulated.catalogue import Catalogue
from shops.simulated.customers import FAVOURITE_SHARE, PRICE_CLASS_ELASTICITY
from shops.simulated.prices import PROMOTION_LIFT, Prices, competitor_factor
from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import stream

N_CLASSES = len(PRICE_CLASS_ELASTICITY)


@dataclass(frozen=True)
class DemandField:
    """What is fixed for the whole history: `season` (category, day), `drift` (product, day), `usual` total pull per location."""

    season: np.ndarray
    drift: np.ndarray
    usual: np.ndarray


@dataclass(frozen=True)
class DayPull:
    """One day: `running` sums pulls over (price class, item); `block_pull` is (price class, location, category); `scale` per location."""

    running: np.ndarray
    block_pull: np.ndarray
    scale: np.ndarray
    favourite_chance: np.ndarray


def make_demand_field(catalogue: Catalogue, shop_days: ShopDays, seed: int) -> DemandField:
    """Seasons of the categories and the random drift of the products."""
    rng = stream(seed, "drift")
    peak = np.array([c.season_peak for c in catalogue.categories])[:, None]
    strength = np.array([c.season_strength for c in catalogue.categories])[:, None]
    christmas = np.array([c.christmas for c in catalogue.categories])[:, None]
    season = 1 + strength * np.cos(2 * np.pi * (shop_days.day_of_year - peak) / 365) + christmas * shop_days.christmas
    drift = np.zeros((len(catalogue.product_id), shop_days.n_history), np.float32)
    drift[:, 0] = rng.normal(0, 0.2, len(drift))
    for day in range(1, shop_days.n_history):
        drift[:, day] = 0.98 * drift[:, day - 1] + rng.normal(0, 0.04, len(drift))
    pulls = catalogue.pull[catalogue.item_product] * catalogue.item_draw
    return DemandField(season, drift, np.bincount(catalogue.item_location, pulls))


def day_pull(field: DemandField, catalogue: Catalogue, prices: Prices, day: int) -> DayPull:
    """Pull of every item on a day for the three price classes."""
    wave = prices.promoted[:, day]
    display = np.where(wave >= 0, PROMOTION_LIFT[prices.wave_type[wave]], 1.0)
    price_gap = np.log(prices.regular[:, day] * (1 - prices.discount_share[:, day]) / prices.anchor[:, day])
    common = catalogue.pull * catalogue.life(day) * field.season[catalogue.category, day] * np.exp(field.drift[:, day]) * display
    common = common * competitor_factor(prices, day, len(common))
    of_class = common * np.exp(-PRICE_CLASS_ELASTICITY[:, None] * catalogue.elasticity * price_gap)
    of_item = of_class[:, catalogue.item_product] * catalogue.item_draw
    n_locations, n_categories = len(catalogue.location_id), len(catalogue.categories)
    block = np.add.reduceat(of_item, catalogue.block_start[:-1], axis=1).reshape(N_CLASSES, n_locations, n_categories)
    scale = np.clip(block[1].sum(axis=1) / field.usual, 0.4, 2.5)
    favourite = FAVOURITE_SHARE * np.minimum(field.season[:, day], 1.0)
    return DayPull(np.append(0.0, of_item.ravel().cumsum()), block, scale, favourite)


def draw_wishes(
    rng: np.random.Generator,
    pull: DayPull,
    catalogue: Catalogue,
    taste: np.ndarray,
    location: np.ndarray,
    price_class: np.ndarray,
    taste_type: np.ndarray,
    favourite: np.ndarray,
    forced_category: np.ndarray,
) -> np.ndarray:
    """Item wished for on each line; all arrays are per line, `forced_category` is -1 where the customer is free."""
    steps = (pull.block_pull[:, :, None, :] * taste).cumsum(axis=-1)
    row = steps[price_class, location, taste_type]
    category = (rng.random(len(row))[:, None] * row[:, -1:] > row).sum(axis=1).clip(max=row.shape[1] - 1)
    category = np.where(rng.random(len(row)) < pull.favourite_chance[favourite], favourite, category)
    category = np.where(forced_category >= 0, forced_category, category)
    block = location * len(catalogue.categories) + category
    offset = price_class * catalogue.n_items
    low = pull.running[offset + catalogue.block_start[block]]
    target = low + rng.random(len(row)) * pull.block_pull[price_class, location, category]
    item = np.searchsorted(pull.running[1:], target, side="right") - offset
    return np.clip(item, catalogue.block_start[block], catalogue.block_start[block + 1] - 1)


def draw_units(rng: np.random.Generator, catalogue: Catalogue, prices: Prices, product: np.ndarray, day: int) -> np.ndarray:
    """Units wished for per line: one, and more where the category is bought in several or a promotion invites stocking up."""
    extra = np.array([c.extra_units for c in catalogue.categories])[catalogue.category[product]]
    return 1 + rng.poisson(extra * (1 + 1.5 * prices.discount_share[product, day]))
