"""Scores of replayed forecasts: by level (total, category, item), segment and model.

wape: sum of absolute errors over sum of units. bias: sum of forecasts over sum of units, less 1. rmsse: root mean squared error
over that of the one-day naive forecast in the past (M5 competition's definition); wrmsse: rmsse weighted by the net revenue of the
last four weeks (an item without a price counts at the mean price, a shop without prices by units). skill: 1 - wrmsse / wrmsse of
seasonal naive, with a 90 % bootstrap interval over series. Only valid days count.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.demand.candidates import SMOOTHER
from learning.demand.error_scale import naive_error, recent_revenue
from learning.demand.grid import Codes, DemandGrid, Flags, Floats
from learning.demand.lead_time import calibrate, quantiles_of_sums
from learning.demand.parts import Forecasts
from learning.demand.settings import DemandSettings
from learning.demand.weekdays import sum_by, sums_by_day
from learning.demand.weights import OWN, PROPHET

NAIVE = "seasonal naive"
COMBINED = "combined"
BOOTSTRAP_DRAWS = 200
SCORE_SCHEMA = {
    "level": pl.String,
    "segment": pl.String,
    "model": pl.String,
    "series": pl.Int64,
    "units": pl.Float64,
    "weight": pl.Float64,
    "wape": pl.Float64,
    "bias": pl.Float64,
    "rmsse": pl.Float64,
    "wrmsse": pl.Float64,
    "skill": pl.Float64,
    "skill_low": pl.Float64,
    "skill_high": pl.Float64,
    "pinball_q90": pl.Float64,
    "coverage_q50": pl.Float64,
    "coverage_q90": pl.Float64,
    "coverage_q95": pl.Float64,
}


@dataclass(frozen=True)
class Replay:
    """One replayed origin: the past it saw, its forecasts and those of textbook methods, and items x horizon of what came (units, valid,
    usable for sums)."""

    past: DemandGrid
    forecasts: Forecasts
    candidates: dict[str, Floats]
    actual: Floats
    valid: Flags
    usable: Flags

    @property
    def members(self) -> dict[str, Floats]:
        """Items x horizon by member of the combination."""
        return self.forecasts.members

    @property
    def course_members(self) -> dict[str, Floats]:
        """Items x horizon by member of the category's course."""
        told = self.forecasts
        return {OWN: told.own, SMOOTHER: told.members[SMOOTHER], **({} if told.shared is None else {PROPHET: told.shared})}

    @property
    def segment(self) -> NDArray[np.str_]:
        """Per item."""
        return self.forecasts.segment


@dataclass(frozen=True)
class _Series:
    """Errors of one model at one origin, one entry per series: sums for wape and bias, rmsse (also seasonal naive's), weight, segment."""

    model: str
    absolute: Floats
    signed: Floats
    units: Floats
    rmsse: Floats
    naive: Floats
    weight: Floats
    segment: np.ndarray


def score_replays(replays: list[Replay], residuals: pl.DataFrame, settings: DemandSettings) -> pl.DataFrame:
    """One row per level, segment ('all' or the item's) and model; columns SCORE_SCHEMA; empty without replays.

    The quantile columns stand on the item level's combined model only; each origin's sums are judged by quantiles
    calibrated on the other origins.
    """
    if not replays:
        return pl.DataFrame(schema=SCORE_SCHEMA)
    rows: list[dict[str, object]] = []
    for level in ("total", "category", "item"):
        series = [entry for replay in replays for entry in _level_series(replay, level)]
        segments = ["all", *sorted({str(kind) for entry in series for kind in entry.segment})] if level == "item" else ["all"]
        for segment in segments:
            rows += _score_rows(level, segment, series, settings.seed)
    scores = pl.DataFrame(rows, schema={name: SCORE_SCHEMA[name] for name in list(SCORE_SCHEMA)[:13]})
    quantiles = score_quantiles(residuals, settings).with_columns(level=pl.lit("item"), model=pl.lit(COMBINED))
    return scores.join(quantiles, on=["level", "segment", "model"], how="left").select(SCORE_SCHEMA.keys())


