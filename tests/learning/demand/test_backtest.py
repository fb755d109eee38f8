"""The backtest uses nothing after its origins."""

from datetime import date, timedelta

import polars as pl
import pytest

from learning.demand import DemandSettings, backtest, no_holidays
from learning.demand.backtest import replay_origins
from learning.demand.candidates import METHODS, candidate_forecasts
from learning.demand.day_lift import learn_day_lift
from learning.demand.future import coming_from_frame
from learning.demand.grid import build_grid


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
    expected = {"seasonal naive", "moving average", "LightGBM", "ridge regression", "linear regression", "shared-out Prophet", "combined"}
    assert set(scores["model"]) == {*expected, *METHODS}
    assert scores.filter(pl.col("level") == "category")["series"].to_list() == [6] * (len(expected) + len(METHODS))


def test_candidates_follow_weekdays_closing_days_and_the_past_alone(shop: pl.DataFrame, light: DemandSettings) -> None:
    grid = build_grid(shop)
    last = shop["business_day"].max()
    assert isinstance(last, date)
    closed = (
        shop.select("product_id", "location_id").unique().with_columns(business_day=pl.lit(last + timedelta(days=3)), is_open=pl.lit(False))
    )
    lift = learn_day_lift(grid, no_holidays(), light)
    found = candidate_forecasts(grid, coming_from_frame(grid, closed, no_holidays(), 14, light), lift, light)
    assert set(found) == set(METHODS)
    usual = grid.units[:, -56:].sum() / grid.is_open[:, -56:].sum()
    for values in found.values():
        assert values.shape == (grid.n_items, 14)
        assert (values[:, 2] == 0).all()
        assert values[:, [0, 1, *range(3, 14)]].mean() == pytest.approx(usual, rel=0.35)
        assert values[:, 0] == pytest.approx(values[:, 7]), "the same weekday, a week later"


@pytest.mark.parametrize("price", [None, 0.0])
def test_a_shop_without_prices_is_scored_by_units(shop: pl.DataFrame, light: DemandSettings, price: float | None) -> None:
    plain = shop.with_columns(unit_price=pl.lit(price, dtype=pl.Float64))
    told = backtest(plain, no_holidays(), light).scores.filter((pl.col("level") == "item") & (pl.col("model") == "combined"))
    same = backtest(shop.with_columns(unit_price=pl.lit(7.0)), no_holidays(), light).scores.filter(
        (pl.col("level") == "item") & (pl.col("model") == "combined")
    )
    assert told["skill"].null_count() == 0
    assert told["wrmsse"].to_list() == pytest.approx(same["wrmsse"].to_list(), rel=0.05)
