"""The models that forecast each coming day directly, over the same rows and features: LightGBM, ridge and plain linear regression.

Decides demand over level of an item-day as seen from the origin; a shop with a short history, few rows or no sale has none.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.demand.boosting import boosting_ratios, train_boosting
from learning.demand.features import FeatureMaker, Picks
from learning.demand.future import Coming
from learning.demand.grid import Floats
from learning.demand.regression import Regression, fit_regression
from learning.demand.settings import DemandSettings
from learning.demand.training_rows import training_rows

BOOSTED, RIDGE, LINEAR = "LightGBM", "ridge regression", "linear regression"
MIN_TRAINING_ROWS = 2_000


@dataclass(frozen=True)
class DirectModels:
    """booster: a LightGBM Booster. lines: the regressions by name."""

    booster: Any
    lines: dict[str, Regression]


def fit_direct(maker: FeatureMaker, settings: DemandSettings) -> DirectModels | None:
    """The models on the maker's grid, or None where there is too little to learn from."""
    rows = training_rows(maker, settings)
    if rows.ratio.size < MIN_TRAINING_ROWS or rows.ratio.max(initial=0.0) <= 0.0:
        return None
    return DirectModels(train_boosting(rows, settings), {RIDGE: fit_regression(rows), LINEAR: fit_regression(rows, penalty=0.0)})


def direct_forecasts(models: DirectModels, maker: FeatureMaker, coming: Coming, settings: DemandSettings) -> dict[str, Floats]:
    """Units per item and coming day (items x horizon) of each model, from the last day of the maker's grid."""
    shape = (maker.grid.n_items, coming.horizon)
    cells = np.arange(shape[0] * shape[1])
    level = maker.level(maker.grid.n_days - 1)
    features = maker.rows(maker.grid.n_days - 1, level, coming, Picks(cells // shape[1], cells % shape[1]))
    ratios = {
        BOOSTED: boosting_ratios(models.booster, features, settings),
        **{name: line.ratios(features) for name, line in models.lines.items()},
    }
    return {name: ratio.reshape(shape) * level[:, None] * coming.is_open for name, ratio in ratios.items()}
