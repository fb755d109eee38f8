"""Contract tables of stock levels and purchase orders."""

import numpy as np
import polars as pl

from shops.simulated.stock import PurchaseLines
from shops.simulated.world import World
from shops.simulated.writer import lookup


def stock_levels_table(world: World, counted: dict[str, np.ndarray]) -> pl.DataFrame:
    """Contract table `stock_levels`: every listed item, every day, counted and written at the end of the day."""
    catalogue = world.catalogue
    day = world.days.days[counted["day"]]
    return pl.DataFrame(
        {
            "business_day": day,
            "product_id": lookup(pl.Series(catalogue.product_id), catalogue.item_product[counted["item"]]),
            "location_id": lookup(pl.Series(catalogue.location_id), catalogue.item_location[counted["item"]]),
            "on_hand": counted["on_hand"].astype(np.float64),
            "recorded_at": day.astype("datetime64[us]") + np.timedelta64(23 * 60 + 50, "m"),
        }
    )


def purchase_orders_table(world: World, orders: list[PurchaseLines]) -> pl.DataFrame:
    """Contract table `purchase_orders`: a version when ordered (written by the next morning's run) and one when received.

    Orders of day D are written on D + 1, so that what is known on the evening of D shows the need the shop's own buyer is about to meet.
    """
    catalogue = world.catalogue
    joined = {name: np.concatenate([getattr(o, name) for o in orders]) for name in ("number", "line", "item", "supplier")}
    ordered = np.concatenate([np.full(len(o.item), o.ordered) for o in orders])
    expected, received = np.concatenate([o.expected for o in orders]), np.concatenate([o.received for o in orders])
    first = world.days.days[0]
    base = pl.DataFrame(
        {
            "po_id": "PO" + pl.Series(joined["number"]).cast(pl.String).str.zfill(7),
            "line_id": pl.Series(joined["line"]).cast(pl.String),
            "product_id": lookup(pl.Series(catalogue.product_id), catalogue.item_product[joined["item"]]),
            "location_id": lookup(pl.Series(catalogue.location_id), catalogue.item_location[joined["item"]]),
            "supplier_id": lookup(pl.Series(world.suppliers.supplier_id), joined["supplier"]),
            "ordered_on": first + ordered,
            "expected_on": first + expected,
            "received_on": pl.Series([None] * len(ordered), dtype=pl.Date),
            "units_ordered": np.concatenate([o.units for o in orders]).astype(np.float64),
            "units_received": pl.Series([None] * len(ordered), dtype=pl.Float64),
            "unit_cost": np.concatenate([o.unit_cost for o in orders]),
            "recorded_at": (first + ordered + 1).astype("datetime64[us]") + np.timedelta64(6, "h"),
        }
    )
    receipts = base.with_columns(
        received_on=pl.Series(first + received),
        units_received=pl.Series(np.concatenate([o.units_received for o in orders]).astype(np.float64)),
        recorded_at=pl.Series((first + received).astype("datetime64[us]") + np.timedelta64(12, "h")),
    )
    return pl.concat([base, receipts])
