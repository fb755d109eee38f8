"""Seeded promotion calendars of any size: candidates, stock, conflicts, losses and limits in the shape `plan_promotions` reads.

Weekly sales are lognormal over products; margins lie between 25 and 60 %; the lift of a promotion grows with its depth at an elasticity of
3 to 7 per product, with weeks that suit it better or worse. Three kinds: 10 %, 20 % and 2 for 1, which six customers in ten take up.
Slots hold a tenth of the products per week, the budget half of what the calendar without it would use; stock binds for a third of the
products, conflicts and losses lie within categories.

Public: `CalendarInstance`, `calendar_instance`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.promotion_calendar import CalendarFrames, PromotionLimits

KINDS = (("10 percent", 0.10, 1.0), ("20 percent", 0.20, 1.0), ("2 for 1", 0.50, 0.6))
CATEGORIES = 10


@dataclass(frozen=True)
class CalendarInstance:
    """Frames and limits of one calendar."""

    frames: CalendarFrames
    limits: PromotionLimits


def calendar_instance(
    products: int, weeks: int = 12, seed: int = 7, minimums: bool = True, budget_per_slot: float | None = None, decided: int = 0
) -> CalendarInstance:
    """Return a calendar of `products` products over `weeks` weeks; the same arguments give the same instance."""
    luck = np.random.default_rng(seed)
    names = [f"p{number:05d}" for number in range(products)]
    category = luck.integers(0, min(CATEGORIES, max(products // 3, 1)), products)
    price = np.round(np.clip(luck.lognormal(1.5, 0.7, products), 0.5, 80), 2)
    margin, elasticity = luck.uniform(0.25, 0.6, products), luck.uniform(3.0, 7.0, products)
    base = np.clip(luck.lognormal(3.5, 0.9, products), 2, 2_000)
    season = np.exp(luck.normal(0, 0.12, (products, weeks)))
    suits = np.exp(luck.normal(0, 0.25, (products, weeks)))
    parts = []
    for kind, depth, take_up in KINDS:
        lift = base[:, None] * season * ((1 - depth * take_up) ** (-elasticity[:, None] * suits) - 1)
        parts.append(
            pl.DataFrame(
                {
                    "product_id": np.repeat(names, weeks),
                    "category": [f"c{number}" for number in np.repeat(category, weeks)],
                    "week": np.tile(np.arange(weeks), products),
                    "promotion_id": kind,
                    "base_units": np.round((base[:, None] * season).ravel(), 2),
                    "lift_units": np.round(np.minimum(lift, 8 * base[:, None]).ravel(), 2),
                    "unit_price": np.repeat(price, weeks),
                    "unit_cost": np.repeat(np.round(price * (1 - margin), 2), weeks),
                    "discount_share": depth,
                    "take_up_share": take_up,
                    "slot_cost": 5.0,
                    "lost_elsewhere": np.round(luck.uniform(0, 0.05, products * weeks) * np.repeat(base * price, weeks), 2),
                }
            )
        )
    candidates = pl.concat(parts)
    short = np.flatnonzero(luck.random(products) < 0.35)
    stock = pl.DataFrame(
        {
            "product_id": [names[number] for number in short],
            "week": [weeks - 1] * len(short),
            "available_units": np.round(base[short] * luck.uniform(0.8, 4.0, len(short))),
        },
        schema={"product_id": pl.String, "week": pl.Int64, "available_units": pl.Float64},
    )
    slots = max(products // 10, 1)
    limits = PromotionLimits(
        slots_per_week=slots,
        category_slots={f"c{number}": max(slots // 5, 1) for number in range(0, CATEGORIES, 2)},
        cool_down_weeks=min(3, weeks - 1),
        budget=(budget_per_slot or 110.0) * slots * weeks,
        category_minimums={"c1": max(slots // 4, 1)} if minimums else {},
    )
    decisions = pl.DataFrame(
        {
            "product_id": [names[number] for number in range(decided)],
            "week": [int(week) for week in luck.integers(0, weeks, decided)],
            "promotion_id": [KINDS[number % 3][0] for number in range(decided)],
            "action": ["force" if number % 2 else "forbid" for number in range(decided)],
        },
        schema={"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String},
    )
    conflicts, losses = _pairs(luck, names, category, products // 4), _pairs(luck, names, category, products)
    losses = losses.with_columns(loss=pl.Series(np.round(luck.uniform(1, 30, losses.height), 2), dtype=pl.Float64))
    return CalendarInstance(CalendarFrames(candidates, stock, conflicts, losses, decisions), limits)


def _pairs(luck: np.random.Generator, names: list[str], category: np.ndarray, count: int) -> pl.DataFrame:
    """Return up to `count` pairs of products of one category."""
    found = set()
    for _ in range(count):
        one = int(luck.integers(0, len(names)))
        others = np.flatnonzero((category == category[one]) & (np.arange(len(names)) != one))
        if len(others):
            other = int(luck.choice(others))
            found.add((names[min(one, other)], names[max(one, other)]))
    pairs = sorted(found)
    schema = {"product_a": pl.String, "product_b": pl.String}
    return pl.DataFrame({"product_a": [a for a, _ in pairs], "product_b": [b for _, b in pairs]}, schema=schema)
