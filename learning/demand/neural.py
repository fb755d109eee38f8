"""A recurrent network (LSTM or GRU) as a candidate, trained with neuralforecast: `pip install countinghouse[neural]`.

One network for all items. Its series is base demand (sales without the lift of promotions and events) over the item's running *level*,
the shrunk mean of the eight weeks before each day: the same scale for every item, and nothing from after the day. Known ahead are weekday
waves and the lift. Days that show no demand (stock-out, closed, before or soon after the first sale) are masked, so that no loss falls on
them, and read as the level itself: the network is given no mask, and a zero would look like demand that went away.
Forecast: ratio x level x lift x opening.

Loss: mean squared error of the ratios, weighted by the root of the level, as LightGBM's rows are. Orders need means: absolute error gives
medians, 0 for every slow item; neuralforecast's Tweedie cannot give a mean below 1; its Poisson was no better on an early fold of
the benchmark. The network goes on day by day: the library's direct decoder reads, for tomorrow, a state that is a horizon old.

Not part of the default combination: docs/decisions/0013.
"""

import logging
import os
import random
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from learning.demand.day_lift import DayLift
from learning.demand.future import Coming
from learning.demand.grid import DemandGrid, Flags, Floats
from learning.demand.windows import Windows

Cell = Literal["GRU", "LSTM"]
LEVEL_DAYS, LEVEL_EVIDENCE_DAYS = 56, 14  # the level: eight weeks, drawn to the mean of all days before with the weight of two weeks
LEVEL_FLOOR = 0.02
RATIO_CAP = 50.0  # a single bulk order must not outweigh a category
FIRST_DAYS = 7  # an item's first days have no level to be divided by
MIN_TRAINING_CELLS = 1_000
TRAINING_HORIZON = 28
SERIES_PER_STEP, WINDOWS_PER_STEP = 32, 256
DAYS_BETWEEN_WINDOWS = 3  # not a divisor of 7: windows end on every weekday
ITEMS_AT_ONCE = 1_000
LEARNING_RATE, RATE_HALVINGS = 3e-3, 3
NOISY = ("pytorch_lightning", "lightning_fabric", "lightning", "ray")
WAVES = tuple(f"{wave}{times}" for times in (1, 2, 3) for wave in ("sin", "cos"))
KNOWN_AHEAD = (*WAVES, "lift")


@dataclass(frozen=True)
class NeuralSettings:
    """How the network is trained. Raises ValueError when a value lies outside its range.

    cell: GRU or LSTM. hidden_size: width of its one layer. steps: gradient steps. input_days: how far back it reads.
    training_items: at most so many items, drawn evenly, teach it; all are forecast. threads: torch's. accelerator: as Lightning names it.
    """

    cell: Cell = "GRU"
    hidden_size: int = 32
    steps: int = 200
    input_days: int = 56
    training_items: int = 2_000
    seed: int = 7
    threads: int = 1
    accelerator: str = "cpu"

    def __post_init__(self) -> None:
        if self.cell not in get_args(Cell):
            raise ValueError(f"Expected cell to be one of {', '.join(get_args(Cell))}; got {self.cell}.")
        for name in ("hidden_size", "steps", "input_days", "training_items", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} to be at least 1; got {getattr(self, name)}.")
        if self.seed < 0:
            raise ValueError(f"Expected seed to be at least 0; got {self.seed}.")


@dataclass(frozen=True)
class _Ratios:
    """Items x days: ratio of base demand to the running level, told (counts in the loss), weight (root of the level as it stood then: by
    the level of today items that rose would teach more, and teach that all rise). level: per item, at the end of the grid."""

    ratio: Floats
    told: Flags
    weight: Floats
    level: Floats


def neural_forecast(grid: DemandGrid, coming: Coming, lift: DayLift, settings: NeuralSettings | None = None) -> Floats:
    """Items x horizon, units per day, from the end of the grid; the level alone where there is too little to train on.

    Raises ImportError with what to install where neuralforecast is missing.
    """
    settings = settings or NeuralSettings()
    neuralforecast = _library()
    past_lift, coming_lift = lift.past(grid), lift.coming(grid, coming)
    series = _ratios(grid, past_lift)
    ratio = np.ones(coming_lift.shape)
    if grid.n_days >= 4 and series.told.sum() >= MIN_TRAINING_CELLS and series.ratio[series.told].max() > 0:
        known = _known_ahead(grid, np.concatenate([past_lift, coming_lift], axis=1))
        with _quiet_and_alone(settings.threads):
            ratio = _network_ratio(neuralforecast, series, known, coming.horizon, settings)
    return np.clip(ratio, 0.0, RATIO_CAP) * series.level[:, None] * coming_lift * coming.is_open


def _library() -> Any:
    """The package; imported by name, since it is absent where the extra is not installed."""
    try:
        with _quiet_and_alone(None):
            for part in ("losses.pytorch", "models"):
                import_module(f"neuralforecast.{part}")
            return import_module("neuralforecast")
    except ImportError as error:
        raise ImportError("The neural candidate needs the extra: pip install 'countinghouse[neural]'.") from error


