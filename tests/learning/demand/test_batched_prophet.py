"""Prophet's model fitted in batches: at least as probable as what the package finds, and the same forecasts."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.demand.aggregates import quiet_prophet
from learning.demand.batched_prophet import Curves, CurveSettings, changepoint_days, design, fit_curves

FIRST = date(2023, 1, 1)
DAYS, AHEAD = 500, 28
SETTINGS = CurveSettings()


def sales(series: int, days: int = DAYS, seed: int = 5) -> np.ndarray:
    """Counts with a bending trend, a week and a year, from a few a week to hundreds a day."""
    chance, day = np.random.default_rng(seed), np.arange(days)
    level = 0.3 * 3.0 ** np.arange(series)[:, None]
    bend = 1 + np.clip(day - 250, 0, None)[None, :] * np.linspace(-0.002, 0.004, series)[:, None]
    wave = 1 + 0.3 * np.sin(2 * np.pi * day / 365.25)[None, :] + 0.4 * np.cos(2 * np.pi * day / 7 + np.arange(series)[:, None])
    return chance.poisson(np.maximum(level * bend * wave, 0.02)).astype(np.float64)


def known_everywhere(values: np.ndarray) -> np.ndarray:
    return np.ones(values.shape, dtype=bool)


def log_posterior(theta: np.ndarray, noise: float, values: np.ndarray) -> float:
    """Of one scaled series, up to a constant: the model of the paper, written down once more."""
    changes, season = theta[2:27], theta[27:]
    terms = design(FIRST, values.size, np.arange(values.size), SETTINGS)
    error = values - terms @ theta
    return float(
        -values.size * np.log(noise)
        - (error**2).sum() / (2 * noise**2)
        - (theta[:2] ** 2).sum() / (2 * 5.0**2)
        - np.abs(changes).sum() / 0.05
        - (season**2).sum() / (2 * 10.0**2)
        - noise**2 / (2 * 0.5**2)
    )


def test_what_is_found_is_at_least_as_probable_as_what_the_package_finds_and_forecasts_alike() -> None:
    import pandas as pd

    values = sales(6)
    ours = fit_curves(values, known_everywhere(values), FIRST, SETTINGS)
    coming = ours.course(DAYS, AHEAD)
    for row, told in enumerate(values):
        with quiet_prophet():
            from prophet import Prophet

            model = Prophet(yearly_seasonality=10, weekly_seasonality=3, daily_seasonality=False, uncertainty_samples=0)  # type: ignore[arg-type]
            model.fit(pd.DataFrame({"ds": pd.date_range(FIRST, periods=DAYS), "y": told}), seed=1)
            days = pd.DataFrame({"ds": pd.date_range(FIRST + timedelta(days=DAYS), periods=AHEAD)})
            package = model.predict(days)["yhat"].to_numpy()
        names = list(model.train_component_cols.index)
        assert len(names) == 26, "seasons only"
        theirs = np.concatenate([model.params[name].ravel() for name in ("k", "m", "delta", "beta")])
        # the package lists the year before the week
        season = theirs[27:]
        theirs = np.concatenate([theirs[:27], season[20:], season[:20]])
        scaled = told / ours.scale[row]
        found = log_posterior(ours.coefficients[row], ours.noise[row] / ours.scale[row], scaled)
        assert found >= log_posterior(theirs, float(model.params["sigma_obs"].ravel()[0]), scaled) - 0.05
        assert np.abs(coming[row] - package).mean() <= 0.06 * told[-56:].mean() + 0.02


def test_a_straight_line_is_followed() -> None:
    line = np.linspace(10, 60, 400)[None, :]
    curves = fit_curves(line, known_everywhere(line), FIRST, CurveSettings(weekly_order=0, yearly_order=0))
    assert curves.course(400, 10)[0] == pytest.approx(np.linspace(10, 60, 400)[-1] + (50 / 399) * np.arange(1, 11), rel=0.01)


def test_days_that_are_not_known_do_not_matter() -> None:
    values = sales(3)
    known = np.random.default_rng(1).random(values.shape) < 0.7
    other = np.where(known, values, np.nan)
    first, second = (fit_curves(each, known, FIRST, SETTINGS) for each in (values, other))
    assert np.array_equal(first.coefficients, second.coefficients)
    assert not np.allclose(first.coefficients, fit_curves(values, known_everywhere(values), FIRST, SETTINGS).coefficients)


def test_a_series_without_sales_or_without_known_days_lies_at_nothing() -> None:
    values = np.zeros((2, 200))
    known = known_everywhere(values)
    known[1] = False
    assert np.abs(fit_curves(values, known, FIRST, SETTINGS).course(200, 14)).max() == 0.0
    assert fit_curves(np.zeros((0, 200)), np.zeros((0, 200), dtype=bool), FIRST, SETTINGS).course(200, 14).shape == (0, 14)


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(5)), st.floats(0.01, 1000.0))
def test_neither_company_nor_order_nor_unit_of_a_series_matters(order: list[int], unit: float) -> None:
    values = sales(5, days=300)
    together = fit_curves(values, known_everywhere(values), FIRST, SETTINGS).course(300, AHEAD)
    mixed = fit_curves(values[order] * unit, known_everywhere(values), FIRST, SETTINGS).course(300, AHEAD)
    assert mixed / unit == pytest.approx(together[order], rel=1e-6, abs=1e-8)
    alone = fit_curves(values[:1], known_everywhere(values[:1]), FIRST, SETTINGS).course(300, AHEAD)
    assert alone == pytest.approx(together[:1], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("days", "count"), [(2, 0), (3, 1), (20, 15), (400, 25)])
def test_a_short_history_has_fewer_changepoints_and_they_lie_in_its_first_part(days: int, count: int) -> None:
    places = changepoint_days(days, SETTINGS)
    assert places.size == count
    assert (places < 0.8 * days).all()
    values = sales(2, days=days)
    assert np.isfinite(fit_curves(values, known_everywhere(values), FIRST, SETTINGS).course(days, 7)).all()


def test_changepoints_are_those_of_the_package() -> None:
    import pandas as pd

    with quiet_prophet():
        from prophet import Prophet

        model = Prophet(uncertainty_samples=0)
        model.fit(pd.DataFrame({"ds": pd.date_range(FIRST, periods=137), "y": np.arange(137.0) % 7}), seed=1)
    places = [(day.date() - FIRST).days for day in model.changepoints]
    assert changepoint_days(137, SETTINGS).tolist() == places


def test_what_cannot_be_fitted_is_an_error() -> None:
    values = sales(2)
    with pytest.raises(ValueError, match="of one shape"):
        fit_curves(values, known_everywhere(values)[:1], FIRST, SETTINGS)
    with pytest.raises(ValueError, match="at least 2 days"):
        fit_curves(values[:, :1], known_everywhere(values)[:, :1], FIRST, SETTINGS)
    with pytest.raises(ValueError, match="finite"):
        fit_curves(values + np.inf, known_everywhere(values), FIRST, SETTINGS)
    with pytest.raises(ValueError, match="changepoint_range"):
        CurveSettings(changepoint_range=0.0)
    with pytest.raises(ValueError, match="prior scales"):
        CurveSettings(season_prior_scale=0.0)
    with pytest.raises(ValueError, match="rounds"):
        CurveSettings(rounds=0)


def test_curves_can_be_asked_for_the_past_as_well() -> None:
    values = sales(4)
    curves = fit_curves(values, known_everywhere(values), FIRST, SETTINGS)
    assert isinstance(curves, Curves)
    fitted = curves.course(0, DAYS)
    assert fitted.sum(axis=1) == pytest.approx(values.sum(axis=1), rel=0.02)
    assert np.corrcoef(fitted[3], values[3])[0, 1] > 0.8
