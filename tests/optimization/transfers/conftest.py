"""A product at several locations: demand is uniform until the delivery after next, which is a week away."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from optimization.replenishment import ITEM_COLUMNS

LEVELS = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q975": 0.975, "q99": 0.99}


def stocked(location: str, on_hand: float, demand: float = 100.0, wait: float = 0.0, **changes: object) -> dict:
    """Return a location's row: demand over all days is uniform on 0..`demand`, that of the lead time on 0..`wait`."""
    row: dict[str, object] = {
        "product_id": "p1",
        "location_id": location,
        "supplier_id": "s1",
        "order_day": date(2025, 3, 3),
        "is_order_day": True,
        "unit_cost": 6.0,
        "unit_price": 10.0,
        "volume_m3": 0.1,
        "pack_units": 1,
        "moq_units": 1,
        "on_hand": on_hand,
        "in_transit_units": 0.0,
        "lead_time_days": 2,
        "review_days": 5,
        "next_order_day": date(2025, 3, 8),
        "lead_mean_units": wait / 2,
        "cover_mean_units": demand / 2,
        "forecast_model": "by hand",
        "stock_source": "feed",
        "discontinued": False,
    }
    row |= {f"cover_{name}": demand * level for name, level in LEVELS.items()}
    row |= {f"lead_{name}": wait * LEVELS[name] for name in ("q10", "q50", "q90")}
    return row | changes


@pytest.fixture(scope="session")
def make_stock() -> Callable[..., pl.DataFrame]:
    """Return a function from rows (arguments of `stocked`) to the frame that the plan reads."""

    def build(*rows: dict) -> pl.DataFrame:
        return pl.DataFrame([stocked(**row) for row in rows], schema=dict(ITEM_COLUMNS))

    return build
