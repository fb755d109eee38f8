"""New shops, new items and empty sales give flagged, sensible forecasts and never a crash."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from learning.demand import DemandSettings, lead_time_quantiles, no_holidays, train
from learning.demand.grid import build_grid

FIRST_DAY = date(2024, 1, 1)
MakePanel = Callable[..., pl.DataFrame]


@pytest.mark.parametrize("units", [[3.0], [0.0], [0.0] * 40, [1.0, None, 2.0], [5.0] * 30])
def test_tiny_shops_are_forecast(units: list[float | None], light: DemandSettings, panel_of: MakePanel) -> None:
    panel = panel_of({("A", "main"): units})
    last = FIRST_DAY + timedelta(days=len(units) - 1)
    model = train(panel, no_holidays(), light)
    rows = model.predict(panel, None, last)
    assert rows.height == 14
    assert rows["forecast_units"].is_finite().all()
    known = [value for value in units if value is not None]
    assert rows["forecast_units"].mean() == pytest.approx(sum(known) / len(known), rel=0.2, abs=0.05)
    table = lead_time_quantiles(model, panel, None, pl.DataFrame({"product_id": ["A"], "location_id": ["main"], "horizon_days": [7]}), last)
    assert table["calibration"].item() == "assumed"
    assert table["q05"].item() <= table["q99"].item()


def test_new_item_is_forecast_by_the_rate_of_its_class_and_past_launches(light: DemandSettings, weekly_shop: MakePanel) -> None:
    shop = weekly_shop(n_days=120)
    last = FIRST_DAY + timedelta(days=119)
    newcomer = shop.filter((pl.col("product_id") == "P01") & (pl.col("business_day") > last - timedelta(days=3)))
    panel = pl.concat([shop, newcomer.with_columns(product_id=pl.lit("NEW"), units=pl.lit(0.0))])
    rows = train(panel, no_holidays(), light).predict(panel, None, last).filter(pl.col("product_id") == "NEW")
    assert set(rows["model"]) == {"class rate x weekday 50%, LightGBM 50%, drawn to category"}
    assert set(rows["segment"]) == {"new"}
    assert 0.5 < rows["forecast_units"].mean() < 4.5  # other items of its category sell 0.4 or 4 a day


def test_past_launches_say_how_a_launch_goes_on(light: DemandSettings, panel_of: MakePanel) -> None:
    """Every item begins at four times its rate and comes down within weeks; so will the newest ones."""
    rng = np.random.default_rng(8)
    days, launches = 300, np.concatenate([np.repeat(0, 10), np.arange(40, 270, 5), [288, 289, 290, 291]])
    ages = np.arange(days + 14)[None, :] - launches[:, None]
    rates = np.where(ages >= 0, 3.0 * (1.0 + 3.0 * np.exp(-np.maximum(ages, 0) / 12.0)), 0.0)
    units = {
        (f"P{item:02d}", "main"): [float(value) if age >= 0 else None for value, age in zip(row, ages[item], strict=False)]
        for item, row in enumerate(rng.poisson(rates[:, :days]).tolist())
    }
    model = train(panel_of(units), no_holidays(), light)
    grid, forecasts = model.forecast(panel_of(units), None, FIRST_DAY + timedelta(days=days - 1), 14)
    new = forecasts.segment == "new"
    assert grid.items.filter(pl.Series(new))["product_id"].to_list() == ["P56", "P57", "P58", "P59"]
    truth = rates[new, days:].sum()
    by_class = forecasts.reference.moving_average[new].sum()
    assert abs(forecasts.own[new].sum() - truth) < 0.7 * abs(by_class - truth)


def test_empty_duplicate_and_malformed_panels_are_refused_in_plain_words(panel_of: MakePanel) -> None:
    panel = panel_of({("A", "main"): [1.0, 2.0]})
    with pytest.raises(ValueError, match="at least one row"):
        build_grid(panel.clear())
    with pytest.raises(ValueError, match="duplicates"):
        build_grid(pl.concat([panel, panel]))
    with pytest.raises(ValueError, match="missing units"):
        build_grid(panel.drop("units"))
    with pytest.raises(ValueError, match="reaches 2024-01-02"):
        build_grid(panel, date(2024, 1, 1))


@pytest.mark.parametrize("is_censored", [True, False])
def test_an_item_that_never_ended_a_day_in_stock_is_forecast_by_what_it_sold(
    light: DemandSettings, panel_of: MakePanel, is_censored: bool
) -> None:
    panel = panel_of({("A", "main"): [0.0, *[4.0, 2.0] * 60], ("B", "main"): [1.0] * 121}, is_censored=is_censored)
    model = train(panel, no_holidays(), light)
    rows = model.predict(panel, None, FIRST_DAY + timedelta(days=120))
    assert rows.filter(pl.col("product_id") == "A")["forecast_units"].mean() == pytest.approx(3.0, rel=0.15)
    assert rows["forecast_units"].is_finite().all()
    assert model.backtest.scores.height > 0


def test_stock_out_days_stay_missing_where_an_item_was_ever_in_stock(panel_of: MakePanel) -> None:
    panel = panel_of({("A", "main"): [4.0, 1.0, 2.0]}).with_columns(is_censored=pl.Series([False, True, True]))
    assert build_grid(panel).valid.tolist() == [[True, False, False]]


@pytest.mark.parametrize("columns", [{"is_open": False}, {"is_censored": True}], ids=["never open", "never in stock"])
def test_a_shop_that_never_sold_anything_is_forecast_at_nothing(light: DemandSettings, panel_of: MakePanel, columns: dict) -> None:
    panel = panel_of({("A", "main"): [0.0] * 120}, **columns)
    rows = train(panel, no_holidays(), light).predict(panel, None, FIRST_DAY + timedelta(days=119))
    assert rows["forecast_units"].to_list() == [0.0] * 14
