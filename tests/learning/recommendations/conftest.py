"""A shop that can be checked by hand, and a larger one drawn by lot."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

DAY = date(2025, 6, 30)


def lines_of(*rows: tuple[str, str, int], units: float = 1.0) -> pl.DataFrame:
    """Order lines of (customer, product, days before DAY), one unit at 10.00 each."""
    return pl.DataFrame(
        {
            "customer_key": [row[0] for row in rows],
            "product_id": [row[1] for row in rows],
            "business_day": [DAY - timedelta(days=row[2]) for row in rows],
            "units": [units] * len(rows),
            "net_revenue": [10.0 * units] * len(rows),
        },
        schema_overrides={"customer_key": pl.String, "product_id": pl.String, "business_day": pl.Date},
    )


@pytest.fixture
def tiny() -> pl.DataFrame:
    """Ann buys tea every 10 days and bought jam once; Bob buys jam and salt; Cid bought tea and salt long ago."""
    return lines_of(
        ("ann", "tea", 30), ("ann", "tea", 20), ("ann", "tea", 10), ("ann", "jam", 10), ("bob", "jam", 5), ("bob", "salt", 5),
        ("bob", "jam", 0), ("cid", "tea", 100), ("cid", "salt", 100),
    )  # fmt: skip


@pytest.fixture(scope="session")
def drawn() -> pl.DataFrame:
    """Half a year of 160 customers who each like six of 30 products and shop about every twelve days."""
    chance = np.random.default_rng(3)
    rows = []
    for customer in range(160):
        liked = chance.choice(30, 6, replace=False)
        age = int(chance.integers(0, 12))
        while age < 180:
            basket = np.unique(np.append(chance.choice(liked, 2), chance.integers(0, 30) if chance.random() < 0.3 else liked[0]))
            rows += [(f"c{customer:03d}", f"p{product:02d}", age) for product in basket.tolist()]
            age += int(chance.integers(5, 20))
    return lines_of(*rows)


@pytest.fixture(scope="session")
def words() -> pl.DataFrame:
    """Products in three kinds."""
    return pl.DataFrame({"product_id": [f"p{n:02d}" for n in range(30)], "words": [f"kind{n % 3} thing{n}" for n in range(30)]})
