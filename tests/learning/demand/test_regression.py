"""Linear and ridge regression of the direct models."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.demand.features import FEATURES
from learning.demand.regression import fit_regression, regression_table, regressions_from
from learning.demand.training_rows import TrainingRows


def rows_of(n: int, seed: int, noise: float = 0.0) -> TrainingRows:
    """Ratios on a line in two features; the other features are noise, the weekday runs."""
    rng = np.random.default_rng(seed)
    features = rng.uniform(0.0, 1.0, size=(n, len(FEATURES)))
    features[:, FEATURES.index("weekday")] = np.arange(n) % 7
    ratio = 0.5 + 1.5 * features[:, FEATURES.index("mean_28")] + 0.25 * (np.arange(n) % 7 == 2) + noise * rng.normal(size=n)
    return TrainingRows(features, np.maximum(ratio, 0.0), np.ones(n))


def test_a_line_is_found() -> None:
    rows = rows_of(4_000, seed=1)
    for penalty, near in ((0.0, 0.02), (100.0, 0.05)):
        assert np.abs(fit_regression(rows, penalty).ratios(rows.features) - rows.ratio).mean() < near


def test_plain_regression_is_least_squares() -> None:
    rows = rows_of(800, seed=2, noise=0.3)
    line = fit_regression(rows, penalty=0.0)
    fitted = line.ratios(rows.features)
    cut = (np.clip(rows.features, line.lowest, line.highest) - line.mean) / line.scale
    terms = np.concatenate([cut, np.eye(7)[rows.features[:, FEATURES.index("weekday")].astype(int)]], axis=1)
    oracle = terms @ np.linalg.lstsq(terms, rows.ratio, rcond=None)[0]
    assert fitted == pytest.approx(np.maximum(oracle, 0.0), abs=1e-6)


def test_ridge_is_steadier_than_the_plain_line_on_few_rows() -> None:
    rows, fresh = rows_of(90, seed=3, noise=0.5), rows_of(2_000, seed=4)
    errors = [np.square(fit_regression(rows, penalty).ratios(fresh.features) - fresh.ratio).mean() for penalty in (100.0, 0.0)]
    assert errors[0] < errors[1]


def test_what_is_not_known_counts_as_the_mean() -> None:
    rows = rows_of(2_000, seed=5)
    line = fit_regression(rows)
    at = FEATURES.index("mean_28")
    unknown, mean = rows.features[:50].copy(), rows.features[:50].copy()
    unknown[:, at], mean[:, at] = np.nan, line.mean[at]
    assert line.ratios(unknown) == pytest.approx(line.ratios(mean))


def test_a_feature_that_is_never_known_is_no_trouble() -> None:
    rows = rows_of(500, seed=6)
    rows.features[:, FEATURES.index("last_year_ratio")] = np.nan
    assert np.isfinite(fit_regression(rows).ratios(rows.features)).all()


@given(st.integers(0, 1000), st.floats(-1e6, 1e6))
@settings(max_examples=15, deadline=None)
def test_ratios_are_finite_and_never_negative(seed: int, extreme: float) -> None:
    rows = rows_of(300, seed, noise=0.5)
    strange = rows.features[:20].copy()
    strange[:, : len(FEATURES) // 2] = extreme
    strange[:, FEATURES.index("weekday")] = 3
    found = fit_regression(rows).ratios(strange)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_it_is_stored_and_read_again(tmp_path: Path) -> None:
    rows = rows_of(500, seed=7, noise=0.2)
    lines = {"ridge regression": fit_regression(rows), "linear regression": fit_regression(rows, penalty=0.0)}
    regression_table(lines).write_parquet(tmp_path / "regressions.parquet")
    again = regressions_from(pl.read_parquet(tmp_path / "regressions.parquet"))
    assert list(again) == list(lines)
    for name, line in lines.items():
        assert np.array_equal(again[name].ratios(rows.features), line.ratios(rows.features))
