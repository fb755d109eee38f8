"""What the shop sells: the category tree, products, and which location carries which product.

Terms. An *item* is a product at a location. A product's *pull* is its share of attention among all products at its reference price,
out of season and out of promotion; an item's *draw* scales it at its location. Items are sorted by location, then category, then
product, so that the items of one category at one location lie side by side. All money is in the shop's currency per unit.
"""

from dataclasses import dataclass

import numpy as np

from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize, stream


@dataclass(frozen=True)
class Category:
    """One category.

    `season_peak` is a day of the year, `christmas` the lift before Christmas, `extra_units` the mean units beyond one per line.
    """

    department: str
    name: str
    price: float
    season_peak: int
    season_strength: float
    christmas: float
    extra_units: float
    volume_m3: float
    shelf_life_days: int | None = None


CATEGORIES = (
    Category("Kitchen", "Cookware", 26, 330, 0.10, 0.5, 0.05, 0.012),
    Category("Kitchen", "Tableware", 11, 330, 0.10, 0.6, 0.60, 0.003),
    Category("Kitchen", "Small Appliances", 42, 340, 0.15, 0.8, 0.00, 0.020),
    Category("Garden", "Seeds and Bulbs", 4, 100, 0.85, 0.0, 0.90, 0.0005, 360),
    Category("Garden", "Garden Tools", 17, 130, 0.70, 0.0, 0.10, 0.008),
    Category("Garden", "Outdoor Living", 33, 170, 0.80, 0.0, 0.05, 0.040),
    Category("Toys", "Board Games", 21, 345, 0.20, 1.8, 0.05, 0.004),
    Category("Toys", "Soft Toys", 13, 345, 0.15, 1.5, 0.10, 0.006),
    Category("Toys", "Outdoor Toys", 15, 165, 0.60, 0.1, 0.10, 0.015),
    Category("Stationery", "Notebooks", 6, 245, 0.35, 0.2, 0.50, 0.0008),
    Category("Stationery", "Pens", 4, 245, 0.30, 0.1, 0.60, 0.0002),
    Category("Stationery", "Cards and Wrap", 3, 340, 0.20, 2.2, 0.90, 0.0003),
    Category("Pets", "Dog", 9, 10, 0.05, 0.2, 0.50, 0.004, 400),
    Category("Pets", "Cat", 8, 10, 0.05, 0.2, 0.60, 0.004, 400),
    Category("Pets", "Birds", 6, 10, 0.45, 0.0, 0.40, 0.003, 300),
    Category("Pantry", "Tea and Coffee", 7, 350, 0.30, 0.6, 0.40, 0.001, 240),
    Category("Pantry", "Sweets", 4, 340, 0.25, 1.4, 0.80, 0.0008, 120),
    Category("Pantry", "Preserves", 5, 300, 0.20, 0.5, 0.40, 0.001, 300),
    Category("Body Care", "Soap", 4, 340, 0.05, 0.4, 0.60, 0.0004),
    Category("Body Care", "Skin Care", 11, 200, 0.20, 0.3, 0.15, 0.0004, 540),
    Category("Body Care", "Candles", 9, 345, 0.50, 0.9, 0.40, 0.001),
    Category("Living", "Textiles", 18, 320, 0.25, 0.6, 0.20, 0.008),
    Category("Living", "Lamps", 31, 340, 0.35, 0.4, 0.05, 0.015),
    Category("Living", "Storage", 12, 20, 0.25, 0.0, 0.30, 0.018),
)
MATERIALS = ("Oak", "Linen", "Copper", "Blue", "Classic", "Little", "Amber", "Nordic", "Field", "Harbour", "Moss", "Royal")
BRANDS = ("Alder & Finch", "Brookmill", "Casa Lume", "Dunmore", "Elm Street", "Fennick", "Gullwing", "Harrow", "Own Brand")
PACKS = np.array([1, 2, 4, 6, 12, 24])
NEVER = 10**6
SELL_OFF_DAYS = 45


