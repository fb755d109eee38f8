"""Seeded shops for one order cycle: items, suppliers and limits of any size, in the shape `plan_replenishment` reads.

Demand per day is lognormal over items (a few sell fast, most sell slowly) and lognormal within an item; packs are 1, 6, 12 or 24, some
items have a minimum order quantity or a shelf life, margins lie between 15 and 65 %. Suppliers have minimum order values and fixed costs.
The budget is `budget_share` of what all items would order on their own; every warehouse has room for `volume_share` of its volume.

Public: `CycleInstance`, `cycle_instance`.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from scipy.special import ndtri

from optimization.replenishment import ITEM_COLUMNS, ReplenishmentLimits, ReplenishmentSettings
from optimization.replenishment.item_needs import item_needs
from optimization.replenishment.read_items import COVER_LEVELS, LEAD_LEVELS, read_items
from optimization.replenishment.room_limits import volume_at_arrival

PACKS, PACK_SHARES = (1, 6, 12, 24), (0.4, 0.25, 0.25, 0.1)


@dataclass(frozen=True)
class CycleInstance:
    """Frames and limits of one day."""

    items: pl.DataFrame
    suppliers: pl.DataFrame
    limits: ReplenishmentLimits


def cycle_instance(
    count: int,
    suppliers: int,
    places: int = 4,
    seed: int = 7,
    budget_share: float = 0.85,
    volume_share: float = 0.78,
) -> CycleInstance:
    """Return `count` item-locations of `suppliers` suppliers in `places` warehouses; the same arguments give the same instance."""
    luck = np.random.default_rng(seed)
    daily = np.clip(luck.lognormal(-0.5, 1.3, count), 0.01, 300)
    lead_days, review_days = luck.integers(2, 15, count), np.full(count, 7)
    spread = luck.uniform(0.25, 1.1, count)
    cover_mean, lead_mean = daily * (lead_days + review_days), daily * lead_days
    unit_cost = np.round(np.clip(luck.lognormal(1.6, 0.9, count), 0.2, 400), 2)
    pack = luck.choice(PACKS, count, p=PACK_SHARES)
    moq = np.where(luck.random(count) < 0.3, np.round(cover_mean * luck.uniform(0.1, 0.8, count)), 0)
    items = pl.DataFrame(
        {
            "product_id": [f"p{number:06d}" for number in range(count)],
            "location_id": [f"w{number}" for number in luck.integers(0, places, count)],
            "supplier_id": [f"s{number:05d}" for number in luck.integers(0, suppliers, count)],
            "order_day": [date(2025, 3, 3)] * count,
            "is_order_day": luck.random(count) < 0.95,
            "unit_cost": unit_cost,
            "unit_price": np.round(unit_cost / (1 - luck.uniform(0.15, 0.65, count)), 2),
            "volume_m3": np.round(np.clip(luck.lognormal(-5.0, 0.9, count), 1e-4, 1.0), 5),
            "pack_units": pack,
            "moq_units": moq.astype(np.int64),
            "shelf_life_days": np.where(luck.random(count) < 0.15, luck.integers(4, 40, count), np.nan),
            "on_hand": np.round(luck.uniform(0, 1, count) ** 2 * 1.6 * cover_mean),
            "on_hand_flag": pl.Series([None] * count, dtype=pl.String),
            "in_transit_units": np.where(luck.random(count) < 0.25, np.round(0.4 * lead_mean), 0.0),
            "lead_time_days": lead_days,
            "review_days": review_days,
            "next_order_day": [date(2025, 3, 10)] * count,
            "lead_mean_units": lead_mean,
            "cover_mean_units": cover_mean,
            **_quantiles("cover", COVER_LEVELS, cover_mean, spread),
            **_quantiles("lead", LEAD_LEVELS, lead_mean, spread * np.sqrt((lead_days + review_days) / lead_days)),
            "forecast_model": ["generated"] * count,
            "stock_source": ["feed"] * count,
            "discontinued": [False] * count,
        }
    ).select(pl.col(name).cast(kind) for name, kind in ITEM_COLUMNS.items())
    wish, before, added = _wishes(items)
    terms = pl.DataFrame(
        {
            "supplier_id": [f"s{number:05d}" for number in range(suppliers)],
            "min_order_value": np.round(_typical(wish, items, suppliers) * luck.choice([0.0, 0.4, 0.8, 1.1], suppliers), 2),
            "fixed_order_cost": np.round(luck.choice([0.0, 5.0, 25.0], suppliers), 2),
        }
    )
    budget = float(wish.sum()) * budget_share
    rooms = {name: before[name] + more * volume_share for name, more in added.items()}
    return CycleInstance(items, terms, ReplenishmentLimits(budget, rooms))


def _quantiles(prefix: str, levels: object, mean: np.ndarray, spread: np.ndarray) -> dict[str, np.ndarray]:
    named: dict[str, float] = dict(levels)  # type: ignore[call-overload]
    return {name: mean * np.exp(spread * float(ndtri(level)) - spread**2 / 2) for name, level in named.items()}


def _wishes(items: pl.DataFrame) -> tuple[np.ndarray, dict[str, float], dict[str, float]]:
    """Value that each item would order on its own, the volume at each location before, and what these orders would add."""
    read = read_items(items)
    needs = item_needs(read, ReplenishmentSettings())
    units = np.where(read["is_order_day"].to_numpy(), needs.alone, 0.0)
    before = volume_at_arrival(read)
    added = read.select("location_id", volume=pl.Series(units) * pl.col("volume_m3")).group_by("location_id").agg(pl.col("volume").sum())
    return units * read["unit_cost"].to_numpy(), before, dict(sorted(added.iter_rows()))


def _typical(wish: np.ndarray, items: pl.DataFrame, suppliers: int) -> float:
    return float(wish.sum()) / suppliers
