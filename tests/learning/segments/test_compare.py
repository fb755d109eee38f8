"""The ways of grouping side by side, on customers whose groups and spend are known."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from learning.segments import FROZEN, PROFILE_SCHEMA, SegmentSettings, compare_methods, model_chain, segment_profiles
from learning.segments.compare import explained, share_kept
from learning.segments.methods import METHODS

DAY = date(2025, 3, 2)
QUICK = SegmentSettings(bootstraps=2, fewest_customers=20, cluster_counts=(3,))


@pytest.fixture(scope="module")
def scores(customers_around) -> pl.DataFrame:
    customers = customers_around((120, 100, 80))
    chain = model_chain({date(2025, 1, 31): customers}, QUICK)
    history = pl.concat([customers.drop("group").with_columns(day=DAY + timedelta(days=7 * week)) for week in range(5)])
    spend = customers.filter(pl.col("group") < 2).select("customer_key", net_revenue=pl.col("net_revenue_365") / 4)
    return compare_methods(history, spend, chain, QUICK, 1_000)


def test_every_way_is_judged_and_the_frozen_model_comes_first(scores: pl.DataFrame) -> None:
    assert scores["method"].to_list() == [FROZEN, *METHODS]
    assert scores["customers"].unique().to_list() == [300]
    frozen = scores.row(0, named=True)
    assert (frozen["segments"], frozen["same_label"], frozen["noise_share"]) == (3, 1.0, 0.0)
    assert frozen["smallest_share"] == pytest.approx(80 / 300, abs=0.02)
    assert frozen["explained_spend"] > 0.9
    assert frozen["silhouette"] > 0.6


def test_who_does_not_change_keeps_the_label_under_every_way(scores: pl.DataFrame) -> None:
    assert scores["same_label"].to_list() == pytest.approx([1.0] * scores.height)
    assert scores["stability"].is_between(-1, 1).all()


def test_density_leaves_noise_and_rules_leave_none(scores: pl.DataFrame) -> None:
    noise = dict(scores.select("method", "noise_share").iter_rows())
    assert noise["rfm_rules"] == noise["kmeans_refitted"] == noise["hierarchical"] == 0
    assert noise["dbscan"] + noise["hdbscan"] > 0


def test_too_short_a_history_gives_no_rows(scores: pl.DataFrame) -> None:
    empty = pl.DataFrame(schema={"day": pl.Date, "customer_key": pl.String})
    assert compare_methods(empty, empty, [], QUICK, 10).is_empty()


def test_nothing_is_judged_by_a_model_of_later(customers_around) -> None:
    customers = customers_around((120, 100, 80))
    chain = model_chain({DAY + timedelta(days=29): customers}, QUICK)
    history = pl.concat([customers.drop("group").with_columns(day=DAY + timedelta(days=7 * week)) for week in range(5)])
    assert compare_methods(history, customers.select("customer_key", net_revenue=pl.lit(1.0)), chain, QUICK, 1_000).is_empty()


def test_labels_that_only_changed_their_numbers_are_the_same() -> None:
    before, after = np.array([0, 0, 1, 1, -1]), np.array([1, 1, 0, 1, -1])
    assert share_kept(before, after, matched=False) == pytest.approx(2 / 5)
    assert share_kept(before, after, matched=True) == pytest.approx(4 / 5)


def test_groups_that_say_nothing_explain_nothing_on_average() -> None:
    chance = np.random.default_rng(1)
    spent = chance.normal(size=300)
    found = [explained(spent, chance.integers(0, 20, 300)) for _ in range(60)]
    assert abs(np.mean(found)) < 0.02, "adjusted for the number of groups"
    assert explained(np.ones(10), np.arange(10) % 2) is None
    assert explained(np.array([0.0, 0, 9, 9, 9]), np.array([0, 0, 1, 1, 1])) == 1


def test_segments_are_described_by_medians_and_by_what_came_after() -> None:
    now = pl.DataFrame(
        {
            "customer_key": ["a", "b", "c"],
            "segment": ["x", "x", "y"],
            "recency_days": [1, 3, 50],
            "orders_365": [9, 11, 1],
            "net_revenue_365": [300.0, 500.0, 200.0],
        }
    )
    before = pl.DataFrame({"segment": ["x", "x"], "net_revenue": [0.0, 30.0]})
    told = segment_profiles(now, before, "rfm", {"y": "given"})
    assert told.schema == pl.Schema(PROFILE_SCHEMA)
    assert told.rows(named=True)[0] == {
        "scheme": "rfm",
        "segment": "x",
        "customers": 2,
        "share": pytest.approx(2 / 3),
        "recency_days": 2.0,
        "orders_365": 10.0,
        "net_revenue_365": 400.0,
        "revenue_share": 0.8,
        "customers_before": 2,
        "bought_after": 0.5,
        "spend_after": 15.0,
        "description": "Typically ordered last 2 days ago; 10 orders worth 400 in a year.",
    }
    assert told.row(1, named=True)["description"] == "given"
    assert told.row(1, named=True)["spend_after"] is None
    assert segment_profiles(now.clear(), before, "rfm", {}).is_empty()
