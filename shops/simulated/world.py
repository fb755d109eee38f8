"""Everything about a simulated shop that is fixed before its first day."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from shops.simulated.ads import Ads, make_ads
from shops.simulated.catalogue import Catalogue, make_catalogue
from shops.simulated.coupons import CouponBook, make_coupon_book
from shops.simulated.customers import Population, make_population
from shops.simulated.demand import DemandField, make_demand_field
from shops.simulated.prices import Prices, make_prices
from shops.simulated.shop_days import ShopDays, make_days
from shops.simulated.sizes import ShopSize
from shops.simulated.suppliers import Suppliers, make_suppliers


@dataclass(frozen=True)
class World:
    """The shop's fixed parts; `first_second` is the first day's midnight in seconds since 1970."""

    size: ShopSize
    seed: int
    days: ShopDays
    catalogue: Catalogue
    suppliers: Suppliers
    prices: Prices
    population: Population
    book: CouponBook
    ads: Ads
    demand: DemandField
    customer_id: pl.Series
    first_second: int


def make_world(size: ShopSize, last_day: date, seed: int) -> World:
    """Draw the fixed parts, each from a stream of its own."""
    days = make_days(size.days, last_day)
    catalogue = make_catalogue(size, days, seed)
    numbers = pl.Series("customer_id", np.arange(1, size.customers + 1)).cast(pl.String).str.zfill(7)
    return World(
        size=size,
        seed=seed,
        days=days,
        catalogue=catalogue,
        suppliers=make_suppliers(size, catalogue, seed),
        prices=make_prices(size, catalogue, days, seed),
        population=make_population(size, catalogue, days, seed),
        book=make_coupon_book(size, days),
        ads=make_ads(size, days, seed),
        demand=make_demand_field(catalogue, days, seed),
        customer_id="C" + numbers,
        first_second=int(days.days[0].astype("datetime64[s]").astype(np.int64)),
    )


def opening_rates(world: World) -> np.ndarray:
    """What the shop expects to sell of each item per day before it has sold any: half on the web, half in the stores."""
    catalogue = world.catalogue
    pulls = catalogue.pull[catalogue.item_product] * catalogue.item_draw
    share = pulls / world.demand.usual[catalogue.item_location]
    of_location = np.full(len(catalogue.location_id), 0.5 / max(catalogue.web, 1))
    of_location[catalogue.web] = 0.5
    return 0.16 * world.size.customers * share * of_location[catalogue.item_location]
