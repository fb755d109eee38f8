"""Drawn customers of a shop whose rates, leavings and values are known in distribution."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

FIRST_DAY = date(2025, 1, 1)
DAYS = 330
LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)


def drawn(customers: int, seed: int) -> pl.DataFrame:
    """Order days of customers who order at a rate of their own and leave after an order with a chance of one in eight."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        day, rate, worth = float(chance.integers(0, DAYS - 30)), chance.gamma(1.3, 1 / 40.0), chance.gamma(4.0, 12.0)
        seen: set[int] = set()
        while day < DAYS:
            seen.add(int(day))
            if chance.random() < 0.125:
                break
            day += chance.exponential(1 / rate)
        for each in sorted(seen):
            value = round(float(chance.gamma(3.0, worth / 3.0)) + 1.0, 2)
            back = value if chance.random() < 0.05 else 0.0
            rows.append((f"c{number:04d}", FIRST_DAY + timedelta(days=each), 1, value, value - back))
    return pl.DataFrame(rows, schema=["customer_key", "business_day", "orders", "sale_revenue", "net_revenue"], orient="row")


@pytest.fixture(scope="session")
def order_days() -> pl.DataFrame:
    """600 customers over 330 days."""
    return drawn(600, seed=4)


@pytest.fixture(scope="session")
def last_day() -> date:
    """The last day of `order_days`."""
    return LAST_DAY


@pytest.fixture(scope="session")
def model(order_days: pl.DataFrame, last_day: date):  # noqa: ANN201
    """Trained on all of it, with few trees."""
    from learning.customer_value import OutlookSettings, train_outlook

    return train_outlook(order_days, last_day, OutlookSettings(rounds=30, value_rounds=30, snapshots=5))
