"""Visits to the web shop: sessions that end in an order and sessions that only look.

An ordering session searches, views what is then bought, fills the cart and buys; a browsing session views one to three products.
"""

import numpy as np
import polars as pl

from shops.simulated.catalogue import Catalogue
from shops.simulated.customers import Population, is_active
from shops.simulated.orders import Buyers, Wishes
from shops.simulated.sizes import ShopSize
from shops.simulated.writer import lookup, seconds_to_timestamp

EVENT_TYPES = pl.Series(["search", "view", "cart", "purchase"])
SOURCES = pl.Series(["direct", "search", "social", "email", "display"])
SEARCH, VIEW, CART, PURCHASE = range(4)


def day_events(
    rng: np.random.Generator,
    size: ShopSize,
    population: Population,
    catalogue: Catalogue,
    buyers: Buyers,
    wishes: Wishes,
    filled: np.ndarray,
    day: int,
) -> dict[str, np.ndarray]:
    """Events of one day: session number within the day, customer or -1, second of the day, type, product or -1, source."""
    is_web = buyers.channel > 0
    line = np.flatnonzero(is_web[wishes.order])
    order = np.flatnonzero(is_web & (np.bincount(wishes.order, filled, len(is_web)) > 0))
    line_product = catalogue.item_product[wishes.item[line]]
    n_browsing = rng.poisson(size.browsing_per_web_order * max(len(order), 1))
    visitors = np.flatnonzero(is_active(population, day) & (population.web_share > 0.1))
    visitor = rng.choice(visitors, n_browsing) if len(visitors) else np.full(n_browsing, -1)
    visitor = np.where(rng.random(n_browsing) < 0.4, -1, visitor)
    views = rng.integers(1, 4, n_browsing)
    browse = np.repeat(np.arange(n_browsing), views)
    browse_second = rng.integers(6 * 3600, 23 * 3600, n_browsing)[browse] + rng.integers(5, 900, len(browse))
    looked_at = catalogue.item_product[rng.choice(catalogue.n_items, len(browse))] if len(browse) else np.zeros(0, np.int64)
    bought = line[filled[line] > 0]
    parts = [
        (order, buyers.customer[order], buyers.second[order] - rng.integers(500, 700, len(order)), SEARCH, np.full(len(order), -1)),
        (
            wishes.order[line],
            buyers.customer[wishes.order[line]],
            buyers.second[wishes.order[line]] - rng.integers(150, 500, len(line)),
            VIEW,
            line_product,
        ),
        (
            wishes.order[bought],
            buyers.customer[wishes.order[bought]],
            buyers.second[wishes.order[bought]] - rng.integers(20, 150, len(bought)),
            CART,
            catalogue.item_product[wishes.item[bought]],
        ),
        (order, buyers.customer[order], buyers.second[order], PURCHASE, np.full(len(order), -1)),
        (len(is_web) + browse, visitor[browse], browse_second, VIEW, looked_at),
    ]
    session = np.concatenate([part[0] for part in parts])
    source_of_session = rng.choice(len(SOURCES), len(is_web) + n_browsing, p=[0.34, 0.3, 0.14, 0.14, 0.08])
    return {
        "day": np.full(len(session), day),
        "session": session,
        "customer": np.concatenate([part[1] for part in parts]),
        "second": np.maximum(np.concatenate([part[2] for part in parts]), 0),
        "event_type": np.concatenate([np.full(len(part[0]), part[3]) for part in parts]),
        "product": np.concatenate([part[4] for part in parts]),
        "source": source_of_session[session],
    }


def web_events_table(
    events: dict[str, np.ndarray], first_second: int, customer_id: pl.Series, product_id: pl.Series, number_from: int
) -> pl.DataFrame:
    """Contract table `web_events`, written within the minute."""
    seconds = first_second + events["day"] * 86_400 + events["second"]
    n = len(seconds)
    return pl.DataFrame(
        {
            "event_id": "E" + pl.Series(np.arange(number_from, number_from + n)).cast(pl.String).str.zfill(9),
            "event_ts": seconds_to_timestamp(seconds),
            "session_id": "V" + pl.Series(events["day"]).cast(pl.String) + "-" + pl.Series(events["session"]).cast(pl.String),
            "customer_id": lookup(customer_id, events["customer"]),
            "event_type": lookup(EVENT_TYPES, events["event_type"]),
            "product_id": lookup(product_id, events["product"]),
            "traffic_source": lookup(SOURCES, events["source"]),
            "recorded_at": seconds_to_timestamp(seconds + 1),
        }
    )
