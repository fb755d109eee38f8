"""BG/NBD against hand-computed likelihoods, the paper's own numbers, and customers drawn from it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad
from scipy.special import hyp2f1

from learning.customer_value import BgNbd, fit_bg_nbd
from learning.customer_value.bg_nbd import _log_likelihood, log_likelihood

PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
ONES = BgNbd(r=1.0, alpha=1.0, a=1.0, b=1.0)


def one(x: float, t_x: float, T: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array([x]), np.array([t_x]), np.array([T])


def test_likelihood_by_hand() -> None:
    never = pl.DataFrame({"x": [0], "t_x": [0.0], "T": [3.0]})
    assert log_likelihood(ONES, never) == pytest.approx(np.log(1 / 4))  # (alpha / (alpha + T))^r
    once = pl.DataFrame({"x": [1], "t_x": [1.0], "T": [3.0]})
    assert log_likelihood(ONES, once) == pytest.approx(np.log(0.5 / 4**2 + 0.5 / 2**2))
    assert log_likelihood(ONES, pl.concat([never, once, once.cast(never.schema)])) == pytest.approx(
        np.log(1 / 4) + 2 * np.log(0.5 / 16 + 0.5 / 4)
    )


def test_the_paper_s_own_customer() -> None:
    """x = 2, t_x = 30.43, T = 38.86 weeks: 1.226 orders expected in the next 39 weeks (Fader, Hardie and Lee, notes to the paper)."""
    assert PUBLISHED.expected_orders(*one(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.226, abs=5e-4)


def test_alive_by_hand() -> None:
    assert ONES.p_alive(*one(0, 0.0, 9.0))[0] == 1.0
    assert ONES.p_alive(*one(1, 1.0, 3.0))[0] == pytest.approx(1 / (1 + 1.0 * (4 / 2) ** 2))
    assert ONES.p_order(*one(1, 1.0, 3.0), 4.0)[0] == pytest.approx((1 / 5) * (1 - (4 / 8) ** 2))


def test_slopes_are_those_of_the_likelihood() -> None:
    x, t_x, T = np.array([0.0, 1.0, 4.0]), np.array([0.0, 2.0, 7.0]), np.array([5.0, 3.0, 9.0])
    weight = np.array([2.0, 1.0, 3.0])
    point = np.array([0.7, 3.0, 0.9, 2.0])
    error = check_grad(lambda p: _log_likelihood(p, x, t_x, T, weight)[0], lambda p: _log_likelihood(p, x, t_x, T, weight)[1], point)
    assert error < 1e-4


@given(st.floats(0.1, 4), st.floats(1, 80), st.floats(0.05, 6), st.floats(0.3, 12), st.integers(0, 25), st.floats(0, 1), st.floats(1, 300))
@settings(max_examples=80, deadline=None)
def test_expected_orders_are_equation_10(r: float, alpha: float, a: float, b: float, x: int, share: float, ahead: float) -> None:
    if abs(a - 1) < 0.02:
        a = 1.05  # the closed form has a hole at 1; the quadrature has none
    T = 200.0
    t_x = share * T if x else 0.0
    model = BgNbd(r, alpha, a, b)
    z = ahead / (alpha + T + ahead)
    closed = 1 - ((alpha + T) / (alpha + T + ahead)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
    expected = (a + b + x - 1) / (a - 1) * closed * model.p_alive(*one(x, t_x, T))[0]
    assert model.expected_orders(*one(x, t_x, T), ahead)[0] == pytest.approx(expected, rel=1e-5, abs=1e-9)


@given(st.integers(0, 30), st.floats(0, 1), st.floats(1, 500), st.floats(0.5, 200))
@settings(max_examples=80, deadline=None)
def test_chances_are_chances_and_longer_is_likelier(x: int, share: float, T: float, ahead: float) -> None:
    history = one(x, share * T if x else 0.0, T)
    alive, soon, later = PUBLISHED.p_alive(*history)[0], PUBLISHED.p_order(*history, ahead)[0], PUBLISHED.p_order(*history, 2 * ahead)[0]
    assert 0 <= soon <= later <= alive <= 1
    assert PUBLISHED.expected_orders(*history, ahead)[0] >= soon - 1e-12


def test_extreme_parameters_stay_finite() -> None:
    """Where nobody leaves, a goes to 0 and b to infinity: no overflow, everybody alive."""
    model = BgNbd(0.7, 65.0, 4e-6, 16_000.0)
    history = np.array([0.0, 3.0, 150.0]), np.array([0.0, 90.0, 364.0]), np.array([10.0, 200.0, 365.0])
    assert np.allclose(model.p_alive(*history), 1.0, atol=1e-6)
    expected = model.expected_orders(*history, 28.0)
    assert np.allclose(expected, (0.7 + history[0]) * 28 / (65 + history[2]), rtol=1e-3)  # the NBD's mean


def test_drawn_customers_give_their_parameters_back_in_any_order() -> None:
    chance = np.random.default_rng(8)
    count, T = 6000, 300.0
    rate, leaves = chance.gamma(0.9, 1 / 60.0, count), chance.beta(1.2, 4.0, count)
    rows = []
    for each, goes in zip(rate, leaves, strict=True):
        at, x, last = 0.0, 0, 0.0
        while True:
            at += chance.exponential(1 / each)
            if at > T:
                break
            x, last = x + 1, at
            if chance.random() < goes:
                break
        rows.append((x, last, T))
    histories = pl.DataFrame(rows, schema=["x", "t_x", "T"], orient="row")
    model = fit_bg_nbd(histories)
    assert model.converged
    assert (model.r, model.alpha) == (pytest.approx(0.9, rel=0.12), pytest.approx(60.0, rel=0.12))
    assert model.a / (model.a + model.b) == pytest.approx(1.2 / 5.2, rel=0.12)
    assert fit_bg_nbd(histories.sample(fraction=1.0, shuffle=True, seed=1)) == model


def test_the_unit_of_time_is_the_caller_s() -> None:
    histories = pl.DataFrame({"x": [0, 1, 2, 5, 0, 3] * 20, "t_x": [0.0, 10, 40, 60, 0, 20] * 20, "T": [70.0, 70, 63, 70, 35, 49] * 20})
    days, weeks = fit_bg_nbd(histories), fit_bg_nbd(histories.with_columns(pl.col("t_x", "T") / 7))
    assert days.alpha / weeks.alpha == pytest.approx(7.0, rel=1e-3)
    assert days.r == pytest.approx(weeks.r, rel=1e-3)
    assert log_likelihood(days, histories) == pytest.approx(days.log_likelihood)


@pytest.mark.parametrize(
    "row",
    [(0, 1.0, 3.0), (1, 4.0, 3.0), (-1, 0.0, 3.0), (1, None, 3.0), (1, float("nan"), 3.0)],
    ids=["x0", "later", "negative", "null", "nan"],
)
def test_impossible_histories_are_refused(row: tuple) -> None:
    with pytest.raises(ValueError, match="1 of 1"):
        fit_bg_nbd(pl.DataFrame([row], schema={"x": pl.Int64, "t_x": pl.Float64, "T": pl.Float64}, orient="row"))


def test_no_customers_and_bad_parameters_are_refused() -> None:
    with pytest.raises(ValueError, match="order histories"):
        fit_bg_nbd(pl.DataFrame(schema={"x": pl.Int64, "t_x": pl.Float64, "T": pl.Float64}))
    with pytest.raises(ValueError, match="alpha"):
        BgNbd(1.0, 0.0, 1.0, 1.0)
