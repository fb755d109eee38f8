"""Peers score as their papers say: by hand on three customers, and EASE refuses what it cannot hold."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.customers.recommendation_peers import MOST_EASE_PRODUCTS, PEERS, grid, scores
from learning.recommendations import History, history_of

DAY = date(2025, 6, 30)


def _history(rows: list[tuple[str, str, int]], catalogue: pl.Series | None = None) -> History:
    lines = pl.DataFrame(
        {
            "customer_key": [r[0] for r in rows],
            "product_id": [r[1] for r in rows],
            "business_day": [DAY - timedelta(days=r[2]) for r in rows],
        }
    ).with_columns(units=pl.lit(1.0), net_revenue=pl.lit(1.0))
    return history_of(lines, DAY, catalogue)


@pytest.fixture
def shop() -> History:
    return _history([("ann", "tea", 30), ("ann", "jam", 20), ("ann", "tea", 10), ("bob", "jam", 5), ("cid", "jam", 9), ("cid", "salt", 9)])


def test_gp_topfreq_counts_own_days_and_breaks_ties_by_all(shop: History) -> None:
    told = scores("GP-TopFreq", shop, np.array([0]), {})
    assert told[0].tolist() == pytest.approx([1 + 0.99, 0 + 0.99 / 3, 2 + 0.99 * 2 / 3])  # jam, salt, tea


def test_tifu_decays_within_and_between_groups(shop: History) -> None:
    told = scores("TIFU-KNN", shop, np.array([0]), {"neighbours": 1, "group": 2, "own_share": 1.0})
    # ann's last two baskets (tea 10, jam 20) are one group, tea 30 an older one of its own; two groups
    assert told[0].tolist() == pytest.approx([0.9 / 2 / 2, 0.0, 1 / 2 / 2 + 0.7 / 1 / 2])


def test_upcf_is_the_own_share_of_baskets_for_who_is_like_nobody() -> None:
    alone = _history([("ann", "tea", 30), ("ann", "tea", 10), ("ann", "jam", 10), ("bob", "salt", 1)])
    told = scores("UP-CF", alone, np.array([0]), {"recency": 5, "locality": 1})
    assert told[0].tolist() == pytest.approx([0.5, 0.0, 1.0])


def test_ease_scores_what_goes_together_and_refuses_a_wide_range(shop: History) -> None:
    told = scores("EASE", shop, np.array([1]), {"ridge": 0.5})
    assert told[0, 1] > told[0, 0] == pytest.approx(0.0)  # bob has jam alone: salt was bought with it, jam says nothing of itself
    wide = _history([("ann", "tea", 1)], pl.Series([f"p{n}" for n in range(MOST_EASE_PRODUCTS)]))
    with pytest.raises(ValueError, match="refused"):
        scores("EASE", wide, np.array([0]), {"ridge": 1.0})


def test_own_products_are_kept_by_whoever_is_compared_with_them(shop: History) -> None:
    told = scores("EASE + own", shop, np.array([0]), {"ridge": 100.0, "weight": 0.5})
    assert told[0].argmax() == 2
    assert all(grid(peer) for peer in PEERS)
