"""The diagnosis finds what simulated series were made of, agrees with statsmodels asked directly, and never stops a training."""

import warnings
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import adfuller
from threadpoolctl import threadpool_limits

from learning.demand import DemandModel, DemandSettings, arima_order, no_holidays, train
from learning.demand.arima_diagnosis import DIAGNOSIS_SCHEMA, arima_diagnosis, diagnose, diagnose_row, standing_out
from learning.demand.arima_order import Order, fit_order, forecast_order, noise_strength, weekly_strength
from learning.demand.grid import Floats
from learning.demand.open_days import OpenDays, open_days
from tests.learning.demand.conftest import FIRST_DAY, panel_of, weekly_shop

SETTINGS = DemandSettings(horizon_days=14, training_rows=2_000, boosting_rounds=5, backtest_origins=0)
WEEK = np.array([80.0, 80.0, 90.0, 100.0, 120.0, 160.0, 70.0])
FEWEST = SETTINGS.min_shop_days


def noise(days: int, seed: int = 5) -> Floats:
    return np.random.default_rng(seed).normal(0.0, 10.0, days)


def autoregression(weight: float, shocks: Floats) -> Floats:
    values = shocks.copy()
    for day in range(1, values.size):
        values[day] += weight * values[day - 1]
    return values


def every_day(values: Floats) -> OpenDays:
    return open_days(values, np.ones(values.size, dtype=np.bool_))


@pytest.fixture(autouse=True)
def quiet_and_on_one_thread() -> Iterator[None]:
    """As the table does it; here the parts are asked directly."""
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_an_autoregression_is_stationary_and_described_by_one() -> None:
    found = diagnose(every_day(200.0 + autoregression(0.7, noise(300))))
    assert found.choice is not None
    assert (found.differences.regular, found.differences.weekly) == (0, 0)
    assert str(found.choice.by_bic.order) == "(1,0,0)"
    assert found.choice.by_aic.order.p >= 1
    assert found.choice.by_bic.residuals.std() == pytest.approx(10.0, rel=0.1)
    assert standing_out(found.pacf, 300).startswith("1 (+0.")


def test_a_random_walk_wanders_and_is_differenced_once() -> None:
    found = diagnose(every_day(1_000.0 + noise(300).cumsum()))
    assert found.differences.adf_p_value > 0.05
    assert found.differences.regular == 1
    assert found.choice is not None
    assert found.choice.by_bic.order.d == 1


def test_a_weekly_pattern_is_seen_at_lag_seven_and_taken_out() -> None:
    values = np.tile(WEEK, 30) + noise(210)
    row = diagnose_row(every_day(values), FEWEST)
    assert "7 (+0." in str(row["acf_lags"])
    assert str(row["order_by_aic"]).endswith("(0,1,1)7")
    assert row["season_days"] == 7
    assert row["ljung_box_lag"] == 14
    assert row["wape_held_out"] < row["wape_held_out_naive"] < 0.2  # pyright: ignore[reportOperatorIssue]
    assert "strong weekly pattern" in str(row["reading"])


def test_nothing_is_left_of_white_noise() -> None:
    found = diagnose(every_day(100.0 + noise(250)))
    assert (found.differences.regular, found.differences.weekly) == (0, 0)
    assert found.ljung_box is not None
    assert found.ljung_box[1] > 0.05


@pytest.mark.parametrize("days", [84, 200])
def test_noise_hardly_ever_has_a_week(days: int) -> None:
    taken = sum(weekly_strength(noise(days, seed), 7) > noise_strength(days) for seed in range(40))
    assert taken <= 6


def test_a_shop_closed_on_sundays_has_a_week_of_six_days_and_holidays_are_filled() -> None:
    values = np.tile(WEEK, 25) + noise(175)
    known = np.arange(175) % 7 != 6
    known[[40, 100]] = False
    row = diagnose_row(open_days(values, known), FEWEST)
    assert (row["days"], row["filled_days"], row["season_days"], row["ljung_box_lag"]) == (150, 2, 6, 12)
    assert str(row["order_by_aic"]).endswith("(0,1,1)6")


def test_figures_are_those_of_statsmodels_asked_directly() -> None:
    values = np.tile(WEEK, 20) + noise(140).cumsum()
    fit = fit_order(values, Order(0, 1, 1, 0, 1, 1, 7))
    oracle = SARIMAX(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, 7), simple_differencing=True).fit(disp=0)
    assert fit is not None
    assert (fit.aic, fit.bic) == pytest.approx((oracle.aic, oracle.bic), abs=0.05)
    ahead = forecast_order(values, fit.order, 7)
    assert ahead is not None
    whole = SARIMAX(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, 7))
    assert ahead == pytest.approx(whole.filter(oracle.params).forecast(7), abs=0.5)
    own = diagnose(every_day(noise(140))).differences
    less = noise(140) - np.tile(noise(140).reshape(20, 7).mean(axis=0), 20)
    assert (own.adf_statistic, own.adf_p_value) == pytest.approx(adfuller(less, maxlag=21)[:2])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros(0), "nothing was sold"),
        (np.zeros(200), "nothing was sold"),
        (np.full(200, np.nan), "nothing was sold"),
        (noise(60) + 100.0, "60 open days are known, 84 are needed"),
        (np.full(200, 3.0), "every week is the same"),
        (np.tile(WEEK, 20), "every week is the same"),
        (np.where(np.arange(200) % 10 == 0, 5.0, 0.0), "nothing was sold on 90% of its days"),
        (np.where(np.arange(420) % 84 < 56, 5.0 + noise(420), np.nan), "of 392 days are unknown"),
    ],
)
def test_a_series_that_cannot_be_diagnosed_says_why(values: Floats, reason: str) -> None:
    row = diagnose_row(open_days(values, np.isfinite(values)), FEWEST)
    assert reason in str(row["reading"])
    assert row.get("order_by_aic") is None


