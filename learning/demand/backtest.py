"""Replaying past forecasts: rolling origins, everything refitted on what lay before each origin.

Gives the scores that say whether the forecast is worth anything, and the residuals of sums that calibrate its quantiles.
Promotions are known only up to the shop's notice; closing days and events are known ahead. The weights of the combination are learned from
the replays; each replay is judged with those that the earlier ones had told by its origin, so that no score has seen its own answer.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from learning.demand.candidates import METHODS, SMOOTHER, candidate_forecasts
from learning.demand.future import close_learned_days, coming_from_history
from learning.demand.grid import DemandGrid, Flags, Floats, build_grid
from learning.demand.holiday_days import all_events, names_by_day
from learning.demand.lead_time import HORIZON_BUCKETS, dispersion, spread
from learning.demand.parts import Forecasts, combine, fit_parts, forecast_items
from learning.demand.scores import Replay, score_replays
from learning.demand.settings import DemandSettings
from learning.demand.weights import Weights, default_weights, learn_weights

MIN_TRAINING_DAYS = 28
USABLE_SHARE = 0.75
TRAINING_SHARE = 0.5  # replayed models learn from half the rows of the final one: cheaper, and never flattering

RESIDUAL_SCHEMA = {
    "origin_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "category": pl.String,
    "segment": pl.String,
    "horizon_days": pl.Int64,
    "forecast_units": pl.Float64,
    "actual_units": pl.Float64,
    "spread_units": pl.Float64,
}


@dataclass(frozen=True)
class Backtest:
    """scores: see `scores.score_replays`. residuals: RESIDUAL_SCHEMA, one row per origin, item and horizon (units summed). weights: of the
    combination, from all replays."""

    scores: pl.DataFrame
    residuals: pl.DataFrame
    weights: Weights


def backtest(panel: pl.DataFrame, holidays: pl.DataFrame, settings: DemandSettings) -> Backtest:
    """Replays forecasts over the panel; see `grid.build_grid` for its columns. Empty frames where the history is too short."""
    return backtest_grid(build_grid(panel), all_events(holidays), settings)


def backtest_grid(grid: DemandGrid, holidays: pl.DataFrame, settings: DemandSettings) -> Backtest:
    """The same on a grid with the calendar's closing days only (learned ones are found from each origin's past)."""
    events = names_by_day(holidays, grid.days.tolist())
    lighter = replace(settings, training_rows=max(int(settings.training_rows * TRAINING_SHARE), 1))
    origins = replay_origins(grid.n_days, settings)
    replays = [replay for origin, horizon in origins if (replay := _replay(grid, origin, horizon, holidays, events, lighter)) is not None]
    weights = learn_weights(replays)
    replays = _weighed_by_earlier(replays)
    residuals = pl.concat([pl.DataFrame(schema=RESIDUAL_SCHEMA), *(_residuals(replay) for replay in replays)])
    return Backtest(score_replays(replays, residuals, settings), residuals, weights)


def replay_origins(n_days: int, settings: DemandSettings) -> list[tuple[int, int]]:
    """(origin column, horizon) pairs, latest first; short histories get fewer origins and a shorter horizon."""
    horizon = min(settings.horizon_days, (n_days - MIN_TRAINING_DAYS) // 2)
    if horizon < 1:
        return []
    origins = (n_days - 1 - horizon - settings.backtest_step_days * back for back in range(settings.backtest_origins))
    return [(origin, horizon) for origin in origins if origin + 1 >= MIN_TRAINING_DAYS]


def _weighed_by_earlier(replays: list[Replay]) -> list[Replay]:
    """Every replay combined anew with the weights that the earlier ones had told by its origin."""
    weighed: list[Replay] = []
    for replay in replays:
        earlier = [other for told in replays if (other := _known_by(told, replay.past.n_days)) is not None]
        told = replay.forecasts
        weights = learn_weights(earlier) if earlier else default_weights()
        anew = combine(told.reference, told.members, told.shared, told.segment, replay.past.codes("category"), weights)
        weighed.append(replace(replay, forecasts=anew))
    return weighed


def _known_by(replay: Replay, n_days: int) -> Replay | None:
    """The replay with the days that had come by the end of day `n_days`; None where none had."""
    came = min(n_days - replay.past.n_days, replay.valid.shape[1])
    if came < 1:
        return None
    valid = replay.valid.copy()
    valid[:, came:] = False
    return replace(replay, valid=valid)


def _replay(
    grid: DemandGrid, origin: int, horizon: int, holidays: pl.DataFrame, events: list[str], settings: DemandSettings
) -> Replay | None:
    """One origin replayed; None where no item had shown any demand by then."""
    learned = close_learned_days(grid)
    kept = np.asarray(learned.valid[:, : origin + 1].any(axis=1), dtype=np.bool_)
    if not kept.any():
        return None
    past = learned.part(kept, origin + 1)
    coming = coming_from_history(grid, kept, origin, horizon, events, settings)
    parts = fit_parts(past, holidays, settings)
    forecasts = forecast_items(parts, past, coming, settings)
    others = tuple(name for name in METHODS if name != SMOOTHER)
    candidates = candidate_forecasts(past, coming, parts.lift, settings, others)
    columns = slice(origin + 1, origin + 1 + horizon)
    usable = _usable(learned, kept, columns, forecasts)
    return Replay(past, forecasts, candidates, learned.units[kept, columns], learned.valid[kept, columns], usable)


def _usable(grid: DemandGrid, kept: Flags, columns: slice, forecasts: Forecasts) -> Flags:
    """Days whose units tell demand: valid ones, closed ones, and stock-out days that sold more than was forecast."""
    units, valid, is_open = grid.units[kept, columns], grid.valid[kept, columns], grid.is_open[kept, columns]
    return valid | ~is_open | (grid.censored[kept, columns] & (units >= forecasts.combined))


def _residuals(replay: Replay) -> pl.DataFrame:
    """Sums over each horizon bucket, over usable days; sums with fewer than three usable days in four are left out."""
    horizon = replay.actual.shape[1]
    ratio = dispersion(replay.past)
    origin_day: date = replay.past.first_day + timedelta(days=replay.past.n_days - 1)
    frames: list[pl.DataFrame] = []
    for days in [bucket for bucket in HORIZON_BUCKETS if bucket <= horizon]:
        usable = replay.usable[:, :days]
        kept = usable.mean(axis=1) >= USABLE_SHARE
        forecast: Floats = (replay.forecasts.combined[:, :days] * usable).sum(axis=1)
        actual: Floats = (replay.actual[:, :days] * usable).sum(axis=1)
        frame = replay.past.items.with_columns(
            origin_day=pl.lit(origin_day),
            segment=pl.Series(replay.forecasts.segment.tolist(), dtype=pl.String),
            horizon_days=pl.lit(days, pl.Int64),
            forecast_units=pl.Series(forecast),
            actual_units=pl.Series(actual),
            spread_units=pl.Series(spread(forecast, ratio)),
        )
        frames.append(frame.filter(pl.Series(kept)).select(RESIDUAL_SCHEMA.keys()))
    return pl.concat(frames)
