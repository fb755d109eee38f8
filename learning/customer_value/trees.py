"""LightGBM as the outlook uses it: small trees, strongly shrunk, the same on every machine.

Public: `grow`, `loaded`.
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.columns import plain_columns
from learning.customer_value.settings import OutlookSettings

Floats = NDArray[np.float64]

_SHARED = {
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


def grow(
    snapshots: pl.DataFrame, outcome: Floats, settings: OutlookSettings, own: dict[str, Any], rounds: int, start: Floats | None = None
) -> Any:
    """Return a booster of the outcome over the plain features. own: parameters of this objective. start: scores the trees begin from."""
    import lightgbm

    parameters = {
        **_SHARED,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "seed": settings.seed,
        "num_threads": settings.threads,
        **own,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(plain_columns(snapshots), outcome, init_score=start), rounds)


def loaded(text: str) -> Any:
    """The booster written as text."""
    import lightgbm

    return lightgbm.Booster(model_str=text)