def test_orders_that_do_not_converge_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arima_order, "ITERATIONS", 1)
    row = diagnose_row(every_day(200.0 + autoregression(0.7, noise(150))), FEWEST)
    assert (row["order_by_aic"], row["orders_compared"], row["orders_failed"]) == ("(0,0,0)", 1, 17)
    assert row["ljung_box_p_value"] < 0.05  # pyright: ignore[reportOperatorIssue]
    assert "leaves autocorrelation behind" in str(row["reading"])
    row = diagnose_row(every_day(np.tile(WEEK, 20) + noise(140)), FEWEST)
    assert row["reading"] == "Not diagnosed: no order converged."
    assert row["weekly_strength"] > 0.6  # pyright: ignore[reportOperatorIssue]


def test_lags_are_told_strongest_first_kept_and_the_rest_counted() -> None:
    correlation = np.array([0.5, 0.05, *[0.3] * 7, -0.4, 0.2])
    assert standing_out(correlation, 100).startswith("1 (+0.50), 3 (+0.30)")
    assert standing_out(correlation, 100).endswith("10 (-0.40) and 2 weaker")
    assert standing_out(np.array([0.1, -0.1]), 100) == ""


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    pattern=st.lists(st.one_of(st.integers(0, 3).map(float), st.floats(0, 1e7), st.just(float("nan"))), min_size=1, max_size=40),
    days=st.sampled_from([30, 90, 100, 115]),
    slope=st.sampled_from([0.0, 1.0, 1e6]),
    spread=st.sampled_from([0.0, 1e-9, 1.0]),
)
def test_any_series_has_a_row(pattern: list[float], days: int, slope: float, spread: float) -> None:
    series = np.resize(np.array(pattern), days) + slope * np.arange(days) + spread * np.abs(noise(days))
    row = diagnose_row(open_days(series, np.isfinite(series)), 56)
    assert set(row) <= set(DIAGNOSIS_SCHEMA)
    frame = pl.DataFrame([row], schema=DIAGNOSIS_SCHEMA)
    assert frame["reading"].item().endswith(".")
    fitted = frame["orders_compared"].item()
    assert fitted is None or fitted + frame["orders_failed"].item() in (9, 18)


@pytest.fixture(scope="module")
def shop() -> pl.DataFrame:
    """Two categories at two locations; the second is too young."""
    main = weekly_shop(n_items=6, n_days=120)
    young = main.filter(pl.col("business_day") > FIRST_DAY + timedelta(days=80)).with_columns(location_id=pl.lit("new"))
    return pl.concat([main, young])


@pytest.fixture(scope="module")
def model(shop: pl.DataFrame) -> DemandModel:
    return train(shop, no_holidays(), SETTINGS)


def test_the_table_has_a_row_per_node_and_nothing_is_printed(
    model: DemandModel, shop: pl.DataFrame, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    warnings.simplefilter("always")
    last = FIRST_DAY + timedelta(days=119)
    table = arima_diagnosis(model, shop, last)
    assert dict(table.schema) == DIAGNOSIS_SCHEMA
    assert table["node"].to_list() == ["total", "category: dry", "category: fresh", "location: main", "location: new"]
    assert table["as_of_day"].unique().to_list() == [last]
    assert table["days"].to_list() == [120, 120, 120, 120, 39]
    assert table["reading"][-1] == "Not diagnosed: 39 open days are known, 84 are needed."
    assert table["aic"].head(4).is_not_null().all()
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
    assert arima_diagnosis(model, shop.sample(fraction=1.0, shuffle=True, seed=1), last).equals(table)


def test_a_shop_of_a_few_days_has_rows_without_figures() -> None:
    panel = panel_of({("P1", "main"): [1.0, 0.0, 2.0], ("P2", "main"): [None, None, None]})
    table = arima_diagnosis(train(panel, no_holidays(), SETTINGS), panel, FIRST_DAY + timedelta(days=2))
    assert table["node"].to_list() == ["total", "category: uncategorised"]
    assert table["order_by_aic"].null_count() == 2
    assert table["reading"].str.starts_with("Not diagnosed: ").all()
