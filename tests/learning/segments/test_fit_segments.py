"""K-means on customers whose groups are known: found, stable, named, and the same ids after a refit."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from learning.segments import SegmentModel, SegmentSettings, fit_segments, rfm_segments
from learning.segments.names import name_centres

DAY, LATER = date(2025, 1, 31), date(2025, 6, 30)
QUICK = SegmentSettings(bootstraps=3, fewest_customers=20, cluster_counts=(3, 4))


def test_known_groups_are_found_and_the_fit_says_how_stable_it_is(customers_around) -> None:
    customers = customers_around((200, 150, 120))
    model = fit_segments(customers, DAY, QUICK, "first")
    labels = model.nearest(customers)
    assert adjusted_rand_score(customers["group"].to_numpy(), labels) > 0.97
    assert model.stability > 0.97
    assert model.is_stable
    assert model.ids == (1, 2, 3), "the first is the one that spends most"
    assert model.names == ("Best customers", "Regulars", "Occasional buyers, not lately")
    assert sorted(np.bincount(labels)[1:] / 470) == pytest.approx(sorted(model.shares))


def test_the_first_number_of_groups_that_is_stable_is_taken_and_else_it_is_told(customers_around) -> None:
    customers = customers_around((200, 150, 120))
    wrong_first = replace(QUICK, cluster_counts=(6, 3), bootstraps=6)
    assert len(fit_segments(customers, DAY, wrong_first, "first").ids) == 3
    never = replace(QUICK, least_share=0.9)
    assert not fit_segments(customers, DAY, never, "first").is_stable


def test_ids_carry_on_through_a_refit_and_new_groups_get_new_ones(customers_around) -> None:
    before = fit_segments(customers_around((200, 150, 120)), DAY, QUICK, "first")
    grown = customers_around((150, 150, 150, 150), seed=2)
    after = fit_segments(grown, LATER, replace(QUICK, cluster_counts=(4,)), "shares", before)
    then, now = before.nearest(grown), after.nearest(grown)
    for group in range(3):
        mine = (grown["group"] == group).to_numpy()
        assert np.bincount(then[mine]).argmax() == np.bincount(now[mine]).argmax()
    newcomers = (grown["group"] == 3).to_numpy()
    assert np.bincount(now[newcomers]).argmax() == 4


def test_the_order_of_rows_changes_nothing_and_a_saved_model_is_the_same(customers_around, tmp_path) -> None:
    customers = customers_around((60, 50, 40))
    model = fit_segments(customers, DAY, QUICK, "first")
    again = fit_segments(customers.sample(fraction=1.0, shuffle=True, seed=4), DAY, QUICK, "first")
    assert again == model
    model.save(tmp_path / "model.json")
    assert SegmentModel.load(tmp_path / "model.json") == model
    assert SegmentModel.load(tmp_path / "model.json").version == model.version


def test_bad_frames_and_too_few_customers_are_refused(customers_around) -> None:
    few = customers_around((5, 5, 5))
    with pytest.raises(ValueError, match="at least 20"):
        fit_segments(few, DAY, QUICK, "first")
    with pytest.raises(ValueError, match="named twice"):
        fit_segments(pl.concat([few, few]), DAY, QUICK, "first")
    with pytest.raises(ValueError, match="lack the columns orders_365"):
        fit_segments(few.drop("orders_365"), DAY, QUICK, "first")
    with pytest.raises(ValueError, match="least_share"):
        replace(QUICK, least_share=2.0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), distinct=st.integers(1, 4))
def test_customers_of_few_kinds_still_give_a_model(seed: int, distinct: int) -> None:
    chance = np.random.default_rng(seed)
    kinds = chance.integers(0, 300, (distinct, 3))
    rows = kinds[chance.integers(0, distinct, 40)]
    frame = pl.DataFrame(rows, schema=["recency_days", "orders_365", "net_revenue_365"], orient="row")
    frame = frame.with_columns(customer_key=pl.format("c{}", pl.int_range(pl.len())))
    model = fit_segments(frame, DAY, QUICK, "first")
    assert 1 <= len(model.ids) <= 4
    assert len(set(model.ids)) == len(model.ids) == len(set(model.names))
    assert sum(model.shares) == pytest.approx(1)
    assert np.isfinite(model.distances(frame)).all()


def test_names_are_plain_and_alike_groups_are_told_apart() -> None:
    centres = np.array([[-1.2, 1.4, 1.2], [-1.1, 1.0, 0.9], [1.4, -1.8, -2.0], [0.1, 0.2, 0.3]])
    typical = np.array([[5.0, 20, 900], [6, 14, 600], [430, 0.0, 0.1], [40, 8, 300]])
    names, descriptions = name_centres(centres, typical)
    assert names == ("Best customers (higher spend)", "Best customers (lower spend)", "No order in a year", "Regulars")
    assert descriptions[0] == "Typically ordered last 5 days ago; 20.0 orders worth 900 in a year."
    assert descriptions[2] == "Typically ordered last 430 days ago, and not within the year."


def test_rules_name_quintiles_of_the_customers_they_are_held_against() -> None:
    frame = pl.DataFrame(
        {
            "customer_key": list("abcde"),
            "recency_days": [1, 10, 20, 30, 40],
            "orders_365": [9, 7, 5, 3, 1],
            "net_revenue_365": [90.0, 70.0, 50.0, 30.0, 10.0],
        }
    )
    assert rfm_segments(frame).to_list() == ["champions", "champions", "cooling", "dormant", "dormant"]
    # among others who all buy more, the best of them is dormant
    better = frame.with_columns(recency_days=pl.lit(0), orders_365=pl.lit(99), net_revenue_365=pl.lit(999.0))
    assert set(rfm_segments(frame, better).to_list()) == {"dormant"}
