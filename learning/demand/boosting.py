"""The global LightGBM model: one model for all items, forecasting each coming day directly.

Target: units / level at the origin, tweedie loss, the horizon as a feature. Training rows are item-days drawn evenly from
many past origins; stock-out and closed days are never targets.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from learning.demand.features import FEATURES, FeatureMaker, Picks
from learning.demand.future import Coming, announced
from learning.demand.grid import Floats
from learning.demand.holiday_days import names_by_day
from learning.demand.settings import DemandSettings

ORIGIN_STEP_DAYS = 8  # not a multiple of 7: origins fall on every weekday
MAX_ORIGINS = 45
MIN_TRAINING_ROWS = 2_000
RATIO_CAP = 50.0  # a single bulk order must not outweigh a category


@dataclass(frozen=True)
class TrainingRows:
    """features: rows x FEATURES; ratio: units / level; weight: sqrt of the level (the larger the item, the surer its ratio)."""

    features: Floats
    ratio: Floats
    weight: Floats


def training_rows(maker: FeatureMaker, settings: DemandSettings) -> TrainingRows:
    """Item-days drawn from past origins of the maker's grid, evenly over origins and horizons, seeded."""
    grid = maker.grid
    rng = np.random.default_rng(settings.seed)
    earliest = settings.level_days - 1
    origins = list(range(grid.n_days - 1 - 7, earliest, -ORIGIN_STEP_DAYS))[:MAX_ORIGINS]
    events = names_by_day(maker.holidays, grid.days.tolist())
    parts: list[tuple[Floats, Floats, Floats]] = []
    per_origin = max(settings.training_rows // max(len(origins), 1), 1)
    for origin in origins:
        reach = min(settings.horizon_days + settings.scoring_days, grid.n_days - 1 - origin)
        started = maker.base.age(origin) > 0
        open_cells = np.flatnonzero((grid.valid[:, origin + 1 : origin + 1 + reach] & started[:, None]).ravel())
        if open_cells.size > per_origin:
            open_cells = np.sort(rng.choice(open_cells, size=per_origin, replace=False))
        picks = Picks(open_cells // reach, open_cells % reach)
        level = maker.level(origin)
        coming = announced(grid, origin, reach, events, settings)
        target = grid.units[picks.item, origin + 1 + picks.step] / level[picks.item]
        parts.append((maker.rows(origin, level, coming, picks), np.minimum(target, RATIO_CAP), np.sqrt(level[picks.item])))
    if not parts:
        return TrainingRows(np.zeros((0, len(FEATURES))), np.zeros(0), np.zeros(0))
    features, ratio, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return TrainingRows(features, ratio, weight)


def train_boosting(maker: FeatureMaker, settings: DemandSettings) -> Any | None:
    """The fitted LightGBM Booster, or None where the shop has too few rows or no sale to learn from."""
    rows = training_rows(maker, settings)
    if rows.ratio.size < MIN_TRAINING_ROWS or rows.ratio.max(initial=0.0) <= 0.0:
        return None
    import lightgbm

    parameters = {
        "objective": "tweedie",
        "tweedie_variance_power": 1.5,
        "learning_rate": 0.08,
        "num_leaves": 31,
        "min_data_in_leaf": max(20, min(200, rows.ratio.size // 200)),
        "feature_fraction": 0.4,
        "max_bin": 127,
        "seed": settings.seed,
        "num_threads": settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows.features, rows.ratio, weight=rows.weight, feature_name=list(FEATURES), free_raw_data=True)
    return lightgbm.train(parameters, data, num_boost_round=settings.boosting_rounds)


def boosting_forecast(booster: Any, maker: FeatureMaker, coming: Coming, settings: DemandSettings) -> Floats:
    """Units per item and coming day (items x horizon), from the last day of the maker's grid."""
    shape = (maker.grid.n_items, coming.horizon)
    cells = np.arange(shape[0] * shape[1])
    picks = Picks(cells // shape[1], cells % shape[1])
    level = maker.level(maker.grid.n_days - 1)
    features = maker.rows(maker.grid.n_days - 1, level, coming, picks)
    ratio = np.asarray(booster.predict(features, num_threads=settings.threads), dtype=np.float64)
    return np.maximum(ratio.reshape(shape), 0.0) * level[:, None] * coming.is_open


def importance(booster: Any | None) -> pl.DataFrame:
    """feature, gain_share (of the total gain), splits; largest first; empty without a model."""
    schema = {"feature": pl.String, "gain_share": pl.Float64, "splits": pl.Int64}
    if booster is None:
        return pl.DataFrame(schema=schema)
    gain = np.asarray(booster.feature_importance("gain"), dtype=np.float64)
    splits = np.asarray(booster.feature_importance("split"), dtype=np.int64)
    frame = pl.DataFrame({"feature": booster.feature_name(), "gain_share": gain / max(gain.sum(), 1e-12), "splits": splits}, schema=schema)
    return frame.sort(["gain_share", "feature"], descending=[True, False])


def booster_text(booster: Any) -> str:
    """The booster as LightGBM's own text format."""
    return str(booster.model_to_string())


def booster_from(text: str) -> Any:
    """The booster saved by `booster_text`."""
    import lightgbm

    return lightgbm.Booster(model_str=text)
