"""What things cost the customer on each day: regular prices, promotions and competitors' prices.

Terms. A product's *regular price* moves a few times a year around its *anchor*, the reference price with inflation; the distance
between the two is what own-price elasticity acts on. A promotion takes a share off the regular price of some products of two
categories; a new wave starts every week and is recorded 14 days ahead. Prices are the same at every location.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.shop_days import ShopDays
from shops.simulated.sizes import ShopSize, stream

INFLATION_PER_YEAR = 0.03
CHANGES_PER_YEAR = 1.6
NOTICE_DAYS = 14
FUTURE_DAYS = 28
PROMOTION_TYPES = ("price", "display", "mailer")
PROMOTION_LIFT = np.array([1.0, 1.35, 1.2])
COMPETITORS = ("Krammarkt", "Lindenshop", "Onda")


@dataclass(frozen=True)
class Prices:
    """`regular` and `anchor` are (product, day), in currency per unit.

    `promoted` is the promotion wave of (product, day) or -1 and `discount_share` its cut; `wave_*` describe the waves.
    `competitor_ratio` is (competitor, position in `competitor_products`, week): their price over our anchor.
    """

    regular: np.ndarray
    anchor: np.ndarray
    promoted: np.ndarray
    discount_share: np.ndarray
    wave_id: list[str]
    wave_start: np.ndarray
    wave_end: np.ndarray
    wave_type: np.ndarray
    competitor_products: np.ndarray
    competitor_ratio: np.ndarray

    def on(self, day: int) -> tuple[np.ndarray, np.ndarray]:
        """Regular price and promotional discount per unit of every product on a day."""
        regular = self.regular[:, day].astype(np.float64).round(2)
        return regular, (regular * self.discount_share[:, day]).round(2)


def make_prices(size: ShopSize, catalogue: Catalogue, shop_days: ShopDays, seed: int) -> Prices:
    """Draw price paths for history and the four weeks after it."""
    rng = stream(seed, "prices")
    n_days, n = shop_days.n_history + FUTURE_DAYS, len(catalogue.product_id)
    anchor = catalogue.reference_price[:, None] * (1 + INFLATION_PER_YEAR) ** (np.arange(n_days) / 365)
    has_change = rng.random((n, n_days), dtype=np.float32) < CHANGES_PER_YEAR / 365
    has_change[:, 0] = True
    deviation = np.where(has_change, rng.normal(0, 0.05, (n, n_days)).astype(np.float32), 0)
    last_change = np.maximum.accumulate(np.where(has_change, np.arange(n_days, dtype=np.int32), 0), axis=1)
    path = np.take_along_axis(anchor * np.exp(deviation), last_change, axis=1)
    regular = np.maximum(np.round(path * 10) / 10 - 0.01, 0.49).astype(np.float32)
    promoted, discount, waves = _promotions(rng, catalogue, shop_days, n_days)
    watched = np.flatnonzero(rng.random(n) < size.competitor_share)
    weeks = n_days // 7 + 1
    steps = rng.normal(0, 0.02, (len(COMPETITORS), len(watched), weeks)).cumsum(axis=2)
    ratio = np.exp(np.clip(steps + rng.normal(0, 0.05, (len(COMPETITORS), len(watched), 1)), -0.3, 0.3)).astype(np.float32)
    return Prices(regular, anchor.astype(np.float32), promoted, discount, *waves, watched, ratio)


def _promotions(rng: np.random.Generator, catalogue: Catalogue, shop_days: ShopDays, n_days: int) -> tuple[np.ndarray, np.ndarray, tuple]:
    promoted = np.full((len(catalogue.product_id), n_days), -1, np.int16)
    discount = np.zeros(promoted.shape, np.float32)
    ids, starts, ends, types = [], [], [], []
    for start in range(3, n_days, 7):
        is_anniversary = shop_days.event_type[start] == "own"
        picked = rng.choice(len(catalogue.categories), 6 if is_anniversary and len(catalogue.categories) > 8 else 2, replace=False)
        end = min(start + int(rng.choice([7, 14])) - 1, n_days - 1)
        on_sale = (catalogue.launched + 14 <= start) & (catalogue.discontinued > end)
        chosen = np.isin(catalogue.category, picked) & on_sale & (rng.random(len(on_sale)) < 0.45)
        chosen &= (promoted[:, start : end + 1] < 0).all(axis=1)
        share = rng.choice([0.1, 0.15, 0.2, 0.25, 0.3, 0.4], len(on_sale))
        promoted[chosen, start : end + 1] = len(ids)
        discount[chosen, start : end + 1] = share[chosen, None]
        ids.append(f"PR-{shop_days.days[start]}")
        starts.append(start)
        ends.append(end)
        types.append(rng.integers(len(PROMOTION_TYPES)))
    return promoted, discount, (ids, np.array(starts), np.array(ends), np.array(types))


def _per_location(rows: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """One row per location that carries the product; `rows` has the product's position in column `product`."""
    items = pl.DataFrame({"product": catalogue.item_product, "location": catalogue.item_location}).with_columns(
        product_id=pl.Series(catalogue.product_id).gather(catalogue.item_product),
        location_id=pl.Series(catalogue.location_id).gather(catalogue.item_location),
    )
    return rows.join(items, on="product", maintain_order="left_right").drop("product", "location")


