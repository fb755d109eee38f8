"""From purchases to lists: only what can be sold, own and new apart, places without gaps, reasons that are true."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from learning.recommendations import (
    LIST_SCHEMA,
    METHODS,
    REASON_CODES,
    RecommendationSettings,
    Recommender,
    history_of,
    recommend,
    snapshot_of,
    train_recommender,
    with_words,
)

from .conftest import DAY

SETTINGS = RecommendationSettings(training_windows=3, training_step_days=14, fewest_examples=50, rounds=20, factors=8, explore_pool=6)
NOT_SOLD = ("p03", "p07")


@pytest.fixture(scope="module")
def model(drawn: pl.DataFrame, words: pl.DataFrame) -> Recommender:
    return train_recommender(drawn, words, DAY, SETTINGS)


@pytest.fixture(scope="module")
def catalogue(words: pl.DataFrame) -> pl.DataFrame:
    new = pl.DataFrame({"product_id": ["p90"], "words": ["kind1 thing1"]})
    both = pl.concat([words, new])
    return both.with_columns(
        is_sellable=~pl.col("product_id").is_in(NOT_SOLD), days_on_sale=pl.when(pl.col("product_id") == "p90").then(None).otherwise(300)
    )


@pytest.fixture(scope="module")
def listed(drawn: pl.DataFrame, model: Recommender, catalogue: pl.DataFrame) -> pl.DataFrame:
    history = history_of(drawn, DAY, catalogue["product_id"])
    return recommend(snapshot_of(history, catalogue, SETTINGS), model, catalogue)


def test_methods_are_judged_and_the_reranker_knows_more_than_popularity(model: Recommender) -> None:
    assert model.reranker is not None
    assert set(model.scores["method"]) == set(METHODS)
    ndcg = {(row["list"], row["method"]): row["ndcg"] for row in model.scores.iter_rows(named=True)}
    assert ndcg["all", "reranker"] > 1.5 * ndcg["all", "popularity"]
    assert model.scores.select(pl.col("precision", "recall", "f1", "ndcg", "map", "coverage").is_between(0, 1).all()).row(0) == (True,) * 6


def test_a_recommender_that_is_read_again_is_the_same(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model.json")
    read = Recommender.load(tmp_path / "model.json")
    assert_frame_equal(read.scores, model.scores)
    assert replace(read, scores=model.scores) == model
    assert model.calibrations


def test_a_recommender_that_learned_nothing_can_be_read_again(drawn: pl.DataFrame, words: pl.DataFrame, tmp_path: Path) -> None:
    nothing = train_recommender(drawn.clear(), words, DAY, SETTINGS)
    nothing.save(tmp_path / "model.json")
    read = Recommender.load(tmp_path / "model.json")
    assert read.reranker is None
    assert_frame_equal(read.scores, nothing.scores)


def test_only_what_can_be_sold_is_listed_without_gaps(listed: pl.DataFrame) -> None:
    assert dict(listed.schema) == LIST_SCHEMA
    assert not set(listed["product_id"]) & set(NOT_SOLD)
    assert listed.select("customer_key", "product_id").is_unique().all()
    places = listed.group_by("customer_key", "list").agg(count=pl.len(), last=pl.col("place").max(), first=pl.col("place").min())
    assert (places["first"] == 1).all()
    discover = places.filter(pl.col("customer_key").is_in(listed["customer_key"].unique().implode()))
    assert (discover["last"] <= 10).all()
    assert (places["count"] == places["last"]).all()


def test_own_products_are_rebuys_and_others_discoveries(listed: pl.DataFrame, drawn: pl.DataFrame) -> None:
    bought = listed.join(drawn.select("customer_key", "product_id").unique(), on=["customer_key", "product_id"], how="semi")
    assert set(bought["list"]) == {"rebuy"}
    assert bought.height == listed.filter(pl.col("list") == "rebuy").height
    assert listed.filter(pl.col("list") == "rebuy")["own_days"].null_count() == 0


def test_one_place_of_discover_is_drawn_and_logged(listed: pl.DataFrame) -> None:
    drawn = listed.filter("is_explored")
    assert (drawn["list"] == "discover").all()
    assert drawn["customer_key"].is_unique().all()
    assert (drawn["place"] == 10).all()
    assert drawn["propensity"].is_between(0.083, 1.0).all()
    assert (listed.filter(~pl.col("is_explored"))["propensity"] == 1.0).all()
    assert "p90" in set(drawn["product_id"])  # nobody bought it yet; only the lot shows it
    assert set(drawn.filter(pl.col("product_id") == "p90")["reason_code"]) == {"new_product"}


def test_chances_are_calibrated_shares(listed: pl.DataFrame) -> None:
    chances = listed.select("probability_low", "probability", "probability_high")
    unsold = listed["product_id"] == "p90"
    assert (chances["probability"].is_null() == unsold).all()
    assert (listed["score"].is_null() == unsold).all()
    assert (
        chances.drop_nulls()
        .select(((pl.col("probability_low") <= pl.col("probability")) & (pl.col("probability") <= pl.col("probability_high"))).all())
        .item()
    )


def test_every_row_has_a_reason_in_words(listed: pl.DataFrame) -> None:
    told = with_words(listed.with_columns(category=pl.lit("kind"), linked_name=pl.col("linked_product_id")))
    assert set(told["reason_code"]) <= set(REASON_CODES)
    assert told["reason"].null_count() == 0
    assert not told["reason"].str.contains(r"\?|null|None").any()
    linked = told.filter(pl.col("reason_code").is_in(["with_last_basket", "similar_products"]))
    assert linked["linked_product_id"].null_count() == 0


def test_reasons_by_hand() -> None:
    rows = pl.DataFrame(
        {
            "reason_code": ["due", "bought_once", "newcomers", "new_product"],
            "own_days": [3.0, 1.0, None, None],
            "own_gap_days": [10.0, None, None, None],
            "own_last_days": [12.0, 1.0, None, None],
            "buyers_28": [5.0, 4.0, None, None],
            "group_buyers": [None, None, 3, None],
            "group_newcomers": [None, None, 9, None],
            "channel": [None, None, "web", None],
            "region": [None, None, "north", None],
            "days_on_sale": [None, None, None, 4.0],
            "propensity": [1.0, 1.0, 1.0, 0.125],
            "probability": [0.2, 0.2, 0.2, None],
            "probability_low": [0.18, 0.12, 0.05, None],
            "probability_high": [0.22, 0.29, 0.4, None],
        }
    )
    told = with_words(rows)
    assert told["reason"].to_list() == [
        "Bought on 3 days, about every 10 days; last 12 days ago.",
        "Bought once, last 1 day ago; 4 customers bought it in the last 28 days.",
        "3 of 9 newcomers (channel web, region north) bought it within 28 days of coming.",
        "On sale for 4 days; the place was drawn by lot, chance 12 %.",
    ]
    assert told["confidence"].to_list() == ["high", "medium", "low", "unknown"]
    with pytest.raises(ValueError, match="Unknown reason"):
        with_words(rows.with_columns(reason_code=pl.lit("magic")))


def test_later_purchases_and_the_order_of_lines_change_nothing(drawn, words, model, catalogue, listed) -> None:
    later = drawn.head(50).with_columns(business_day=pl.lit(DAY + timedelta(days=1)))
    mixed = pl.concat([drawn, later]).sample(fraction=1.0, shuffle=True, seed=1)
    again = train_recommender(mixed, words, DAY, SETTINGS)
    assert again.reranker == model.reranker
    history = history_of(mixed, DAY, catalogue["product_id"])
    assert_frame_equal(recommend(snapshot_of(history, catalogue, SETTINGS), again, catalogue), listed, check_exact=True)


def test_too_short_a_history_is_served_by_the_blend(drawn: pl.DataFrame, words: pl.DataFrame, catalogue: pl.DataFrame) -> None:
    short = drawn.filter(pl.col("business_day") > DAY - timedelta(days=20))
    model = train_recommender(short, words, DAY, SETTINGS)
    assert model.reranker is None
    history = history_of(short, DAY, catalogue["product_id"])
    rows = recommend(snapshot_of(history, catalogue, SETTINGS, np.arange(5)), model, catalogue)
    assert set(rows["method"]) == {"blend"}
    assert rows["customer_key"].n_unique() == 5
    best = rows.filter(pl.col("list") == "rebuy").sort("customer_key", "place")
    assert (best.select(pl.col("score").diff().over("customer_key").fill_null(0.0) <= 0)["score"]).all()


def test_nobody_to_serve_gives_no_rows(drawn: pl.DataFrame, model: Recommender, catalogue: pl.DataFrame) -> None:
    history = history_of(drawn, DAY, catalogue["product_id"])
    assert recommend(snapshot_of(history, catalogue, SETTINGS, np.zeros(0, dtype=np.int64)), model, catalogue).is_empty()


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"own_half_life_days": 0.0}, {"popularity_weight": -1.0}, {"top": 0}, {"training_windows": 1}):
        with pytest.raises(ValueError, match="Expected"):
            RecommendationSettings(**wrong)


@pytest.mark.parametrize("products", [0, 1, 30])
@pytest.mark.parametrize("purchases", [0, 1, 3])
def test_hardly_any_shop_has_hardly_any_lists(drawn: pl.DataFrame, catalogue: pl.DataFrame, purchases: int, products: int) -> None:
    some, known = drawn.sort("customer_key", "business_day").head(purchases), catalogue.head(products)
    model = train_recommender(some, known.select("product_id", "words"), DAY, SETTINGS)
    assert model.reranker is None
    history = history_of(some, DAY, known["product_id"])
    rows = with_words(recommend(snapshot_of(history, known, SETTINGS), model, known))
    assert set(rows["product_id"]) <= set(known.filter("is_sellable")["product_id"])
    assert rows["reason"].null_count() == 0
