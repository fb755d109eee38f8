"""Stock: first come first served, and a ledger that reconciles day by day."""

from datetime import date

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from shops.simulated.sizes import SIZES, stream
from shops.simulated.stock import StockRoom
from shops.simulated.world import make_world, opening_rates

WORLD = make_world(SIZES["small"], date(2025, 12, 31), 7)


def stock_room() -> StockRoom:
    return StockRoom(WORLD.catalogue, WORLD.suppliers, stream(7, "stock"), opening_rates(WORLD))


def test_the_line_before_the_shelf_is_empty_gets_a_part() -> None:
    room = stock_room()
    room.on_hand[[0, 1]] = [5, 2]
    filled = room.fill(np.array([0, 1, 0, 0, 1]), np.array([3, 2, 3, 1, 1]))
    assert filled.tolist() == [3, 2, 2, 0, 0]
    assert room.on_hand[[0, 1]].tolist() == [0, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_filling_one_by_one_or_all_at_once_is_the_same(wishes) -> None:
    together, apart = stock_room(), stock_room()
    for room in (together, apart):
        room.on_hand[:5] = [0, 1, 4, 7, 20]
    item, units = np.array([w[0] for w in wishes], dtype=int), np.array([w[1] for w in wishes], dtype=int)
    filled = together.fill(item, units)
    one_by_one = [int(apart.fill(item[i : i + 1], units[i : i + 1])[0]) for i in range(len(item))]
    assert filled.tolist() == one_by_one
    assert (together.on_hand >= 0).all()


def test_orders_come_in_packs_reach_the_minimum_and_only_on_order_days() -> None:
    room = stock_room()
    room.on_hand[:] = 0
    for weekday in range(7):
        lines = room.order(day=100 + weekday, weekday=weekday)
        product = WORLD.catalogue.item_product[lines.item]
        assert (lines.units % WORLD.catalogue.pack_units[product] == 0).all()
        assert (lines.units >= WORLD.catalogue.moq_units[product]).all()
        assert WORLD.suppliers.takes_orders[lines.supplier, weekday].all()
        assert (lines.received > lines.ordered).all()
        worth = pl.DataFrame({"po": lines.number, "supplier": lines.supplier, "value": lines.units * lines.unit_cost})
        for row in worth.group_by("po", "supplier").agg(pl.col("value").sum()).iter_rows(named=True):
            assert row["value"] >= WORLD.suppliers.min_order_value[row["supplier"]]


def test_stock_levels_follow_from_deliveries_sales_and_returns(small) -> None:
    """Checked in the store, where nothing is cancelled, for products that do not spoil and days whose late records are all in."""
    lasting = small.table("products").filter(pl.col("shelf_life_days").is_null() & ~pl.col("is_service"))["product_id"].unique()
    levels = small.table("stock_levels").filter((pl.col("location_id") == "store-1") & pl.col("product_id").is_in(lasting.implode()))
    key = ["product_id", "business_day"]
    sold = small.honest_lines().filter(pl.col("location_id") == "store-1").group_by(key).agg(pl.col("units").sum())
    received = small.table("purchase_orders").filter(pl.col("received_on").is_not_null() & (pl.col("location_id") == "store-1"))
    received = received.group_by("product_id", business_day="received_on").agg(pl.col("units_received").sum())
    ledger = (
        levels.join(sold, on=key, how="left")
        .join(received, on=key, how="left")
        .fill_null(0)
        .sort(key)
        .with_columns(counted=pl.col("on_hand").clip(0))
        .with_columns(before=pl.col("counted").shift(1).over("product_id"))
        .filter(pl.col("before").is_not_null() & (pl.col("business_day") < date(2025, 12, 24)))
    )
    assert ledger.height > 5_000
    off = ledger.filter(pl.col("counted") != pl.col("before") + pl.col("units_received") - pl.col("units"))
    assert off.height == 0


def test_stock_outs_and_overstock_both_happen(small) -> None:
    levels = small.table("stock_levels").join(
        small.table("products").filter(pl.col("discontinued_on").is_not_null()).select("product_id").unique(), on="product_id", how="anti"
    )
    assert 0.02 < (levels["on_hand"] <= 0).mean() < 0.09
    assert (levels["on_hand"] > 40).mean() > 0.02
