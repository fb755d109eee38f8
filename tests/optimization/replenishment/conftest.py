"""A tiny shop whose orders can be worked out by hand: demand is uniform, arrives at once, and is checked weekly."""

from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from optimization.replenishment import ITEM_COLUMNS

LEVELS = {"q05": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q80": 0.8, "q90": 0.9, "q95": 0.95, "q975": 0.975, "q99": 0.99}


def uniform_item(product: str = "p1", demand: float = 100.0, wait: float = 0.0, **changes: object) -> dict:
    """Return one item: demand until the delivery after next is uniform on 0..`demand`, before arrival uniform on 0..`wait`."""
    row: dict[str, object] = {
        "product_id": product,
        "location_id": "north",
        "supplier_id": "s1",
        "order_day": date(2025, 3, 3),
        "is_order_day": True,
        "unit_cost": 6.0,
        "unit_price": 10.0,
        "volume_m3": 0.1,
        "pack_units": 1,
        "moq_units": 1,
        "shelf_life_days": None,
        "on_hand": 0.0,
        "on_hand_flag": None,
        "in_transit_units": 0.0,
        "lead_time_days": 2,
        "review_days": 7,
        "next_order_day": date(2025, 3, 10),
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
def make_items() -> Callable[..., pl.DataFrame]:
    """Return a function from rows (changes to `uniform_item`) to the frame that the plan reads."""

    def build(*rows: dict) -> pl.DataFrame:
        return pl.DataFrame([uniform_item(**row) for row in rows], schema=dict(ITEM_COLUMNS))

    return build


@pytest.fixture(scope="session")
def make_suppliers() -> Callable[..., pl.DataFrame]:
    """Return a function from supplier_id -> (minimum order value, fixed cost) to the suppliers frame."""

    def build(**terms: tuple[float, float]) -> pl.DataFrame:
        rows = [{"supplier_id": name, "min_order_value": least, "fixed_order_cost": fixed} for name, (least, fixed) in terms.items()]
        return pl.DataFrame(rows, schema={"supplier_id": pl.String, "min_order_value": pl.Float64, "fixed_order_cost": pl.Float64})

    return build
