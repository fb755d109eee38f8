"""Customers drawn around known centres."""

import numpy as np
import polars as pl
import pytest


def customers_around(counts: tuple[int, ...], seed: int = 1) -> pl.DataFrame:
    """RFM frame of groups, with the column group: bought lately and often; now and then; once and long ago; once and lately."""
    chance = np.random.default_rng(seed)
    centres = [(6.0, 20.0, 900.0), (45.0, 6.0, 250.0), (250.0, 1.0, 30.0), (5.0, 1.2, 40.0)]
    parts = []
    for group, (count, (days, orders, money)) in enumerate(zip(counts, centres, strict=False)):
        noise = np.exp(chance.normal(0, 0.25, (3, count)))
        parts.append(
            pl.DataFrame(
                {
                    "recency_days": (days * noise[0]).round().astype(int),
                    "orders_365": np.maximum((orders * noise[1]).round().astype(int), 1),
                    "net_revenue_365": money * noise[2],
                    "group": [group] * count,
                }
            )
        )
    frame = pl.concat(parts)
    return frame.with_columns(customer_key=pl.format("c{}", pl.int_range(pl.len()) + 10_000))


@pytest.fixture(name="customers_around", scope="session")
def customers_around_fixture():  # noqa: ANN201
    """The drawing function."""
    return customers_around
