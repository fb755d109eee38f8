"""Wishes follow pulls: items are drawn in proportion, prices and seasons move them as they should."""

from datetime import date

import numpy as np
import polars as pl

from shops.simulated.demand import day_pull, draw_wishes
from shops.simulated.sizes import SIZES
from shops.simulated.world import make_world

WORLD = make_world(SIZES["small"], date(2025, 12, 31), 7)


def wishes(n: int, *, location: int, forced: int) -> np.ndarray:
    pull = day_pull(WORLD.demand, WORLD.catalogue, WORLD.prices, 100)
    line = np.zeros(n, np.int64)
    rng = np.random.default_rng(5)
    return draw_wishes(rng, pull, WORLD.catalogue, WORLD.population.taste, line + location, line + 1, line, line, line + forced)


def test_items_are_drawn_in_proportion_to_their_pull_within_the_category() -> None:
    n, location, category = 60_000, 1, 2
    pull = day_pull(WORLD.demand, WORLD.catalogue, WORLD.prices, 100)
    block = location * len(WORLD.catalogue.categories) + category
    start, end = WORLD.catalogue.block_start[block], WORLD.catalogue.block_start[block + 1]
    of_item = np.diff(pull.running[WORLD.catalogue.n_items + start : WORLD.catalogue.n_items + end + 1])
    drawn = np.bincount(wishes(n, location=location, forced=category), minlength=WORLD.catalogue.n_items)
    assert drawn[:start].sum() + drawn[end:].sum() == 0
    np.testing.assert_allclose(drawn[start:end] / n, of_item / of_item.sum(), atol=0.008)


def test_free_lines_stay_at_their_location() -> None:
    item = wishes(5_000, location=0, forced=-1)
    assert (WORLD.catalogue.item_location[item] == 0).all()
    assert len(np.unique(WORLD.catalogue.category[WORLD.catalogue.item_product[item]])) > 4


def test_products_not_yet_launched_have_no_pull() -> None:
    pull = day_pull(WORLD.demand, WORLD.catalogue, WORLD.prices, 15)
    of_item = np.diff(pull.running[: WORLD.catalogue.n_items + 1])
    unborn = WORLD.catalogue.launched[WORLD.catalogue.item_product] > 15
    assert unborn.any()
    np.testing.assert_allclose(of_item[unborn], 0, atol=1e-15)


def test_true_demand_is_what_was_sold_and_what_was_lost(small) -> None:
    """No item sold more than was wished for; more than 2 % of wishes were lost to empty shelves."""
    key = ["business_day", "product_id", "location_id"]
    lines = small.honest_lines()
    goods = lines.filter((pl.col("line_type") != "return") & (pl.col("product_id") != "SHIPPING"))
    sold = goods.group_by(key).agg(pl.col("units").sum())
    both = small.true("true_demand").join(sold, on=key, how="left").fill_null(0)
    assert (both["units"] <= both["true_demand"]).all()
    assert 0.02 < 1 - both["units"].sum() / both["true_demand"].sum() < 0.2
