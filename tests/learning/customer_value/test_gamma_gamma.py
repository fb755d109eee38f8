"""Gamma-Gamma by hand, as a density, and on drawn customers."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import check_grad

from learning.customer_value import GammaGamma, fit_gamma_gamma
from learning.customer_value.gamma_gamma import _log_likelihood

PUBLISHED = GammaGamma(p=6.25, q=3.74, gamma=15.44)


def test_expected_value_by_hand() -> None:
    assert PUBLISHED.mean == pytest.approx(6.25 * 15.44 / 2.74)
    none, two = PUBLISHED.expected_value(np.array([0.0, 2.0]), np.array([0.0, 50.0]))
    assert none == pytest.approx(PUBLISHED.mean)
    assert two == pytest.approx(6.25 * (15.44 + 100.0) / (12.5 + 2.74))


@pytest.mark.parametrize("orders", [1.0, 3.0])
def test_the_likelihood_is_a_density(orders: float) -> None:
    def density(mean: float) -> float:
        return float(np.exp(_log_likelihood(np.array([2.0, 3.0, 10.0]), np.array([orders]), np.array([mean]))[0]))

    assert quad(density, 0, np.inf)[0] == pytest.approx(1.0, abs=1e-4)


def test_slopes_are_those_of_the_likelihood() -> None:
    orders, means = np.array([1.0, 2.0, 7.0]), np.array([10.0, 30.0, 22.0])
    error = check_grad(
        lambda p: _log_likelihood(p, orders, means)[0], lambda p: _log_likelihood(p, orders, means)[1], np.array([2.0, 3.0, 12.0])
    )
    assert error < 1e-4


@given(st.floats(0, 40), st.floats(0, 1000))
@settings(max_examples=60, deadline=None)
def test_the_estimate_lies_between_own_and_common_mean(orders: float, own: float) -> None:
    told = PUBLISHED.expected_value(np.array([orders]), np.array([own]))[0]
    assert min(own, PUBLISHED.mean) - 1e-9 <= told <= max(own, PUBLISHED.mean) + 1e-9


def test_drawn_customers_give_their_parameters_back_in_any_order() -> None:
    chance = np.random.default_rng(5)
    orders = chance.integers(1, 9, 4000).astype(float)
    scale = chance.gamma(4.0, 1 / 60.0, 4000)
    means = chance.gamma(3.0 * orders, 1 / scale) / orders
    values = pl.DataFrame({"orders": orders, "mean_value": means})
    model = fit_gamma_gamma(values)
    assert model.converged
    assert (model.p, model.q, model.gamma) == (pytest.approx(3.0, rel=0.1), pytest.approx(4.0, rel=0.1), pytest.approx(60.0, rel=0.15))
    assert fit_gamma_gamma(values.sample(fraction=1.0, shuffle=True, seed=2)) == model


@pytest.mark.parametrize("row", [(0.0, 5.0), (2.0, 0.0), (2.0, None)])
def test_values_that_are_none_are_refused(row: tuple) -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_gamma_gamma(pl.DataFrame([row], schema={"orders": pl.Float64, "mean_value": pl.Float64}, orient="row"))
