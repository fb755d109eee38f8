"""Explained forecasts: the factors multiply to the forecast, the drivers are those that made it."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from learning.demand import DemandModel, DemandSettings, no_holidays, train
from learning.demand.explain import category_drivers, forecast_factors, item_drivers
from learning.demand.features import FEATURES
from tests.learning.demand.conftest import FIRST_DAY, weekly_shop

SETTINGS = DemandSettings(horizon_days=14, training_rows=5_000, boosting_rounds=20, backtest_origins=0)
LAST_DAY = FIRST_DAY + timedelta(days=199)


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    return weekly_shop()


@pytest.fixture(scope="module")
def model(shop: pl.DataFrame) -> DemandModel:
    return train(shop, no_holidays(), SETTINGS)


def promoted_and_closed(shop: pl.DataFrame) -> pl.DataFrame:
    keys = shop.select("product_id", "location_id").unique().sort("product_id")
    promoted = keys.head(3).with_columns(
        business_day=LAST_DAY + timedelta(days=2), on_promotion=pl.lit(True), discount_share=pl.lit(0.2), is_open=pl.lit(True)
    )
    closed = keys.with_columns(
        business_day=LAST_DAY + timedelta(days=5), on_promotion=pl.lit(False), discount_share=pl.lit(0.0), is_open=pl.lit(False)
    )
    return pl.concat([promoted, closed])


def test_factors_multiply_to_the_forecast_and_say_promotions_and_closing(model: DemandModel, shop: pl.DataFrame) -> None:
    future = promoted_and_closed(shop)
    table = forecast_factors(model, shop, future, LAST_DAY)
    factors = table.drop_nulls("weekday_factor")
    product = np.prod(factors.select(pl.col("level_units"), pl.col("^.*_factor$")).to_numpy(), axis=1)
    assert np.allclose(product, factors["forecast_units"].to_numpy())
    assert table.height == 24 * 14
    assert table["forecast_units"].to_list() == model.predict(shop, future, LAST_DAY)["forecast_units"].to_list()
    on = table.filter(pl.col("business_day") == LAST_DAY + timedelta(days=2))
    assert on.head(3)["promotion_factor"].min() > 1.5
    assert on.tail(3)["promotion_factor"].to_list() == [1.0] * 3
    assert table.filter(pl.col("business_day") == LAST_DAY + timedelta(days=5))["forecast_units"].sum() == 0.0


def test_factors_of_asked_items_only(model: DemandModel, shop: pl.DataFrame) -> None:
    asked = shop.filter(pl.col("product_id") == "P03").select("product_id", "location_id")
    assert set(forecast_factors(model, shop, None, LAST_DAY, asked)["product_id"]) == {"P03"}


def test_drivers_of_a_category_sum_to_one_and_find_the_weekday(model: DemandModel, shop: pl.DataFrame) -> None:
    drivers = category_drivers(model, shop, None, LAST_DAY)
    shares = drivers.group_by("category").agg(pl.col("share").sum(), pl.col("feature").n_unique()).sort("category")
    assert shares["category"].to_list() == ["dry", "fresh"]
    assert shares["share"].to_list() == pytest.approx([1.0, 1.0])
    assert shares["feature"].to_list() == [len(FEATURES)] * 2
    for (_,), own in drivers.group_by("category"):
        assert {"weekday", "weekday_factor", "same_weekday_mean"} & set(own.sort("share", descending=True)["feature"][:5])


def test_contributions_of_an_item_sum_to_what_the_model_says(model: DemandModel, shop: pl.DataFrame) -> None:
    asked = shop.filter(pl.col("product_id").is_in(["P01", "P02"])).select("product_id", "location_id").unique()
    drivers = item_drivers(model, shop, None, LAST_DAY, asked)
    assert drivers.height == 2 * len(FEATURES)
    assert set(drivers["cells"]) == {14}
    grid, forecasts = model.forecast(shop, None, LAST_DAY, 14)
    at = [grid.items["product_id"].to_list().index(name) for name in ("P01", "P02")]
    told = np.log(forecasts.members["LightGBM"][at] / np.maximum(forecasts.reference.level[at], 0.02)[:, None]).mean(axis=1)
    summed = drivers.group_by("product_id").agg(pl.col("mean_contribution").sum()).sort("product_id")["mean_contribution"].to_numpy()
    # what is left is the model's base value, the same for every item
    assert told[0] - told[1] == pytest.approx(summed[0] - summed[1], abs=1e-6)


def test_a_shop_too_small_for_the_gradient_model_has_no_drivers(shop: pl.DataFrame) -> None:
    small = shop.filter((pl.col("product_id") == "P01") & (pl.col("business_day") > LAST_DAY - timedelta(days=40)))
    model = train(small, no_holidays(), SETTINGS)
    assert category_drivers(model, small, None, LAST_DAY).is_empty()
    assert forecast_factors(model, small, None, LAST_DAY).height == 14
