"""Tiny shops for the tests of demand learning: small enough to check by hand, or just large enough for every model."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from learning.demand.settings import DemandSettings

FIRST_DAY = date(2024, 1, 1)  # a Monday


def panel_of(rows: dict[tuple[str, str], list[float | None]], **columns: object) -> pl.DataFrame:
    """A panel from units per item and day, the first value on FIRST_DAY; other columns are the same on every row."""
    frames = [
        pl.DataFrame(
            {
                "business_day": [FIRST_DAY + timedelta(days=step) for step in range(len(units))],
                "product_id": product,
                "location_id": location,
                "units": units,
            },
            schema_overrides={"units": pl.Float64},
        )
        for (product, location), units in rows.items()
    ]
    return pl.concat(frames).with_columns(pl.lit(value).alias(name) for name, value in columns.items())


def weekly_shop(n_items: int = 24, n_days: int = 200, seed: int = 3) -> pl.DataFrame:
    """Poisson sales with a weekday pattern, two categories, promotions that double demand and some stock-outs."""
    rng = np.random.default_rng(seed)
    days = np.arange(n_days)
    pattern = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.6, 0.7])[days % 7]
    frames: list[pl.DataFrame] = []
    for item in range(n_items):
        promoted = (days + 11 * item) % 40 < 5
        rate = (0.4 if item % 3 == 0 else 4.0) * pattern * np.where(promoted, 2.0, 1.0)
        censored = rng.random(n_days) < 0.03
        units = rng.poisson(rate) * np.where(censored, rng.random(n_days) < 0.5, 1)
        frames.append(
            pl.DataFrame(
                {
                    "business_day": [FIRST_DAY + timedelta(days=int(day)) for day in days],
                    "product_id": f"P{item:02d}",
                    "location_id": "main",
                    "category": "dry" if item % 2 else "fresh",
                    "units": units.astype(float),
                    "unit_price": 2.0 + item % 5,
                    "on_promotion": promoted,
                    "discount_share": np.where(promoted, 0.2, 0.0),
                    "is_censored": censored,
                    "is_open": True,
                }
            )
        )
    return pl.concat(frames)


@pytest.fixture(scope="session")
def shop() -> pl.DataFrame:
    return weekly_shop()


@pytest.fixture(scope="session")
def light() -> DemandSettings:
    """Settings small enough for tests."""
    return DemandSettings(horizon_days=14, training_rows=6_000, boosting_rounds=30, backtest_origins=3, threads=1)


@pytest.fixture(scope="session", name="panel_of")
def panel_maker() -> Callable[..., pl.DataFrame]:
    return panel_of


@pytest.fixture(scope="session", name="weekly_shop")
def shop_maker() -> Callable[..., pl.DataFrame]:
    return weekly_shop
