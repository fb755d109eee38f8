"""Reference tables of products and locations as the shop writes them, versions included.

A product's row is written when it is listed (28 days before launch), again whenever its list price changes, and once more, 30 days
ahead, when it is to be discontinued. Shipping is a service among the products.
"""

import numpy as np
import polars as pl

from shops.simulated.catalogue import NEVER, Catalogue
from shops.simulated.prices import Prices
from shops.simulated.shop_days import ShopDays
from shops.simulated.suppliers import Suppliers
from shops.simulated.till import SHIPPING_ID, SHIPPING_PRICE
from shops.simulated.writer import lookup

LISTING_DAYS = 28
DISCONTINUATION_NOTICE_DAYS = 30


def products_table(catalogue: Catalogue, suppliers: Suppliers, prices: Prices, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `products`, all versions."""
    n_history = shop_days.n_history
    listed = np.maximum(catalogue.launched - LISTING_DAYS, 0)
    announced = np.where(catalogue.discontinued < NEVER, np.maximum(catalogue.discontinued - DISCONTINUATION_NOTICE_DAYS, listed), NEVER)
    regular = prices.regular[:, :n_history]
    changed = np.zeros(regular.shape, bool)
    changed[:, 1:] = regular[:, 1:] != regular[:, :-1]
    changed &= np.arange(n_history) > listed[:, None]
    product, day = np.nonzero(changed)
    told = np.flatnonzero(announced < n_history)
    product = np.concatenate([np.arange(len(listed)), product, told])
    day = np.concatenate([listed, day, announced[told]])
    hour = np.repeat([1, 2, 3], [len(listed), len(product) - len(listed) - len(told), len(told)])
    is_told = announced[product] <= day
    last_day = np.where(is_told & (catalogue.discontinued[product] < NEVER), catalogue.discontinued[product], -1)
    long_before = -30 * (1 + product % 36)
    launched = shop_days.days[0] + np.where(catalogue.launched[product] <= 0, long_before, catalogue.launched[product])
    shelf_life = catalogue.shelf_life_days[product]
    category = catalogue.category[product]
    first = shop_days.days[0]
    goods = pl.DataFrame(
        {
            "product_id": lookup(pl.Series(catalogue.product_id), product),
            "product_name": lookup(pl.Series(catalogue.product_name), product),
            "category": lookup(pl.Series([c.name for c in catalogue.categories]), category),
            "department": lookup(pl.Series([c.department for c in catalogue.categories]), category),
            "brand": catalogue.brand[product],
            "unit_cost": catalogue.unit_cost[product],
            "regular_price": regular[product, np.minimum(day, n_history - 1)].astype(np.float64).round(2),
            "supplier_id": lookup(pl.Series(suppliers.supplier_id), suppliers.of_product[product]),
            "pack_units": catalogue.pack_units[product],
            "moq_units": catalogue.moq_units[product],
            "volume_m3": catalogue.volume_m3[product],
            "shelf_life_days": pl.Series(np.where(shelf_life < NEVER, shelf_life, -1)).replace(-1, None),
            "launched_on": launched,
            "discontinued_on": pl.select(pl.when(pl.Series(last_day) >= 0).then(pl.Series(first + np.maximum(last_day, 0)))).to_series(),
            "is_service": np.zeros(len(product), bool),
            "recorded_at": (first + day).astype("datetime64[us]") + hour.astype("timedelta64[h]"),
        }
    )
    service = {"product_id": SHIPPING_ID, "product_name": "Shipping", "category": "Shipping", "department": "Services", "is_service": True}
    shipping = (
        goods[:1]
        .clear(1)
        .with_columns(
            **{name: pl.lit(value) for name, value in service.items()},
            regular_price=pl.lit(SHIPPING_PRICE),
            unit_cost=pl.lit(SHIPPING_PRICE),
            recorded_at=pl.lit(first.astype("datetime64[us]").item()),
        )
    )
    return pl.concat([goods, shipping])


def locations_table(catalogue: Catalogue, capacity_m3: np.ndarray, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `locations`; `capacity_m3` per location."""
    n = len(catalogue.location_id)
    is_web = np.arange(n) == catalogue.web
    return pl.DataFrame(
        {
            "location_id": catalogue.location_id,
            "location_name": ["Web shop" if web else f"Store {number + 1}" for number, web in enumerate(is_web)],
            "location_type": np.where(is_web, "web", "store"),
            "region": [("north", "east", "south", "west")[number % 4] for number in range(n)],
            "volume_capacity_m3": capacity_m3,
            "latitude": np.round(52.5 - 0.4 * np.arange(n) % 3, 3),
            "longitude": np.round(13.4 - 0.5 * np.arange(n) % 4, 3),
            "recorded_at": np.full(n, shop_days.days[0].astype("datetime64[us]")),
        }
    )
