"""The demand model as a whole: what it promises to whoever scores daily and decides on its numbers."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from learning.demand import DemandModel, DemandSettings, lead_time_quantiles, no_holidays, train
from learning.demand.forecast_table import DAILY_SCHEMA
from learning.demand.holiday_days import all_events

LAST_DAY = date(2024, 1, 1) + timedelta(days=199)
QUANTILES = ["q05", "q10", "q25", "q50", "q75", "q80", "q90", "q95", "q975", "q99"]


@pytest.fixture(scope="module")
def model(shop: pl.DataFrame, light: DemandSettings) -> DemandModel:
    return train(shop, no_holidays(), light)


@pytest.fixture(scope="module")
def forecast(model: DemandModel, shop: pl.DataFrame) -> pl.DataFrame:
    return model.predict(shop, None, LAST_DAY)


def test_forecast_has_one_row_per_item_and_coming_day(forecast: pl.DataFrame) -> None:
    assert forecast.schema == pl.Schema(DAILY_SCHEMA)
    assert forecast.height == 24 * 14
    assert forecast.select("product_id", "location_id", "business_day").n_unique() == forecast.height
    assert forecast["business_day"].min() == LAST_DAY + timedelta(days=1)
    assert forecast["forecast_units"].min() >= 0.0


def test_forecast_finds_the_level_and_the_weekday_pattern(forecast: pl.DataFrame) -> None:
    strong = forecast.filter((pl.col("segment") == "smooth") & (pl.col("horizon_days") <= 7))
    by_weekday = strong.group_by(pl.col("business_day").dt.weekday()).agg(pl.col("forecast_units").mean()).sort("business_day")
    assert by_weekday["forecast_units"].mean() == pytest.approx(4.0, rel=0.1)
    assert by_weekday["forecast_units"][5] / by_weekday["forecast_units"][6] == pytest.approx(1.6 / 0.7, rel=0.3)


def test_backtest_beats_seasonal_naive_and_covers(model: DemandModel) -> None:
    item = model.backtest.scores.filter((pl.col("level") == "item") & (pl.col("segment") == "all")).rows_by_key("model", named=True)
    assert item["combined"][0]["skill_low"] > 0.0
    assert item["seasonal naive"][0]["skill"] == pytest.approx(0.0)
    assert 0.8 <= item["combined"][0]["coverage_q90"] <= 0.97


def test_announced_promotion_raises_the_forecast(model: DemandModel, shop: pl.DataFrame) -> None:
    future = pl.DataFrame(
        {"business_day": [LAST_DAY + timedelta(days=2)], "product_id": ["P01"], "location_id": ["main"]},
    ).with_columns(on_promotion=pl.lit(True), discount_share=pl.lit(0.2), is_open=pl.lit(True))
    day = (pl.col("product_id") == "P01") & (pl.col("horizon_days") == 2)
    plain = model.predict(shop, future.with_columns(on_promotion=pl.lit(False)), LAST_DAY).filter(day)["forecast_units"].item()
    promoted = model.predict(shop, future, LAST_DAY).filter(day)["forecast_units"].item()
    assert 1.5 < promoted / plain < 2.6


def test_closed_days_are_zero_in_every_forecast(model: DemandModel, shop: pl.DataFrame) -> None:
    closed = (
        shop.select("product_id", "location_id").unique().with_columns(business_day=pl.lit(LAST_DAY + timedelta(days=3)), is_open=False)
    )
    day = model.predict(shop, closed, LAST_DAY).filter(pl.col("horizon_days") == 3)
    assert day["forecast_units"].sum() == 0.0
    assert day["seasonal_naive_units"].sum() == 0.0


def test_newer_panel_is_scored_without_refitting_up_to_a_week(model: DemandModel, shop: pl.DataFrame) -> None:
    for later in (1, 7):
        newer = shop.vstack(
            shop.filter(pl.col("business_day") > LAST_DAY - timedelta(days=later)).with_columns(
                pl.col("business_day").dt.offset_by(f"{later}d")
            )
        )
        rows = model.predict(newer, None, LAST_DAY + timedelta(days=later))
        assert rows["business_day"].max() == LAST_DAY + timedelta(days=later + 14)
        assert rows["model"].str.contains("drawn to category").any()
    with pytest.raises(ValueError, match="train again"):
        model.predict(shop, None, LAST_DAY + timedelta(days=8))


def test_sales_after_the_as_of_day_are_refused(model: DemandModel, shop: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match=r"no sales after the as-of day|train again"):
        model.predict(shop, None, LAST_DAY - timedelta(days=1))


def test_saved_and_loaded_model_forecasts_the_same(model: DemandModel, shop: pl.DataFrame, forecast: pl.DataFrame, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    loaded = DemandModel.load(tmp_path / "model")
    assert loaded.predict(shop, None, LAST_DAY).equals(forecast)
    assert loaded.backtest.scores.equals(model.backtest.scores)
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".txt", ".parquet"}


def test_permuted_rows_change_nothing(shop: pl.DataFrame, forecast: pl.DataFrame, light: DemandSettings) -> None:
    again = train(shop.sample(fraction=1.0, shuffle=True, seed=5), no_holidays(), light)
    assert again.predict(shop.reverse(), None, LAST_DAY).equals(forecast)


def test_training_is_quiet(shop: pl.DataFrame, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    settings = DemandSettings(horizon_days=7, training_rows=3_000, boosting_rounds=5, backtest_origins=0, threads=1)
    named = all_events(pl.DataFrame({"business_day": [date(2024, 5, 1)], "holiday": ["Labour Day"]}))
    train(shop, named, settings)
    captured = capfd.readouterr()
    assert (captured.out, captured.err, caplog.text) == ("", "", "")


def test_lead_time_quantiles_rise_and_are_calibrated(model: DemandModel, shop: pl.DataFrame, forecast: pl.DataFrame) -> None:
    items = shop.select("product_id", "location_id").unique()
    asked = pl.concat([items.with_columns(horizon_days=pl.lit(days)) for days in (0, 7, 30)])
    table = lead_time_quantiles(model, shop, None, asked, LAST_DAY)
    values = table.select(QUANTILES).to_numpy()
    assert (np.diff(values, axis=1) >= 0).all()
    assert (values >= 0).all()
    assert table.filter(pl.col("horizon_days") == 0).select(pl.sum_horizontal("mean_units", *QUANTILES).sum()).item() == 0.0
    week = forecast.filter(pl.col("horizon_days") <= 7).group_by("product_id").agg(pl.col("forecast_units").sum()).sort("product_id")
    assert table.filter(pl.col("horizon_days") == 7)["mean_units"].to_numpy() == pytest.approx(week["forecast_units"].to_numpy())
    assert set(table.filter(pl.col("horizon_days") == 30)["calibration"]) == {"extrapolated"}
    assert table["q90"].sum() > table["mean_units"].sum()


def test_lead_time_of_an_unknown_item_is_said_to_have_no_history(model: DemandModel, shop: pl.DataFrame) -> None:
    asked = pl.DataFrame({"product_id": ["never seen"], "location_id": ["main"], "horizon_days": [7]})
    row = lead_time_quantiles(model, shop, None, asked, LAST_DAY).row(0, named=True)
    assert row["calibration"] == "no history"
    assert row["mean_units"] is None


def test_feature_importance_adds_up(model: DemandModel) -> None:
    assert model.feature_importance()["gain_share"].sum() == pytest.approx(1.0)
