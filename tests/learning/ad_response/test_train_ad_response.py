"""Response curves recovered from drawn histories, and what is said where they cannot be."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from learning.ad_response import AdResponseModel, AdResponseSettings, train_ad_response
from learning.ad_response.curves import adstock, hill

FIRST = date(2025, 1, 1)
QUICK = AdResponseSettings(draws=60)
TRUTH = {"search": (12.0, 60.0, 0.2), "social": (8.0, 100.0, 0.6)}


def history(days: int, seed: int = 3, varied: bool = True) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Spend that changes from week to week, and orders: a weekday pattern, a slow wave, the ads' response and noise."""
    chance = np.random.default_rng(seed)
    calendar = [FIRST + timedelta(days=index) for index in range(days)]
    spends, added = [], np.zeros(days)
    for channel, (most, half, memory) in TRUTH.items():
        weekly = chance.lognormal(0, 0.5, days // 7 + 1) * chance.choice([0.0, 1.0], days // 7 + 1, p=[0.1, 0.9]) if varied else 1.0
        level = np.repeat(weekly, 7)[:days] if varied else np.ones(days)
        spend = np.round(60.0 * level, 2)
        added = added + most * hill(adstock(spend, memory), half, 1.0)
        spends.append(pl.DataFrame({"business_day": calendar, "channel": [channel] * days, "spend": spend}))
    wave = 20 + 3 * np.sin(np.arange(days) / 60) + 2 * (np.arange(days) % 7 == 5)
    outcome = pl.DataFrame({"business_day": calendar, "outcome": chance.poisson(wave + added).astype(np.float64)})
    return pl.concat(spends), outcome


@pytest.fixture(scope="module")
def learned() -> AdResponseModel:
    return train_ad_response(*history(600), QUICK)


def true_response(row: dict) -> tuple[float, float]:
    """Response per day at the row's mean spend, and what one more 1.00 a day adds there."""
    most, half, memory = TRUTH[row["channel"]]
    level = row["mean_daily_spend"] / (1 - memory)
    return most * level / (level + half), most * half / (level + half) ** 2 / (1 - memory)


def test_intervals_mostly_hold_the_truth() -> None:
    """Twelve intervals of 90 % each: fewer than nine that hold would be less likely than one in two hundred."""
    rows = [row for seed in range(6) for row in train_ad_response(*history(250, seed), QUICK).curves.iter_rows(named=True)]
    truths = [true_response(row) for row in rows]
    level = [row["daily_response_low"] <= true <= row["daily_response_high"] for row, (true, _) in zip(rows, truths, strict=True)]
    slope = [row["marginal_response_low"] <= true <= row["marginal_response_high"] for row, (_, true) in zip(rows, truths, strict=True)]
    assert sum(level) >= 9
    assert sum(slope) >= 9


def test_what_was_learned_from_history_is_known_and_never_causal(learned: AdResponseModel) -> None:
    assert learned.curves["is_identified"].all()
    for row in learned.curves.iter_rows(named=True):
        assert row["marginal_response"] == pytest.approx(true_response(row)[1], rel=0.6)
    assert not learned.curves["causal"].any()
    assert learned.explained_share > 0


def test_the_one_curve_is_the_mean_of_the_draws(learned: AdResponseModel) -> None:
    for row in learned.curves.iter_rows(named=True):
        draws = learned.draws.filter(pl.col("channel") == row["channel"])
        level = row["mean_daily_spend"] / (1 - draws["memory"].to_numpy())
        mean = float((draws["most"].to_numpy() * hill(level, draws["half_saturation"].to_numpy(), draws["shape"].to_numpy())).mean())
        assert row["daily_response"] == pytest.approx(mean, rel=0.05)


def test_a_channel_that_does_nothing_is_not_called_known() -> None:
    spend, outcome = history(400)
    chance = np.random.default_rng(0)
    idle = outcome.select("business_day", channel=pl.lit("idle"), spend=pl.Series(chance.lognormal(3, 0.5, outcome.height)))
    model = train_ad_response(pl.concat([spend, idle]), outcome, QUICK)
    row = model.curves.row(by_predicate=pl.col("channel") == "idle", named=True)
    assert not row["is_identified"]
    assert row["daily_response_low"] < 0.5
    assert "too wide" in row["sentence"]


def test_spend_that_never_varied_tells_nothing() -> None:
    model = train_ad_response(*history(300, varied=False), QUICK)
    assert not model.curves["is_identified"].any()
    assert all("varied by only" in sentence for sentence in model.curves["sentence"])


def test_a_short_history_and_a_channel_without_spend_have_no_curve() -> None:
    spend, outcome = history(50)
    short = train_ad_response(spend, outcome, QUICK)
    assert short.curves["most"].null_count() == 2
    assert "fewer than" in short.notes[0]
    spend, outcome = history(200)
    silent = outcome.select("business_day", channel=pl.lit("print"), spend=pl.lit(0.0))
    model = train_ad_response(pl.concat([spend, silent]), outcome, QUICK)
    assert model.curves.row(by_predicate=pl.col("channel") == "print", named=True)["most"] is None
    assert model.curves.filter(pl.col("channel") != "print")["most"].null_count() == 0


def test_without_channels_there_are_no_curves() -> None:
    spend, outcome = history(100)
    model = train_ad_response(spend.clear(), outcome, QUICK)
    assert model.curves.is_empty()
    assert model.draws.is_empty()


def test_the_order_of_rows_changes_nothing_and_neither_does_a_file(learned: AdResponseModel, tmp_path) -> None:
    spend, outcome = history(600)
    again = train_ad_response(spend.sample(fraction=1, shuffle=True, seed=1), outcome.reverse(), QUICK)
    assert again.curves.equals(learned.curves)
    learned.save(tmp_path / "model.json")
    read = AdResponseModel.load(tmp_path / "model.json")
    assert read.curves.equals(learned.curves)
    assert read.draws.equals(learned.draws)


def test_bad_input_is_refused() -> None:
    spend, outcome = history(100)
    with pytest.raises(ValueError, match="same business_day and channel"):
        train_ad_response(pl.concat([spend, spend.head(1)]), outcome)
    with pytest.raises(ValueError, match="days missing"):
        train_ad_response(spend, outcome.filter(pl.col("business_day") != FIRST + timedelta(days=7)))
    with pytest.raises(ValueError, match="below 0"):
        train_ad_response(spend.with_columns(spend=-pl.col("spend")), outcome)
    with pytest.raises(ValueError, match="memories"):
        AdResponseSettings(memories=(1.0,))


def test_adstock_by_hand() -> None:
    """Before the first day the mean of the first weeks was spent: 10 / (1 - 0.5) = 20 lies in memory."""
    assert adstock(np.array([10.0, 10.0]), 0.5).tolist() == [20.0, 20.0]
    assert adstock(np.array([20.0, 0.0]), 0.0).tolist() == [20.0, 0.0]