def score_quantiles(residuals: pl.DataFrame, settings: DemandSettings) -> pl.DataFrame:
    """segment, pinball_q90 (per unit of demand), coverage_q50, coverage_q90, coverage_q95 of sums, out of sample by origin."""
    levels = (0.5, 0.9, 0.95)
    judged: list[pl.DataFrame] = []
    wanted = DemandSettings(**{**settings.as_dict(), "quantile_levels": levels})  # pyright: ignore[reportArgumentType]
    for origin in residuals["origin_day"].unique().sort().to_list():
        here, others = residuals.filter(pl.col("origin_day") == origin), residuals.filter(pl.col("origin_day") != origin)
        if others.is_empty():
            continue
        forecast = here["forecast_units"].to_numpy()
        ratio = (here["spread_units"].to_numpy() ** 2 - (0.25 * forecast) ** 2 - 0.05) / np.maximum(forecast, 1e-9)
        found, _ = quantiles_of_sums(
            forecast, ratio, here["segment"].to_numpy().astype(str), here["horizon_days"].to_numpy(), calibrate(others, wanted), wanted
        )
        judged.append(here.with_columns(pl.Series(f"at{i}", found[:, i]) for i in range(3)))
    schema = {name: SCORE_SCHEMA[name] for name in ("segment", "pinball_q90", "coverage_q50", "coverage_q90", "coverage_q95")}
    if not judged:
        return pl.DataFrame(schema=schema)
    rows = pl.concat(judged)
    rows = pl.concat([rows, rows.with_columns(segment=pl.lit("all"))])
    short = (pl.col("actual_units") - pl.col("at1")).clip(lower_bound=0.0)
    over = (pl.col("at1") - pl.col("actual_units")).clip(lower_bound=0.0)
    return rows.group_by("segment").agg(
        pinball_q90=(0.9 * short + 0.1 * over).sum() / pl.col("actual_units").sum().clip(lower_bound=1e-9),
        **{f"coverage_{name}": (pl.col("actual_units") <= pl.col(f"at{i}")).mean() for i, name in enumerate(("q50", "q90", "q95"))},
    )


def _level_series(replay: Replay, level: str) -> list[_Series]:
    past = replay.past
    group: Codes = {"total": np.zeros(past.n_items, dtype=np.int64), "category": past.codes("category")}.get(level, np.arange(past.n_items))
    history = sums_by_day(group, past.units * past.valid)
    known = sums_by_day(group, past.valid.astype(np.float64)) > 0
    scale = naive_error(history, known)
    revenue = sum_by(group, recent_revenue(past))
    actual = sums_by_day(group, replay.actual * replay.valid)
    told = sums_by_day(group, replay.valid.astype(np.float64)) > 0
    segment = replay.forecasts.segment if level == "item" else np.full(history.shape[0], "all")
    entries: list[_Series] = []
    naive = np.zeros(0)
    for model, forecast in _models(replay.forecasts, replay.candidates).items():
        error = sums_by_day(group, forecast * replay.valid) - actual
        mean_square = (error**2).sum(axis=1) / np.maximum(told.sum(axis=1), 1)
        rmsse = np.sqrt(np.divide(mean_square, scale, out=np.full(scale.shape, np.nan), where=scale > 0))
        naive = rmsse if model == NAIVE else naive
        weight = np.where(np.isnan(rmsse), 0.0, revenue)
        entries.append(_Series(model, np.abs(error).sum(axis=1), error.sum(axis=1), actual.sum(axis=1), rmsse, naive, weight, segment))
    return entries


def _models(forecasts: Forecasts, candidates: dict[str, Floats]) -> dict[str, Floats]:
    named = {
        NAIVE: forecasts.reference.seasonal_naive,
        "moving average": forecasts.reference.moving_average,
        **candidates,
        **forecasts.members,
        PROPHET: forecasts.shared,
        COMBINED: forecasts.combined,
    }
    return {name: values for name, values in named.items() if values is not None}


def _score_rows(level: str, segment: str, series: list[_Series], seed: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for model in dict.fromkeys(entry.model for entry in series):
        own = [entry for entry in series if entry.model == model]
        kept = np.concatenate([(entry.segment == segment) | (segment == "all") for entry in own])
        absolute, signed, sold, rmsse, naive, weight = (
            np.concatenate([getattr(entry, name) for entry in own])[kept]
            for name in ("absolute", "signed", "units", "rmsse", "naive", "weight")
        )
        units = sold.sum()
        wrmsse, reference = _weighted(rmsse, weight), _weighted(naive, weight)
        low, high = _interval(rmsse, naive, weight, seed) if model != NAIVE else (None, None)
        rows.append(
            {
                "level": level,
                "segment": segment,
                "model": model,
                "series": int(sold.size),
                "units": float(units),
                "weight": float(weight.sum()),
                "wape": float(absolute.sum() / units) if units > 0 else None,
                "bias": float(signed.sum() / units) if units > 0 else None,
                "rmsse": float(np.nanmean(rmsse)) if (~np.isnan(rmsse)).any() else None,
                "wrmsse": wrmsse,
                "skill": 1 - wrmsse / reference if wrmsse is not None and reference else None,
                "skill_low": low,
                "skill_high": high,
            }
        )
    return rows


def _weighted(values: Floats, weight: Floats) -> float | None:
    total = float(weight.sum())
    return float((np.nan_to_num(values) * weight).sum() / total) if total > 0 else None


def _interval(values: Floats, naive: Floats, weight: Floats, seed: int) -> tuple[float | None, float | None]:
    """90 % bootstrap interval of the skill over series; the same seed draws the same series for every model."""
    if values.size < 2 or weight.sum() <= 0:
        return None, None
    draws = np.random.default_rng(seed).integers(0, values.size, size=(BOOTSTRAP_DRAWS, values.size))
    own, reference = (np.nan_to_num(part) * weight for part in (values, naive))
    below = reference[draws].sum(axis=1)
    skill = 1 - np.divide(own[draws].sum(axis=1), below, out=np.ones(below.shape), where=below > 0)
    return float(np.quantile(skill, 0.05)), float(np.quantile(skill, 0.95))
