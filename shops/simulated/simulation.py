"""Simulate a shop: draw its world, trade day by day, write the shop folder and, apart from it, the truth.

The same size, seed and last day give the same files, byte for byte. Long tables are written in parts as the days go by, so that memory
stays bounded however large the shop is.
"""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from shops.simulated.ads import ad_spend_table, true_ads_table
from shops.simulated.coupon_tables import assignments_table, redemptions_table
from shops.simulated.coupons import campaigns_table, coupons_table
from shops.simulated.customers import customers_table
from shops.simulated.dirt import spoil_order_lines, write_competitor_csv
from shops.simulated.prices import competitor_table, prices_table, promotions_table
from shops.simulated.products_table import locations_table, products_table
from shops.simulated.records import order_lines_table
from shops.simulated.shop_days import calendar_table
from shops.simulated.shop_file import write_shop_file
from shops.simulated.sizes import SIZES, SizeName, stream
from shops.simulated.stock_tables import purchase_orders_table, stock_levels_table
from shops.simulated.suppliers import suppliers_table
from shops.simulated.trading import Trading
from shops.simulated.truth import true_demand_table, true_elasticity_table, true_fraud_table, true_uplift_table
from shops.simulated.web_events import web_events_table
from shops.simulated.world import World, make_world
from shops.simulated.writer import PartWriter

LONG_TABLES = ("order_lines", "stock_levels", "web_events")


def simulate(size: SizeName, folder: Path, truth_folder: Path, seed: int = 7, last_day: date = date(2025, 12, 31)) -> None:
    """Write the shop of that size into `folder` and its truth into `truth_folder`; both are emptied first.

    Raises ValueError for an unknown size or a truth folder inside the shop folder.
    """
    if size not in SIZES:
        raise ValueError(f"Expected a size among {sorted(SIZES)}; got {size!r}.")
    if truth_folder.resolve().is_relative_to(folder.resolve()):
        raise ValueError("Expected the truth outside the shop folder, where no reader of the shop can find it.")
    for target in (folder, truth_folder):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
    world = make_world(SIZES[size], last_day, seed)
    trading = _trade(world, folder, truth_folder)
    _write_short_tables(world, trading, folder)
    true_elasticity_table(world).write_parquet(truth_folder / "true_elasticity.parquet")
    true_ads_table(world.ads, world.days).write_parquet(truth_folder / "true_ads.parquet")
    true_fraud_table(world).write_parquet(truth_folder / "true_fraud.parquet")


def _trade(world: World, folder: Path, truth_folder: Path) -> Trading:
    """Run all days; long tables and the truth about demand and uplift are written on the way."""
    n_days, chunk = world.days.n_history, world.size.chunk_days
    in_parts = chunk < n_days
    last = world.days.days[n_days - 1]
    writers = {name: PartWriter(folder, name, last, in_parts=in_parts) for name in LONG_TABLES}
    demand_writer = PartWriter(truth_folder, "true_demand", last, in_parts=in_parts)
    dirt = stream(world.seed, "dirt")
    trading = Trading(world)
    uplift = []
    for day in range(n_days):
        trading.day(day)
        if any(world.book.campaigns[number].is_randomised for number in world.book.given_on(day)) or day == n_days - 1:
            uplift.append(true_uplift_table(world, day, trading.last_order))
        if (day + 1) % chunk == 0 or day == n_days - 1:
            _write_chunk(world, trading, writers, demand_writer, dirt)
    pl.concat(uplift).write_parquet(truth_folder / "true_uplift.parquet", compression="zstd")
    return trading


def _write_chunk(
    world: World, trading: Trading, writers: dict[str, PartWriter], demand_writer: PartWriter, dirt: np.random.Generator
) -> None:
    ledger = trading.ledger
    lines = order_lines_table(ledger.order_lines.take(), world.first_second, world.catalogue, world.prices, world.book, world.customer_id)
    writers["order_lines"].write(spoil_order_lines(lines, dirt))
    writers["stock_levels"].write(stock_levels_table(world, ledger.stock_levels.take()))
    events = ledger.web_events.take()
    product_id = pl.Series(world.catalogue.product_id)
    writers["web_events"].write(web_events_table(events, world.first_second, world.customer_id, product_id, writers["web_events"].rows))
    demand_writer.write(true_demand_table(world, ledger.true_demand.take()))


def _write_short_tables(world: World, trading: Trading, folder: Path) -> None:
    days, catalogue, ledger = world.days, world.catalogue, trading.ledger
    last = days.days[days.n_history - 1]
    volume = np.array(ledger.volume_used_m3)
    capacity = np.ceil(volume[-120:].max(axis=0) * 1.2)
    tables = {
        "products": products_table(catalogue, world.suppliers, world.prices, days),
        "customers": customers_table(world.population, world.customer_id, days, world.seed),
        "purchase_orders": purchase_orders_table(world, ledger.purchase_orders),
        "suppliers": suppliers_table(world.suppliers, days),
        "prices": prices_table(world.prices, catalogue, days),
        "promotions": promotions_table(world.prices, catalogue, days),
        "campaigns": campaigns_table(world.book, days),
        "coupons": coupons_table(world.book, catalogue, days, world.size),
        "coupon_assignments": assignments_table(world, ledger.assignments.take()),
        "coupon_redemptions": redemptions_table(world, ledger.redemptions.take()),
        "ad_spend": ad_spend_table(world.ads, days, world.seed),
        "locations": locations_table(catalogue, capacity, days),
        "calendar": calendar_table(days, catalogue.location_id[: catalogue.web], catalogue.location_id[catalogue.web]),
    }
    for name, frame in tables.items():
        PartWriter(folder, name, last, in_parts=False).write(frame)
    competitors = competitor_table(world.prices, catalogue, days, world.seed)
    write_competitor_csv(competitors, folder / "competitor_prices.csv", stream(world.seed, "competitor dirt"))
    write_shop_file(
        folder / "shop.toml",
        size=world.size.name,
        first_day=days.days[0].item(),
        last_day=days.last_day,
        seed=world.seed,
        coupon_budget=world.size.coupon_budget,
        purchase_budget=_purchase_budget(trading),
    )


def _purchase_budget(trading: Trading) -> float:
    """A little less than what the shop's own buyer is about to order on the last day, so that the budget binds mildly."""
    last = trading.ledger.purchase_orders[-1]
    return float(np.round(0.85 * (last.units * last.unit_cost).sum(), -1))
