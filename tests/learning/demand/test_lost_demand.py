"""Lost demand: what a shelf that ran empty tells, checked against sums, by hand and on a shop whose truth is known."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from learning.demand.day_lift import learn_day_lift
from learning.demand.filled import _at_least as at_least  # pyright: ignore[reportPrivateUsage]
from learning.demand.filled import lost_demand
from learning.demand.grid import build_grid
from learning.demand.holiday_days import no_holidays
from learning.demand.settings import DemandSettings
from tests.learning.demand.conftest import panel_of

PLAIN = DemandSettings(min_history_days=7)


@given(st.floats(0.05, 30.0), st.floats(1.05, 6.0), st.integers(0, 40))
@settings(max_examples=80, deadline=None)
def test_mean_given_what_was_sold_is_the_mean_of_the_tail(mean: float, ratio: float, sold: int) -> None:
    counts = np.arange(sold, 4_000)
    chances = nbinom.pmf(counts, mean / (ratio - 1.0), 1.0 / ratio)
    first, second = (found[0] for found in at_least(np.array([float(sold)]), np.array([mean]), np.array([ratio])))
    assert first >= sold
    if chances.sum() > 1e-8:
        assert first == pytest.approx(float((counts * chances).sum() / chances.sum()), rel=1e-4)
        assert second == pytest.approx(float((counts**2 * chances).sum() / chances.sum()), rel=1e-4)


def test_where_nothing_is_usual_nothing_is_made_up() -> None:
    assert at_least(np.array([0.0, 3.0]), np.zeros(2), np.full(2, 2.0))[0].tolist() == [0.0, 3.0]


def test_the_more_was_sold_before_the_shelf_was_empty_the_more_was_asked_for() -> None:
    found, _ = at_least(np.arange(10.0), np.full(10, 2.0), np.full(10, 1.5))
    assert (np.diff(found) > 0).all()
    assert found[0] == pytest.approx(2.0)


def test_it_comes_nearer_to_the_truth_than_the_usual_day() -> None:
    """Shelves of eight units, filled every night: they run empty on the days of highest demand."""
    rng = np.random.default_rng(11)
    wished = rng.negative_binomial(2.0, 2.0 / (2.0 + 5.0), size=(30, 300))
    sold = np.minimum(wished, 8)
    keys = [(f"P{item:02d}", "main") for item in range(30)]
    panel = panel_of({key: sold[at].astype(float).tolist() for at, key in enumerate(keys)})
    panel = panel.with_columns(is_censored=pl.Series((wished >= 8).ravel()))
    grid = build_grid(panel)
    lost = lost_demand(grid, learn_day_lift(grid, no_holidays(), PLAIN), PLAIN).filter(pl.col("business_day").dt.ordinal_day() > 60)
    truth = np.maximum(wished - 8, 0)[:, 60:].sum()
    assert (lost["lost_units"] >= 0).all()
    assert 0.5 * truth < lost["lost_units"].sum() < 1.2 * truth