def _ratios(grid: DemandGrid, past_lift: Floats) -> _Ratios:
    base = grid.units / past_lift
    windows = Windows(base, grid.valid)
    before = np.maximum(_shrunk(windows.trailing(LEVEL_DAYS), windows.trailing(grid.n_days)), LEVEL_FLOOR)
    end = grid.n_days - 1
    last = _shrunk(
        (windows.total(end, LEVEL_DAYS), windows.count(end, LEVEL_DAYS)),
        (windows.total(end, grid.n_days), windows.count(end, grid.n_days)),
    )
    told = grid.valid & (windows.trailing(grid.n_days)[1] >= FIRST_DAYS)
    ratio = np.where(told, np.minimum(base / before, RATIO_CAP), 1.0)
    return _Ratios(ratio, np.asarray(told, dtype=np.bool_), np.sqrt(before), last)


def _shrunk(recent: tuple[Floats, Floats], ever: tuple[Floats, Floats]) -> Floats:
    """Mean of recent valid days, drawn to that of all; each given as (sum, number of days)."""
    mean = np.divide(ever[0], ever[1], out=np.zeros(ever[0].shape), where=ever[1] > 0)
    return (recent[0] + LEVEL_EVIDENCE_DAYS * mean) / (recent[1] + LEVEL_EVIDENCE_DAYS)


def _known_ahead(grid: DemandGrid, lift: Floats) -> dict[str, Floats]:
    """KNOWN_AHEAD, each items x (past and coming days)."""
    weekday = (grid.days[0].astype(int) + 3 + np.arange(lift.shape[1])) % 7
    angle = [2 * np.pi * times * weekday / 7 for times in (1, 2, 3)]
    waves = [wave(each) for each in angle for wave in (np.sin, np.cos)]
    return {**{name: np.broadcast_to(wave, lift.shape) for name, wave in zip(WAVES, waves, strict=True)}, "lift": np.log(lift)}


def _network_ratio(neuralforecast: Any, series: _Ratios, known: dict[str, Floats], horizon: int, settings: NeuralSettings) -> Floats:
    """Trains on some of the items, forecasts all of them in portions: memory does not grow with the shop."""
    n_items, n_days = series.ratio.shape
    reach = min(settings.input_days, n_days // 2 - 1)
    model = getattr(neuralforecast.models, settings.cell)(
        h=horizon,
        input_size=reach,
        recurrent=True,
        h_train=min(TRAINING_HORIZON, n_days // 2),
        encoder_n_layers=1,
        encoder_hidden_size=settings.hidden_size,
        futr_exog_list=list(KNOWN_AHEAD),
        loss=neuralforecast.losses.pytorch.MSE(),
        max_steps=settings.steps,
        learning_rate=LEARNING_RATE,
        num_lr_decays=RATE_HALVINGS,
        val_check_steps=settings.steps,
        scaler_type="identity",
        batch_size=SERIES_PER_STEP,
        windows_batch_size=WINDOWS_PER_STEP,
        inference_windows_batch_size=ITEMS_AT_ONCE,
        step_size=DAYS_BETWEEN_WINDOWS,
        random_seed=settings.seed,
        alias="ratio",
        accelerator=settings.accelerator,
        devices=1,
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    teachers = np.flatnonzero(series.told.any(axis=1))
    if teachers.size > settings.training_items:
        teachers = np.sort(np.random.default_rng(settings.seed).choice(teachers, size=settings.training_items, replace=False))
    engine = neuralforecast.NeuralForecast(models=[model], freq=1)
    engine.fit(_long(known, teachers, 0, n_days, series))
    found = np.empty((n_items, horizon))
    for start in range(0, n_items, ITEMS_AT_ONCE):
        portion = np.arange(start, min(start + ITEMS_AT_ONCE, n_items))
        past = _long(known, portion, n_days - reach - 1, n_days, series)
        told = engine.predict(df=past, futr_df=_long(known, portion, n_days, n_days + horizon, None))
        found[portion] = told.sort("unique_id", "ds")["ratio"].to_numpy().reshape(portion.size, horizon)
    return found


def _long(known: dict[str, Floats], items: Any, first: int, end: int, series: _Ratios | None) -> pl.DataFrame:
    """neuralforecast's frame of the days [first, end): unique_id, ds, KNOWN_AHEAD; of the past also y, available_mask, sample_weight."""
    days = end - first

    def flat(values: Any) -> Any:
        return np.ascontiguousarray(values[items, first:end], dtype=np.float32).ravel()

    columns: dict[str, Any] = {"unique_id": np.repeat(items, days), "ds": np.tile(np.arange(first, end), len(items))}
    if series is not None:
        columns |= {"y": flat(series.ratio), "available_mask": flat(series.told), "sample_weight": flat(series.weight)}
    return pl.DataFrame({**columns, **{name: flat(values) for name, values in known.items()}})


@contextmanager
def _quiet_and_alone(threads: int | None) -> Generator[None]:
    """Lightning's talk is held back; random states, its environment variables and torch's threads are as before afterwards."""
    loggers = [logging.getLogger(name) for name in NOISY]
    levels = [each.level for each in loggers]
    states, environment = (random.getstate(), np.random.get_state()), dict(os.environ)  # noqa: NPY002 - Lightning seeds numpy's old state
    torch = import_module("torch") if threads is not None else None
    torch_state, torch_threads = (torch.get_rng_state(), torch.get_num_threads()) if torch else (None, None)
    try:
        for each in loggers:
            each.setLevel(logging.ERROR)
        if torch:
            torch.set_num_threads(threads)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        for name in [name for name in os.environ if name.startswith("PL_")]:
            del os.environ[name]
        os.environ.update({name: value for name, value in environment.items() if name.startswith("PL_")})
        if torch:
            torch.set_rng_state(torch_state)
            torch.set_num_threads(torch_threads)
