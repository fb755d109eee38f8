"""Sample paths: their sums over a lead time have the calibrated distribution, their days the course of the forecast."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from learning.demand import DemandModel, DemandSettings, lead_time_quantiles, no_holidays, train
from learning.demand.sample_paths import SamplePaths, sample_paths
from tests.learning.demand.conftest import FIRST_DAY, weekly_shop

SETTINGS = DemandSettings(horizon_days=14, training_rows=5_000, boosting_rounds=20, backtest_origins=3, backtest_step_days=14)
LAST_DAY = FIRST_DAY + timedelta(days=199)
PATHS = 400


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    return weekly_shop(n_items=40)


@pytest.fixture(scope="module")
def model(shop: pl.DataFrame) -> DemandModel:
    return train(shop, no_holidays(), SETTINGS)


@pytest.fixture(scope="module")
def drawn(model: DemandModel, shop: pl.DataFrame) -> SamplePaths:
    return sample_paths(model, shop, None, LAST_DAY, PATHS)


@pytest.mark.parametrize("days", [1, 3, 7, 14])
def test_sums_of_paths_have_the_calibrated_quantiles(model: DemandModel, shop: pl.DataFrame, drawn: SamplePaths, days: int) -> None:
    horizons = drawn.items.with_columns(horizon_days=pl.lit(days, pl.Int64))
    table = lead_time_quantiles(model, shop, None, horizons, LAST_DAY).sort("product_id", "location_id")
    sums = drawn.units[:, :, :days].sum(axis=2)
    for column, level in (("q50", 0.5), ("q90", 0.9), ("q95", 0.95)):
        # a path's sum never falls below that of a shorter horizon, which may lift a low quantile a little
        below = (sums <= table[column].to_numpy()[:, None] + 1e-9).mean(axis=1)
        assert np.median(below) == pytest.approx(level, abs=0.02)
        assert below.mean() == pytest.approx(level, abs=0.06)


def test_days_follow_the_forecast_and_are_never_negative(model: DemandModel, shop: pl.DataFrame, drawn: SamplePaths) -> None:
    assert drawn.units.shape == (40, PATHS, 14)
    assert drawn.units.min() >= 0.0
    daily = model.predict(shop, None, LAST_DAY).group_by("business_day").agg(pl.col("forecast_units").sum()).sort("business_day")
    told = drawn.units.mean(axis=1).sum(axis=0)
    assert np.corrcoef(told, daily["forecast_units"].to_numpy())[0, 1] > 0.9


def test_paths_of_an_item_do_not_depend_on_the_others_asked_for(model: DemandModel, shop: pl.DataFrame, drawn: SamplePaths) -> None:
    few = sample_paths(model, shop, None, LAST_DAY, PATHS, items=drawn.items[3:5])
    assert few.items.equals(drawn.items[3:5])
    assert np.array_equal(few.units, drawn.units[3:5])


def test_closed_days_sell_nothing_in_any_path(model: DemandModel, shop: pl.DataFrame) -> None:
    closed = shop.select("product_id", "location_id").unique().with_columns(business_day=LAST_DAY + timedelta(days=1), is_open=False)
    assert sample_paths(model, shop, closed, LAST_DAY, 20).units[:, :, 0].max() == 0.0


def test_one_path_is_no_distribution(model: DemandModel, shop: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="at least 2 paths"):
        sample_paths(model, shop, None, LAST_DAY, 1)
