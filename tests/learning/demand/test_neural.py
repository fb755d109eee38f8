"""The recurrent network as a candidate: what it must keep to wherever it runs, and that it leaves nothing behind."""

import os
import random
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from learning.demand.day_lift import DayLift, learn_day_lift
from learning.demand.future import Coming, close_learned_days, coming_from_frame
from learning.demand.grid import DemandGrid, build_grid
from learning.demand.holiday_days import no_holidays
from learning.demand.neural import NeuralSettings, neural_forecast
from learning.demand.settings import DemandSettings
from tests.learning.demand.conftest import FIRST_DAY, panel_of, weekly_shop

HORIZON = 14
LIGHT = NeuralSettings(hidden_size=16, steps=60, input_days=28)
PATTERN = np.array([0.6, 0.8, 0.9, 1.0, 1.3, 1.8, 0.6])


def asked(panel: pl.DataFrame, future: pl.DataFrame | None = None) -> tuple[DemandGrid, Coming, DayLift]:
    settings = DemandSettings(horizon_days=HORIZON)
    grid = close_learned_days(build_grid(panel))
    return grid, coming_from_frame(grid, future, no_holidays(), HORIZON, settings), learn_day_lift(grid, no_holidays(), settings)


def seasonal(n_items: int = 20, n_days: int = 168) -> tuple[pl.DataFrame, np.ndarray]:
    """Poisson sales around levels from 0.5 to 20 with a weekday course; and what is expected of the coming days."""
    rng = np.random.default_rng(5)
    levels = np.geomspace(0.5, 20.0, n_items)
    rate = levels[:, None] * PATTERN[np.arange(n_days + HORIZON) % 7]
    sold = rng.poisson(rate[:, :n_days])
    return panel_of({(f"P{item:02d}", "main"): sold[item].tolist() for item in range(n_items)}), rate[:, n_days:]


@pytest.fixture
def installed() -> None:
    pytest.importorskip("torch", reason="the extra neural is not installed")
    pytest.importorskip("neuralforecast", reason="the extra neural is not installed")


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neuralforecast", None)
    with pytest.raises(ImportError, match=r"pip install 'countinghouse\[neural\]'"):
        neural_forecast(*asked(weekly_shop(n_items=3, n_days=60)), LIGHT)


@pytest.mark.parametrize(("name", "value"), [("cell", "RNN"), ("steps", 0), ("hidden_size", 0), ("input_days", 0), ("seed", -1)])
def test_settings_outside_their_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"Expected {name}"):
        NeuralSettings(**{name: value})


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_a_seasonal_course_is_learned_and_the_same_seed_gives_the_same_forecast(cell: Any) -> None:
    panel, expected = seasonal()
    settings = NeuralSettings(cell=cell, hidden_size=16, steps=150, input_days=28)
    given = asked(panel)
    found = neural_forecast(*given, settings)
    assert found.shape == expected.shape
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    flat = np.repeat(expected.mean(axis=1, keepdims=True), HORIZON, axis=1)
    error, of_zero, of_flat = (np.abs(each - expected).sum() / expected.sum() for each in (found, 0 * expected, flat))
    assert error < 0.2 * of_zero
    assert error < 0.6 * of_flat
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)
    assert (neural_forecast(*given, settings) == found).all()


@pytest.mark.usefixtures("installed")
def test_closed_days_are_zero_and_an_item_that_never_sold_stays_at_zero() -> None:
    panel = pl.concat(
        [weekly_shop(n_items=8, n_days=150), weekly_shop(n_items=1, n_days=150).with_columns(product_id=pl.lit("Z"), units=0.0)]
    )
    last = FIRST_DAY + timedelta(days=149)
    future = pl.DataFrame(
        {"business_day": [last + timedelta(days=3)] * 9, "product_id": [*(f"P{n:02d}" for n in range(8)), "Z"], "location_id": "main"}
    ).with_columns(is_open=False)
    found = neural_forecast(*asked(panel, future), LIGHT)
    assert (found[:, 2] == 0).all()
    assert (found[:8, [0, 1, 3]] > 0).all()
    assert (found[8] == 0).all()


@pytest.mark.usefixtures("installed")
def test_days_without_stock_do_not_pull_the_forecast_down() -> None:
    panel, expected = seasonal()
    last = panel["business_day"].max()
    turn = pl.col("business_day").dt.day() + pl.col("product_id").str.slice(1).cast(
        pl.Int64
    )  # never all items at once: that is a closed day
    gone = (pl.col("business_day") > pl.lit(last) - pl.duration(days=21)) & (turn % 2 == 0)
    told = panel.with_columns(is_censored=gone, units=pl.when(gone).then(0.0).otherwise("units"))
    masked, believed = (neural_forecast(*asked(each), LIGHT).sum() for each in (told, told.with_columns(is_censored=False)))
    assert masked == pytest.approx(expected.sum(), rel=0.12)
    assert believed < 0.9 * masked


@pytest.mark.usefixtures("installed")
def test_too_short_a_history_is_forecast_by_its_level() -> None:
    found = neural_forecast(*asked(panel_of({("A", "main"): [2.0] * 20})), LIGHT)
    assert found == pytest.approx(np.full((1, HORIZON), 2.0))


@pytest.mark.usefixtures("installed")
def test_nothing_is_printed_or_written_and_no_state_is_left_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    def state() -> list[Any]:
        seeds = [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()]  # noqa: NPY002
        return [*seeds, torch.get_num_threads(), dict(os.environ)]

    monkeypatch.chdir(tmp_path)
    given = asked(weekly_shop(n_items=8, n_days=150))
    before = state()
    neural_forecast(*given, LIGHT)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    assert state() == before