@dataclass(frozen=True)
class Catalogue:
    """Arrays over products (`product_id` … `is_dying`) and over items (`item_product`, `item_location`, `item_draw`)."""

    categories: tuple[Category, ...]
    product_id: list[str]
    product_name: list[str]
    brand: np.ndarray
    category: np.ndarray
    pull: np.ndarray
    reference_price: np.ndarray
    unit_cost: np.ndarray
    elasticity: np.ndarray
    trend_per_year: np.ndarray
    launched: np.ndarray
    discontinued: np.ndarray
    pack_units: np.ndarray
    moq_units: np.ndarray
    volume_m3: np.ndarray
    shelf_life_days: np.ndarray
    item_product: np.ndarray
    item_location: np.ndarray
    item_draw: np.ndarray
    block_start: np.ndarray
    location_id: list[str]

    @property
    def n_items(self) -> int:
        return len(self.item_product)

    @property
    def web(self) -> int:
        """Position of the web shop among the locations: the last."""
        return len(self.location_id) - 1

    def life(self, day: int, origin_day: int = 0) -> np.ndarray:
        """Factor of each product's age on a day: 0 before launch, ramping up, trending, fading out after it is discontinued."""
        age = day - self.launched
        ramp = np.where(self.launched <= 0, 1.0, 1 - 0.8 * np.exp(-np.maximum(age, 0) / 20))
        fade = np.exp(np.minimum(self.discontinued - SELL_OFF_DAYS - day, 0) / 60)
        return np.where(age >= 0, ramp * fade * np.exp(self.trend_per_year * (day - origin_day) / 365), 0.0)


def make_catalogue(size: ShopSize, shop_days: ShopDays, seed: int) -> Catalogue:
    """Draw products and items; 15 % of the products are launched and 10 % discontinued within history."""
    rng = stream(seed, "catalogue")
    categories = CATEGORIES[:: size.every_nth_category]
    n = size.products
    category = np.sort(np.arange(n) % len(categories))
    price = np.array([c.price for c in categories])[category] * rng.lognormal(0, 0.45, n)
    price = np.maximum(np.round(price * 2) / 2 - 0.01, 0.99)
    pull = rng.lognormal(0, 1.15, n) * price**-0.35
    fate = rng.random(n)
    launched = np.where(fate < 0.15, rng.integers(20, shop_days.n_history - 15, n), 0)
    discontinued = np.where((fate > 0.9), rng.integers(60, shop_days.n_history + 60, n), NEVER)
    pack = PACKS[np.minimum(rng.integers(0, 3, n) + (price < 12) * rng.integers(0, 4, n), len(PACKS) - 1)]
    shelf = np.array([c.shelf_life_days or NEVER for c in categories])[category]
    locations = [f"store-{s + 1}" for s in range(size.stores)] + ["web"]
    item_product, item_location = _assortment(rng, category, len(locations))
    block = item_location * len(categories) + category[item_product]
    return Catalogue(
        categories=categories,
        product_id=[f"P{p + 1:05d}" for p in range(n)],
        product_name=[f"{MATERIALS[rng.integers(len(MATERIALS))]} {categories[k].name} {p + 1}" for p, k in enumerate(category)],
        brand=np.array(BRANDS)[rng.integers(0, len(BRANDS), n)],
        category=category,
        pull=pull / pull.sum(),
        reference_price=price,
        unit_cost=np.maximum(np.round(price * rng.uniform(0.42, 0.68, n), 2), 0.2),
        elasticity=rng.uniform(1.0, 3.0, n),
        trend_per_year=rng.normal(0, 0.18, n),
        launched=launched,
        discontinued=discontinued,
        pack_units=pack,
        moq_units=pack * rng.choice([0, 1, 2], n, p=[0.6, 0.25, 0.15]),
        volume_m3=np.round(np.array([c.volume_m3 for c in categories])[category] * rng.uniform(0.6, 1.6, n), 5),
        shelf_life_days=shelf,
        item_product=item_product,
        item_location=item_location,
        item_draw=rng.lognormal(0, 0.25, len(item_product)),
        block_start=np.searchsorted(block, np.arange(len(locations) * len(categories) + 1)),
        location_id=locations,
    )


def _assortment(rng: np.random.Generator, category: np.ndarray, n_locations: int) -> tuple[np.ndarray, np.ndarray]:
    """The web shop carries every product, each store about nine in ten of them (and always the first of a category)."""
    carries = rng.random((n_locations, len(category))) < 0.88
    carries[-1] = True
    carries[:, np.searchsorted(category, np.unique(category))] = True
    location, product = np.nonzero(carries)
    return product, location
