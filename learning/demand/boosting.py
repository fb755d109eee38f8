"""The global LightGBM model: one model for all items, forecasting each coming day directly.

Target: units / level at the origin, tweedie loss, the horizon as a feature.
"""

from typing import Any

import numpy as np
import polars as pl

from learning.demand.features import FEATURES
from learning.demand.grid import Floats
from learning.demand.settings import DemandSettings
from learning.demand.training_rows import TrainingRows


def train_boosting(rows: TrainingRows, settings: DemandSettings) -> Any:
    """The fitted LightGBM Booster."""
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


def boosting_ratios(booster: Any, features: Floats, settings: DemandSettings) -> Floats:
    """Demand over level of rows x FEATURES, at least 0."""
    return np.maximum(np.asarray(booster.predict(features, num_threads=settings.threads), dtype=np.float64), 0.0)


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
