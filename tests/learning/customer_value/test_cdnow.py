"""The published parameters on CDNOW, from the real orders."""

import os
from pathlib import Path

import polars as pl
import pytest

from learning.customer_value import fit_bg_nbd, fit_gamma_gamma

DATA = Path(os.environ.get("COUNTINGHOUSE_DATA", "nowhere"))
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not (DATA / "cdnow" / "master.parquet").is_file(), reason="COUNTINGHOUSE_DATA has no CDNOW orders"),
]


@pytest.fixture(scope="module")
def sample() -> pl.DataFrame:
    from benchmarks.customers.customer_windows import cdnow_sample

    return cdnow_sample(DATA)


def test_bg_nbd_has_the_published_parameters(sample: pl.DataFrame) -> None:
    """Fader, Hardie and Lee (2005), table 2: 2,357 customers, 39 weeks."""
    assert sample.height == 2357
    model = fit_bg_nbd(sample)
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)


def test_gamma_gamma_has_the_published_parameters(sample: pl.DataFrame) -> None:
    """Fader and Hardie (2013): the 946 customers who ordered again."""
    again = sample.filter(pl.col("x") > 0)
    assert again.height == 946
    model = fit_gamma_gamma(again.select(orders="x", mean_value="mean_value"))
    assert [round(value, 2) for value in (model.p, model.q, model.gamma)] == [6.25, 3.74, 15.44]