def promotions_table(prices: Prices, catalogue: Catalogue, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `promotions`: one row per wave, product and location, recorded 14 days ahead."""
    product, day = np.nonzero((prices.promoted >= 0) & (np.arange(prices.promoted.shape[1]) == prices.wave_start[prices.promoted]))
    wave = prices.promoted[product, day]
    start = shop_days.days[prices.wave_start[wave]]
    rows = pl.DataFrame(
        {
            "product": product,
            "promotion_id": pl.Series(prices.wave_id).gather(wave),
            "starts_on": start,
            "ends_on": shop_days.days[prices.wave_end[wave]],
            "promotion_type": pl.Series(PROMOTION_TYPES).gather(prices.wave_type[wave]),
            "discount_share": prices.discount_share[product, day].astype(np.float64).round(2),
            "recorded_at": (start - NOTICE_DAYS).astype("datetime64[us]"),
        }
    ).with_columns(pl.col("recorded_at").dt.offset_by("10h"))
    return _per_location(rows, catalogue)


def prices_table(prices: Prices, catalogue: Catalogue, shop_days: ShopDays) -> pl.DataFrame:
    """Contract table `prices`: a row per change of the regular price and per promotional price, from the day it is valid."""
    history = slice(0, shop_days.n_history)
    regular = prices.regular[:, history]
    changed = np.ones(regular.shape, bool)
    changed[:, 1:] = regular[:, 1:] != regular[:, :-1]
    begins = np.maximum(catalogue.launched, 0)
    changed &= np.arange(regular.shape[1]) > begins[:, None]
    changed[np.arange(len(begins)), begins] = True
    product, day = np.nonzero(changed)
    frames = [_price_rows(product, day, regular[product, day], shop_days, None, "regular")]
    is_start = (prices.promoted[:, history] >= 0) & (np.arange(shop_days.n_history) == prices.wave_start[prices.promoted[:, history]])
    product, day = np.nonzero(is_start)
    price = regular[product, day].astype(np.float64).round(2)
    reduced = price - (price * prices.discount_share[product, day]).round(2)
    last = shop_days.days[prices.wave_end[prices.promoted[product, day]]]
    frames.append(_price_rows(product, day, reduced, shop_days, last, "promotion"))
    return _per_location(pl.concat(frames), catalogue)


def _price_rows(
    product: np.ndarray, day: np.ndarray, price: np.ndarray, shop_days: ShopDays, valid_to: np.ndarray | None, kind: str
) -> pl.DataFrame:
    valid_from = shop_days.days[day]
    return pl.DataFrame(
        {
            "product": product,
            "valid_from": valid_from,
            "valid_to": pl.Series([None] * len(day), dtype=pl.Date) if valid_to is None else pl.Series(valid_to),
            "price": price.astype(np.float64).round(2),
            "price_type": [kind] * len(day),
            "recorded_at": valid_from.astype("datetime64[us]"),
        }
    )


def competitor_factor(prices: Prices, day: int, n_products: int) -> np.ndarray:
    """Factor on each product's pull: dearer competitors lend it customers (cross-price elasticity 0.4)."""
    factor = np.ones(n_products)
    factor[prices.competitor_products] = prices.competitor_ratio[:, :, day // 7].mean(axis=0) ** 0.4
    return factor


def competitor_table(prices: Prices, catalogue: Catalogue, shop_days: ShopDays, seed: int) -> pl.DataFrame:
    """Contract table `competitor_prices`: weekly sightings, one in ten missed."""
    rng = stream(seed, "competitors")
    weeks = np.arange(0, shop_days.n_history, 7)
    who, which, week = (
        axis.ravel() for axis in np.meshgrid(np.arange(3), np.arange(len(prices.competitor_products)), weeks, indexing="ij")
    )
    product = prices.competitor_products[which]
    seen = (rng.random(len(who)) < 0.9) & (catalogue.launched[product] <= week)
    who, which, week, product = who[seen], which[seen], week[seen], product[seen]
    price = prices.anchor[product, week] * prices.competitor_ratio[who, which, week // 7]
    return pl.DataFrame(
        {
            "observed_on": shop_days.days[week],
            "competitor": pl.Series(COMPETITORS).gather(who),
            "product_id": pl.Series(catalogue.product_id).gather(product),
            "price": price.astype(np.float64).round(2),
            "in_stock": rng.random(len(who)) < 0.94,
            "recorded_at": shop_days.days[week].astype("datetime64[us]"),
        }
    ).with_columns(pl.col("recorded_at").dt.offset_by("7h"))
