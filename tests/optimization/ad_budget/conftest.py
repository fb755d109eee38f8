"""Ad channels small enough to check by hand, and drawn ones."""

import numpy as np
import polars as pl
import pytest

from optimization.ad_budget import CHANNEL_SCHEMA


def channel(name: str, **changes: object) -> dict[str, object]:
    """A channel without memory: half of 20 a day is reached at 10 a day, 70 a week are spent today."""
    row: dict[str, object] = {
        "channel": name,
        "channel_group": None,
        "most": 20.0,
        "half_saturation": 10.0,
        "shape": 1.0,
        "memory": 0.0,
        "opening_adstock": 0.0,
        "spend_today": 70.0,
        "largest_spend": None,
        "is_held": False,
    }
    return row | changes


def table(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=CHANNEL_SCHEMA)


def drawn(seed: int, s_shaped: bool, most_channels: int = 4) -> pl.DataFrame:
    """Channels drawn at random; every second belongs to the group video."""
    chance = np.random.default_rng(seed)
    count = int(chance.integers(1, most_channels + 1))
    rows = []
    for index in range(count):
        today, memory = float(chance.lognormal(6, 0.8)), float(chance.uniform(0, 0.8))
        level = today / 7 / (1 - memory)
        rows.append(
            channel(
                f"channel-{index}",
                channel_group="video" if index % 2 else "text",
                most=today * float(chance.uniform(0.1, 0.8)),
                half_saturation=level * float(chance.uniform(0.4, 3)),
                shape=float(chance.uniform(1.2, 3)) if s_shaped else 1.0,
                memory=memory,
                opening_adstock=level * float(chance.uniform(0, 1.2)),
                spend_today=today,
                largest_spend=today * float(chance.uniform(1, 2)) if index % 3 == 2 else None,
            )
        )
    return table(*rows)


@pytest.fixture
def two_channels() -> pl.DataFrame:
    """Equal curves; search gets 140 a week today and social 35."""
    return table(channel("search", spend_today=140.0), channel("social", spend_today=35.0))
