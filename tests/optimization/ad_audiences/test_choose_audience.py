"""Audience lists by hand: who is listed, who is not and why."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimization.ad_audiences import AudienceSettings, choose_audience

ALL_IN = AudienceSettings(holdout_share=0.0)


def customers(*rows: tuple) -> pl.DataFrame:
    schema = {
        "customer_key": pl.String,
        "segment": pl.String,
        "purchase_probability": pl.Float64,
        "margin_per_order": pl.Float64,
        "has_consent": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


FIVE = customers(
    ("anna", "loyal", 0.9, 20.0, True),
    ("ben", "loyal", 0.5, 20.0, True),
    ("cleo", "dormant", 0.3, 20.0, True),
    ("dora", "dormant", 0.001, 20.0, True),
    ("emil", "loyal", 0.5, 20.0, None),
)


def reasons(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("customer_key", "reason_code").iter_rows())


def test_those_who_buy_anyway_and_those_who_never_do_are_left_out() -> None:
    told = choose_audience("spring", FIVE, ALL_IN)
    assert reasons(told) == {"anna": "buys_anyway", "ben": "undecided", "cleo": "undecided", "dora": "unlikely", "emil": "no_consent"}
    assert told.filter("is_in")["customer_key"].to_list() == ["ben", "cleo"]
    assert told["expected_uplift"].null_count() == 5
    assert set(told["uplift_source"]) == {"not known"}
    assert told["rank_score"].to_list()[1:3] == pytest.approx([20 * 0.25, 20 * 0.21])


def test_a_full_list_keeps_those_with_most_at_stake() -> None:
    told = choose_audience("spring", FIVE, AudienceSettings(holdout_share=0.0, most=1))
    assert reasons(told)["ben"] == "undecided"
    assert reasons(told)["cleo"] == "size_cap"


def test_a_campaign_for_some_segments_lists_nobody_else() -> None:
    told = choose_audience("spring", FIVE, AudienceSettings(holdout_share=0.0, segments=("dormant",)))
    assert reasons(told) == {"anna": "segment", "ben": "segment", "cleo": "undecided", "dora": "unlikely", "emil": "no_consent"}


def test_without_a_propensity_nobody_is_listed() -> None:
    told = choose_audience("spring", FIVE.with_columns(purchase_probability=pl.lit(None, dtype=pl.Float64)), ALL_IN)
    assert not told["is_in"].any()
    assert reasons(told)["ben"] == "not_known"


def test_nobody_there_gives_an_empty_list() -> None:
    assert choose_audience("spring", FIVE.clear(), ALL_IN).is_empty()


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        choose_audience("spring", pl.concat([FIVE, FIVE.head(1)]), ALL_IN)
    with pytest.raises(ValueError, match="outside"):
        choose_audience("spring", FIVE.with_columns(purchase_probability=pl.lit(1.5)), ALL_IN)
    with pytest.raises(ValueError, match="has_consent"):
        choose_audience("spring", FIVE.drop("has_consent"), ALL_IN)
    with pytest.raises(ValueError, match="unlikely"):
        AudienceSettings(unlikely=0.7)


@given(st.integers(0, 400), st.integers(0, 200), st.floats(0, 0.5), st.randoms(use_true_random=False))
def test_caps_hold_and_neither_order_nor_strangers_change_the_lot(count: int, most: int, share: float, chance) -> None:
    rows = [(f"c{index:03d}", "loyal", chance.random(), 10.0 * chance.random(), chance.random() < 0.9) for index in range(count)]
    frame = customers(*rows)
    settings = AudienceSettings(holdout_share=share, most=most)
    told = choose_audience("spring", frame, settings)
    assert told["is_in"].sum() <= most
    assert told.filter("is_in")["purchase_probability"].is_between(settings.unlikely, settings.buys_anyway).all()
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert choose_audience("spring", customers(*shuffled), settings).equals(told)
    held = set(told.filter(pl.col("reason_code") == "holdout")["customer_key"])
    later = choose_audience("spring", frame.head(count // 2), settings)
    assert not held & set(later.filter("is_in")["customer_key"])
