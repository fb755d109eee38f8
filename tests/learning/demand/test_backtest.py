"""The backtest uses nothing after its origins."""

from datetime import date, timedelta

import polars as pl
import pytest

from learning.demand import DemandSettings, backtest, no_holidays
from learning.demand.backtest import replay_origins


def test_origins_leave_room_for_the_whole_horizon() -> None:
    settings = DemandSettings(horizon_days=14, backtest_origins=2, backtest_step_days=28)
    assert replay_origins(100, settings) == [(85, 14), (57, 14)]
    assert replay_origins(40, settings) == [(33, 6)]
    assert replay_origins(29, settings) == []


@pytest.mark.parametrize("units_later", [pl.col("units") * 3 + 1, pl.lit(0.0)], ids=["booming", "shut"])
def test_sales_and_prices_after_an_origin_change_nothing_forecast_there(
    shop: pl.DataFrame, light: DemandSettings, units_later: pl.Expr
) -> None:
    origin = date(2024, 1, 1) + timedelta(days=replay_origins(200, light)[1][0])
    later = pl.col("business_day") > origin
    panel = shop.with_columns(is_censored=pl.col("is_censored") & ~later)  # stock-outs shorten the sums that are compared
    changed = panel.with_columns(
        units=pl.when(later).then(units_later).otherwise("units"), unit_price=pl.when(later).then(99.0).otherwise("unit_price")
    )
    columns = ["origin_day", "product_id", "horizon_days", "segment", "forecast_units", "spread_units"]
    before, after = (
        backtest(rows, no_holidays(), light).residuals.filter(pl.col("origin_day") <= origin).select(columns) for rows in (panel, changed)
    )
    assert before["origin_day"].n_unique() == 2
    assert before.equals(after)


def test_scores_name_every_level_and_model(shop: pl.DataFrame, light: DemandSettings) -> None:
    scores = backtest(shop, no_holidays(), light).scores
    assert set(scores["level"]) == {"total", "category", "item"}
    assert set(scores["model"]) == {"seasonal naive", "moving average", "LightGBM", "shared-out Prophet", "combined"}
    assert scores.filter(pl.col("level") == "category")["series"].to_list() == [6] * 5


@pytest.mark.parametrize("price", [None, 0.0])
def test_a_shop_without_prices_is_scored_by_units(shop: pl.DataFrame, light: DemandSettings, price: float | None) -> None:
    plain = shop.with_columns(unit_price=pl.lit(price, dtype=pl.Float64))
    told = backtest(plain, no_holidays(), light).scores.filter((pl.col("level") == "item") & (pl.col("model") == "combined"))
    same = backtest(shop.with_columns(unit_price=pl.lit(7.0)), no_holidays(), light).scores.filter(
        (pl.col("level") == "item") & (pl.col("model") == "combined")
    )
    assert told["skill"].null_count() == 0
    assert told["wrmsse"].to_list() == pytest.approx(same["wrmsse"].to_list(), rel=0.05)
