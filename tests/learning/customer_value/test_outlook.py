"""The whole outlook on drawn customers: what is told, of whom, from what, and what changes nothing."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from learning.customer_value import (
    SCORED,
    OutlookModel,
    OutlookSettings,
    Rescaling,
    customer_snapshot,
    lifecycle_transitions,
    train_outlook,
)
from learning.customer_value.outlook_model import churn_days
from learning.customer_value.reasons import FACTS

SETTINGS = OutlookSettings(rounds=30, value_rounds=30, snapshots=5)


@pytest.fixture(scope="module")
def told(model: OutlookModel, order_days: pl.DataFrame, last_day) -> pl.DataFrame:
    return model.score(customer_snapshot(order_days, last_day))


def test_every_customer_is_told_within_reason(told: pl.DataFrame, order_days: pl.DataFrame) -> None:
    assert dict(told.schema) == SCORED
    assert told["customer_key"].to_list() == sorted(order_days["customer_key"].unique())
    for name in ("p_buy_28d", "p_alive", "p_churn"):
        assert told[name].is_between(0, 1).all()
    assert (told["expected_orders_28d"] >= told["p_buy_28d"] - 1e-12).all()
    assert (told["p_churn"] <= 1 - told["p_buy_28d"] + 1e-12).all()
    assert (told["expected_net_84d_p10"] <= told["expected_net_84d_p90"]).all()
    assert (told["expected_net_365d"] >= told["expected_net_84d"]).all()
    assert told["churn_days"].is_between(28, 182).all()
    assert told["rescaled_to"].unique().to_list() == ["nothing"]


def test_chances_follow_who_really_buys(order_days: pl.DataFrame, last_day) -> None:
    """Trained four weeks earlier, asked then: the likelier third buys more often, and as often as is told."""
    then = last_day - timedelta(days=28)
    known = order_days.filter(pl.col("business_day") <= then)
    scores = train_outlook(known, then, SETTINGS).score(customer_snapshot(known, then))
    bought = order_days.filter(pl.col("business_day") > then)["customer_key"].unique()
    judged = scores.with_columns(bought=pl.col("customer_key").is_in(bought.implode())).sort("p_buy_28d")
    low, high = judged.head(200)["bought"].mean(), judged.tail(200)["bought"].mean()
    assert high > low + 0.25
    assert judged["p_buy_28d"].mean() == pytest.approx(judged["bought"].mean(), abs=0.06)


def test_reasons_are_three_facts_with_the_customer_s_numbers(told: pl.DataFrame, order_days: pl.DataFrame, last_day) -> None:
    snapshot = customer_snapshot(order_days, last_day)
    codes = told.select("reason_1_code", "reason_2_code", "reason_3_code")
    assert all(len(set(row)) == 3 and set(row) <= set(FACTS) for row in codes.rows())
    sizes = told.select(pl.col(f"reason_{rank}_effect").abs() for rank in (1, 2, 3))
    assert (sizes["reason_1_effect"] >= sizes["reason_2_effect"]).all()
    first = told.select("reason_1_code", "reason_1_value").row(0)
    number = snapshot.row(0, named=True)[FACTS[first[0]][0]]
    assert first[1] == pytest.approx(number)


def test_the_reading_explains_most_of_the_score(model: OutlookModel) -> None:
    assert model.reading is not None
    assert model.reading.explained_share > 0.8


def test_scores_are_held_out_and_say_what_is_served(model: OutlookModel, last_day) -> None:
    losses = model.scores.filter(pl.col("metric") == "log_loss")
    assert set(losses["model"]) == {"logistic", "lightgbm", "bg_nbd", "tree", "logistic, calibrated", "combined"}
    assert set(losses["window_last_day"]) == {last_day}
    by_model = dict(losses.select("model", "value").rows())
    assert model.passed_check == (by_model["combined"] < by_model["logistic, calibrated"])
    assert model.score_source == ("combined" if model.passed_check else "logistic")
    assert f"{by_model['combined']:.4f}" in model.check_reason


def test_rescaling_moves_the_totals_and_keeps_the_order(
    model: OutlookModel, told: pl.DataFrame, order_days: pl.DataFrame, last_day
) -> None:
    buyers, orders, net = (told[name].sum() for name in ("p_buy_28d", "expected_orders_28d", "expected_net_84d"))
    to = Rescaling("sales_forecast", buyers * 1.21, orders * 1.44, net * 0.8)
    moved = model.score(customer_snapshot(order_days, last_day), to)
    assert moved["p_buy_28d"].sum() == pytest.approx(buyers * 1.1)  # half the way, on the logarithmic scale
    assert moved["expected_orders_28d"].sum() == pytest.approx(orders * 1.2, rel=1e-3)
    assert moved["expected_net_84d"].sum() == pytest.approx(net * 0.8)
    assert moved["net_factor"].unique().to_list() == pytest.approx([0.8])
    assert moved["p_buy_28d"].arg_sort().to_list() == told["p_buy_28d"].arg_sort().to_list()
    assert (moved["p_churn"] <= told["p_churn"] + 1e-12).all()


def test_rows_in_any_order_and_a_file_give_the_same(
    model: OutlookModel, told: pl.DataFrame, order_days: pl.DataFrame, last_day, tmp_path
) -> None:
    snapshot = customer_snapshot(order_days, last_day)
    shuffled = train_outlook(order_days.sample(fraction=1.0, shuffle=True, seed=3), last_day, SETTINGS)
    assert_frame_equal(shuffled.score(snapshot), told, check_exact=True)
    model.save(tmp_path / "model.json")
    loaded = OutlookModel.load(tmp_path / "model.json")
    assert_frame_equal(loaded.score(snapshot), told, check_exact=True)
    assert loaded.check_reason == model.check_reason
    assert loaded.order_windows == model.order_windows


def test_parts_of_the_customers_are_told_the_same_alone(
    model: OutlookModel, told: pl.DataFrame, order_days: pl.DataFrame, last_day
) -> None:
    """Chances of one customer do not hang on who else is asked about (the usual gap of customers without one, and totals, do)."""
    half = customer_snapshot(order_days, last_day).gather_every(2)
    assert_frame_equal(
        model.score(half).select("customer_key", "p_buy_28d", "expected_net_84d"),
        told.gather_every(2).select("customer_key", "p_buy_28d", "expected_net_84d"),
    )


def test_too_little_history_leaves_the_order_history_alone(order_days: pl.DataFrame, last_day) -> None:
    recent = order_days.filter(pl.col("business_day") > last_day - timedelta(days=60))
    model = train_outlook(recent, last_day, SETTINGS)
    assert (model.score_source, model.value.source) == ("order_history", "order_history")
    told = model.score(customer_snapshot(recent, last_day))
    assert told["p_buy_28d"].null_count() == 0
    assert told["expected_net_84d_p90"].null_count() == told.height
    assert told["reason_1_code"].null_count() == told.height


def test_hardly_any_customers_are_told_nothing(order_days: pl.DataFrame, last_day) -> None:
    few = order_days.filter(pl.col("customer_key") < "c0005")
    model = train_outlook(few, last_day, SETTINGS)
    told = model.score(customer_snapshot(few, last_day))
    assert model.score_source == "none"
    assert told["p_buy_28d"].null_count() == told.height > 0
    assert told["score_source"].unique().to_list() == ["none"]


def test_nobody_at_all_is_an_empty_table(order_days: pl.DataFrame, last_day) -> None:
    model = train_outlook(order_days.clear(), last_day, SETTINGS)
    assert model.score(customer_snapshot(order_days.clear(), last_day)).schema == SCORED
    assert model.score_source == "none"


def test_a_sample_of_the_customers_is_learned_from(order_days: pl.DataFrame, last_day) -> None:
    sampled = OutlookSettings(rounds=10, value_rounds=10, snapshots=4, training_rows=1200)
    model = train_outlook(order_days, last_day, sampled)
    rows = model.scores.filter((pl.col("model") == "logistic") & (pl.col("metric") == "rows"))["value"][0]
    assert 200 <= rows <= 300
    assert model.order_windows == train_outlook(order_days, last_day, SETTINGS).order_windows  # totals are of all customers


def test_later_rows_and_double_customers_are_refused(model: OutlookModel, order_days: pl.DataFrame, last_day) -> None:
    with pytest.raises(ValueError, match="later ones are not known"):
        train_outlook(order_days, last_day - timedelta(days=1), SETTINGS)
    snapshot = customer_snapshot(order_days, last_day)
    with pytest.raises(ValueError, match="stands twice"):
        model.score(pl.concat([snapshot, snapshot.head(1)]))


def test_churn_days_by_hand() -> None:
    snapshot = pl.DataFrame({"gap_mean_days": [5.0, 20.0, 100.0, None]})
    assert churn_days(snapshot, OutlookSettings()).tolist() == [28.0, 60.0, 182.0, 60.0]


@pytest.mark.parametrize(
    "change", [{"snapshots": 1}, {"value_days": 7}, {"churn_days": (60, 28)}, {"factor_bounds": (1.5, 2.0)}, {"chance_trust": 2.0}]
)
def test_settings_out_of_range_are_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=f"Expected {next(iter(change))} to be"):
        OutlookSettings(**change)


def test_the_value_s_range_holds_what_it_says(model: OutlookModel) -> None:
    """By construction on the held-out sample; the served range is monotone in what is expected."""
    low, high = model.value.span(np.array([5.0, 50.0, 500.0]))
    assert (np.diff(high) > 0).all()
    assert (low <= high).all()


ORDER = st.tuples(
    st.integers(0, 40), st.integers(0, 300), st.integers(0, 2), st.sampled_from([0.0, 0.01, 7.5, 40.0, 1e6]), st.floats(-50, 0)
)


@given(st.lists(ORDER, min_size=1, max_size=150))
@settings(max_examples=25, deadline=None)
def test_whatever_a_shop_s_orders_are_every_buyer_is_told_something_sound(rows: list[tuple]) -> None:
    """Refunds alone, free goods, very large orders, few or single customers: no failure, no number that is none."""
    dated = [
        (f"c{who:02d}", date(2025, 1, 1) + timedelta(days=day), orders, value * orders, back) for who, day, orders, value, back in rows
    ]
    columns = ["customer_key", "business_day", "orders", "sale_revenue", "refund"]
    frame = pl.DataFrame(dated, schema=columns, orient="row").unique(columns[:2], keep="first", maintain_order=True)
    frame = frame.with_columns(net_revenue=pl.col("sale_revenue") + pl.col("refund")).drop("refund")
    day = date(2025, 10, 31)
    few = OutlookSettings(rounds=5, value_rounds=5, snapshots=3, fewest_rows=20, fewest_of_each=5)
    told = train_outlook(frame, day, few).score(customer_snapshot(frame, day))
    assert set(told["customer_key"]) == set(frame.filter(pl.col("orders") > 0)["customer_key"])
    numbers = told.select(pl.col(pl.Float64)).select(pl.all().drop_nulls().is_finite().all())
    assert all(each is not False for each in numbers.row(0))
    assert told["p_buy_28d"].drop_nulls().is_between(0, 1).all()
    assert (told["expected_orders_28d"] >= told["p_buy_28d"] - 1e-12).all()
    moves = lifecycle_transitions(frame, day)
    assert moves.filter(pl.col("customers") > 0)["share"].is_between(0, 1).all()
