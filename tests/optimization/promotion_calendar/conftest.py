"""Small calendars: built by hand, and drawn by lot with every kind of limit in force."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from optimization.promotion_calendar import CalendarFrames, PromotionLimits

Candidate = Callable[..., dict[str, object]]


@pytest.fixture(scope="session")
def candidate() -> Candidate:
    """A product of 100 units a week at 10.00 that costs 6.00: cut by a tenth and sold 40 units more, it earns 40 x 3 - 100 x 1 = 20."""

    def make(product: str = "tea", week: int = 0, lift: float = 40.0, **changes: object) -> dict[str, object]:
        told = {"product_id": product, "category": "drink", "week": week, "promotion_id": "10 percent", "base_units": 100.0}
        prices = {"unit_price": 10.0, "unit_cost": 6.0, "discount_share": 0.1}
        return {**told, "lift_units": lift, **prices, **changes}

    return make


@pytest.fixture(scope="session")
def drawn() -> Callable[[int], tuple[CalendarFrames, PromotionLimits]]:
    """Up to 12 products over up to 6 weeks in 3 kinds, by seed."""
    return _drawn


def _drawn(seed: int) -> tuple[CalendarFrames, PromotionLimits]:
    luck = np.random.default_rng(seed)
    products, weeks = int(luck.integers(3, 13)), int(luck.integers(1, 7))
    names = [f"p{number:02d}" for number in range(products)]
    rows = [
        {
            "product_id": name,
            "category": f"c{number % 3}",
            "week": week,
            "promotion_id": kind,
            "base_units": float(luck.integers(5, 80)),
            "lift_units": float(luck.integers(-2, 160)),
            "unit_price": 10.0,
            "unit_cost": float(luck.integers(2, 8)),
            "discount_share": depth,
            "take_up_share": 0.6 if depth == 0.5 else 1.0,
            "slot_cost": 2.0,
        }
        for number, name in enumerate(names)
        for week in range(weeks)
        for kind, depth in (("10 percent", 0.1), ("20 percent", 0.2), ("2 for 1", 0.5))
        if luck.random() < 0.85
    ]

    def pairs(count: int) -> pl.DataFrame:
        found = {tuple(sorted(luck.choice(names, 2, replace=False).tolist())) for _ in range(count)}
        return pl.DataFrame(sorted(found), schema={"product_a": pl.String, "product_b": pl.String}, orient="row")

    losses = pairs(products)
    spots = [(str(luck.choice(names)), int(luck.integers(0, weeks))) for _ in range(int(luck.integers(0, 4)))]
    decided = {spot: (luck.choice(["force", "forbid"]), luck.choice(["10 percent", "2 for 1", None])) for spot in spots}
    held = {(str(luck.choice(names)), int(luck.integers(-2, weeks))) for _ in range(int(luck.integers(0, 3)))}
    frames = CalendarFrames(
        candidates=pl.DataFrame(rows),
        stock=pl.DataFrame(
            [(name, int(luck.integers(0, weeks)), float(luck.integers(30, 250))) for name in names if luck.random() < 0.5],
            schema={"product_id": pl.String, "week": pl.Int64, "available_units": pl.Float64},
            orient="row",
        ),
        conflicts=pairs(products // 3),
        cannibalisation=losses.with_columns(loss=pl.Series(luck.uniform(1, 200, losses.height).round(2), dtype=pl.Float64)),
        decisions=pl.DataFrame(
            [(*spot, kind, action) for spot, (action, kind) in sorted(decided.items())],
            schema={"product_id": pl.String, "week": pl.Int64, "promotion_id": pl.String, "action": pl.String},
            orient="row",
        ),
        held=pl.DataFrame(sorted(held), schema={"product_id": pl.String, "week": pl.Int64}, orient="row"),
    )
    limits = PromotionLimits(
        slots_per_week=int(luck.integers(1, 5)),
        week_slots={0: int(luck.integers(0, 4))} if luck.random() < 0.3 else {},
        category_slots={"c1": int(luck.integers(1, 3))},
        cool_down_weeks=int(luck.integers(0, 4)),
        budget=float(luck.integers(100, 3_000)) if luck.random() < 0.8 else None,
        category_budgets={"c0": float(luck.integers(50, 600))} if luck.random() < 0.5 else {},
        category_minimums={"c2": int(luck.integers(1, 3))} if luck.random() < 0.4 else {},
    )
    return frames, limits
