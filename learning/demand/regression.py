"""Linear regression over the same rows and features as the gradient model, plain and with a ridge penalty.

Decides each coming day directly, like `boosting.py`: target units / level at the origin, the horizon a feature. What a straight line cannot
take is cut off: features beyond their 1st and 99th percentile, ratios above `RATIO_CAP`; a feature that is not known counts as its mean;
weekdays get a number each. The penalty is on features of one scale and so small that it only steadies what the data leave open.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from learning.demand.features import FEATURES
from learning.demand.grid import Floats
from learning.demand.training_rows import TrainingRows

PENALTY = 100.0
RATIO_CAP = 8.0
LOWEST, HIGHEST = 1, 99  # percentiles
WEEKDAY = FEATURES.index("weekday")
REGRESSION_SCHEMA = {
    "method": pl.String,
    "term": pl.String,
    "lowest": pl.Float64,
    "highest": pl.Float64,
    "mean": pl.Float64,
    "scale": pl.Float64,
    "weight": pl.Float64,
}


@dataclass(frozen=True)
class Regression:
    """Per feature: lowest and highest value, mean and scale after the cut; weights of the scaled features and of the seven weekdays."""

    lowest: Floats
    highest: Floats
    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float

    def ratios(self, features: Floats) -> Floats:
        """Demand over level of rows x FEATURES, at least 0."""
        return np.maximum(_design(features, self.lowest, self.highest, self.mean, self.scale) @ self.weights + self.intercept, 0.0)


def fit_regression(rows: TrainingRows, penalty: float = PENALTY) -> Regression:
    """The line that is nearest to the rows by weighted squared error; `penalty` 0 is plain linear regression."""
    from sklearn.linear_model import LinearRegression, Ridge

    known = np.isfinite(rows.features)
    filled = np.where(known, rows.features, np.nan)
    told = known.any(axis=0)
    lowest, highest = np.zeros(told.size), np.zeros(told.size)
    lowest[told], highest[told] = np.nanpercentile(filled[:, told], [LOWEST, HIGHEST], axis=0)
    cut = np.clip(filled, lowest, highest)
    mean, scale = np.zeros(told.size), np.ones(told.size)
    mean[told], scale[told] = np.nanmean(cut[:, told], axis=0), np.nanstd(cut[:, told], axis=0)
    scale[scale < 1e-9] = 1.0
    design = _design(rows.features, lowest, highest, mean, scale)
    line: Any = Ridge(alpha=penalty, solver="cholesky") if penalty > 0 else LinearRegression()
    line.fit(design, np.minimum(rows.ratio, RATIO_CAP), sample_weight=rows.weight)
    return Regression(lowest, highest, mean, scale, np.asarray(line.coef_, dtype=np.float64), float(line.intercept_))


def regression_table(lines: dict[str, Regression]) -> pl.DataFrame:
    """REGRESSION_SCHEMA: a row per method and term; the weekdays are terms of their own, the intercept is the last."""
    rows: list[tuple[str | float, ...]] = []
    for method, line in lines.items():
        columns = (line.lowest, line.highest, line.mean, line.scale, line.weights[: len(FEATURES)])
        rows += [(method, name, *(float(column[at]) for column in columns)) for at, name in enumerate(FEATURES)]
        rows += [(method, f"weekday {day}", 0.0, 1.0, 0.0, 1.0, float(weight)) for day, weight in enumerate(line.weights[len(FEATURES) :])]
        rows.append((method, "intercept", 1.0, 1.0, 0.0, 1.0, line.intercept))
    return pl.DataFrame(rows, schema=REGRESSION_SCHEMA, orient="row")


def regressions_from(table: pl.DataFrame) -> dict[str, Regression]:
    """The regressions written by `regression_table`."""
    lines: dict[str, Regression] = {}
    for (method,), rows in table.group_by("method", maintain_order=True):
        values = {name: rows[name].to_numpy() for name in ("lowest", "highest", "mean", "scale", "weight")}
        lowest, highest, mean, scale = (values[name][: len(FEATURES)] for name in ("lowest", "highest", "mean", "scale"))
        lines[str(method)] = Regression(lowest, highest, mean, scale, values["weight"][:-1], float(values["weight"][-1]))
    return lines


def _design(features: Floats, lowest: Floats, highest: Floats, mean: Floats, scale: Floats) -> Floats:
    """Rows x (scaled features, weekdays but the last)."""
    scaled = (np.clip(features, lowest, highest) - mean) / scale
    scaled[~np.isfinite(features)] = 0.0
    weekdays = np.eye(7)[features[:, WEEKDAY].astype(np.int64), :6]
    return np.concatenate([scaled, weekdays], axis=1)
