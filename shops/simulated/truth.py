"""What only the simulator knows, written beside the shop and never inside it.

`true_demand`: units wished for per item and day, lost sales included. `true_uplift`: per customer and coupon face, on the last day and
on each trial's day, what the coupon changes over 28 days: purchase chance, orders, margin before the coupon's cost, redemption
chance. `true_elasticity`: own-price elasticity per product (for the middle price class). `true_ads`: the ad curves. `true_fraud`.
"""

import numpy as np
import polars as pl

from shops.simulated.coupons import FACES, LIMITED_FACE, WINDOW_DAYS
from shops.simulated.customers import FAVOURITE_SHARE, PRICE_CLASS_ELASTICITY, is_active
from shops.simulated.response import buys_limited_category, expected_response, extra_chance, habit_redemption
from shops.simulated.sizes import stream
from shops.simulated.world import World
from shops.simulated.writer import lookup

MOST_CUSTOMERS = 50_000


def true_demand_table(world: World, demand: dict[str, np.ndarray]) -> pl.DataFrame:
    """One row per item on sale and day: business_day, product_id, location_id, true_demand (units, lost ones included)."""
    catalogue = world.catalogue
    return pl.DataFrame(
        {
            "business_day": world.days.days[demand["day"]],
            "product_id": lookup(pl.Series(catalogue.product_id), catalogue.item_product[demand["item"]]),
            "location_id": lookup(pl.Series(catalogue.location_id), catalogue.item_location[demand["item"]]),
            "true_demand": demand["units"],
        }
    )


def category_shares(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Share of each category in the lines of each taste type, and the mean margin of a line of each category.

    Both out of season, at reference prices and for products on sale from the start; the favourite category is left aside.
    """
    catalogue = world.catalogue
    extra_units = np.array([c.extra_units for c in catalogue.categories])[catalogue.category]
    weight = catalogue.pull * (catalogue.launched <= 0)
    line_margin = (catalogue.reference_price * 1.03 - catalogue.unit_cost) * (1 + extra_units)
    n = len(catalogue.categories)
    of_category = np.bincount(catalogue.category, weight, n)
    margin = np.bincount(catalogue.category, weight * line_margin, n) / np.maximum(of_category, 1e-12)
    share = world.population.taste * of_category
    return share / share.sum(axis=1, keepdims=True), margin


def order_margin(world: World) -> np.ndarray:
    """Expected margin of one order of each customer at reference prices and out of season, in currency."""
    share, margin = category_shares(world)
    population = world.population
    free = (share @ margin)[population.taste_type]
    return (1 + population.more_lines) * ((1 - FAVOURITE_SHARE) * free + FAVOURITE_SHARE * margin[population.favourite])


def true_uplift_table(world: World, day: int, last_order: np.ndarray) -> pl.DataFrame:
    """Exact uplift of each face value in the window that begins on the day after `day`.

    One row per customer acquired so far (a sample of 50,000 in a large shop) and face value; columns as the module says.
    """
    population = world.population
    known = np.flatnonzero((population.acquired <= day) & (population.ring < 0))
    if len(known) > MOST_CUSTOMERS:
        known = np.sort(stream(world.seed, "truth sample").choice(known, MOST_CUSTOMERS, replace=False))
    since_all = np.maximum(day + 1 - last_order, 1)
    since, active = since_all[known], is_active(population, day)[known]
    rate, web_share, habit = np.where(active, population.rate[known], 0.0), population.web_share[known], habit_redemption(population)[known]
    ahead = slice(day + 1, day + 1 + WINDOW_DAYS)
    factors = world.days.web_factor[ahead], world.days.store_factor[ahead]
    without = expected_response(rate, web_share, *factors, since, np.zeros(len(known)), habit, holds_coupon=False)
    margin = order_margin(world)[known]
    holds_category = buys_limited_category(population, category_shares(world)[0])[known]
    frames = []
    for face, value in enumerate(FACES):
        extra = extra_chance(population, np.full(population.n, face), since_all, day)[known]
        usable = holds_category if face == LIMITED_FACE else 1.0
        response = expected_response(rate, web_share, *factors, since, extra, habit * usable, holds_coupon=True)
        frames.append(
            pl.DataFrame(
                {
                    "as_of_day": pl.repeat(world.days.days[day].item(), len(known), eager=True, dtype=pl.Date),
                    "customer_id": world.customer_id.gather(known),
                    "face_value": np.full(len(known), value),
                    "purchase_chance_without": without.purchase_chance,
                    "purchase_chance_with": response.purchase_chance,
                    "uplift_purchase_chance": response.purchase_chance - without.purchase_chance,
                    "uplift_orders": response.orders - without.orders,
                    "uplift_margin": (response.orders - without.orders) * margin,
                    "redemption_chance": response.redemption_chance,
                    "expected_cost": response.redemption_chance * value,
                    "value": (response.orders - without.orders) * margin - response.redemption_chance * value,
                }
            )
        )
    return pl.concat(frames)


def true_elasticity_table(world: World) -> pl.DataFrame:
    """One row per product: own-price elasticity (negative) of the middle price class, and how other classes scale it."""
    n = len(world.catalogue.product_id)
    return pl.DataFrame(
        {
            "product_id": world.catalogue.product_id,
            "own_price_elasticity": -world.catalogue.elasticity,
            "scale_indifferent": np.full(n, PRICE_CLASS_ELASTICITY[0]),
            "scale_keen": np.full(n, PRICE_CLASS_ELASTICITY[2]),
        }
    )


def true_fraud_table(world: World) -> pl.DataFrame:
    """Customers that belong to a card-testing ring, and serial returners."""
    population = world.population
    in_ring, returners = np.flatnonzero(population.ring >= 0), np.flatnonzero((population.return_chance >= 0.7) & (population.ring < 0))
    ring_day = world.days.days[population.ring_day[in_ring]]
    return pl.DataFrame(
        {
            "customer_id": world.customer_id.gather(np.concatenate([in_ring, returners])),
            "kind": ["card_testing_ring"] * len(in_ring) + ["serial_returner"] * len(returners),
            "business_day": pl.concat([pl.Series(ring_day), pl.Series([None] * len(returners), dtype=pl.Date)]),
        }
    )
