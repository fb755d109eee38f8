"""The models that a purchase probability is combined of, and the readable tree beside them.

- `logistic`: logistic regression over logarithms; its coefficients can be read.
- `lightgbm`: gradient-boosted trees over the plain features.
- `bg_nbd`: BG/NBD, fitted on the newest snapshot alone.
- `tree`: a tree of depth 4, a baseline for readers and no part of the combination.

Public: `TREE`, `Members`, `fit_members`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.customer_value.columns import log_columns, plain_columns
from learning.customer_value.order_history import OrderHistoryModel
from learning.customer_value.settings import OutlookSettings
from learning.customer_value.trees import grow, loaded

Floats = NDArray[np.float64]

TREE = "tree"
_MARGIN = 1e-4
_TREE_DEPTH, _TREE_LEAVES_AT_MOST = 4, 100


@dataclass(frozen=True)
class Members:
    """logistic: intercept, then one coefficient per LOG_COLUMN. booster: LightGBM's text. tree: scikit-learn's, only straight after a
    fit."""

    logistic: tuple[float, ...]
    booster: str
    tree: Any = None

    def chances(self, snapshot: pl.DataFrame, history: OrderHistoryModel | None, settings: OutlookSettings) -> dict[str, Floats]:
        """Chance of an order within the horizon by member; `bg_nbd` only with a history model, `tree` only after a fit."""
        logs = log_columns(snapshot)
        coefficients = np.array(self.logistic)
        told = {
            "logistic": chance_of(coefficients[0] + logs @ coefficients[1:]),
            "lightgbm": np.asarray(loaded(self.booster).predict(plain_columns(snapshot), num_threads=settings.threads), dtype=np.float64),
        }
        if history is not None:
            told["bg_nbd"] = history.p_order(snapshot, float(settings.horizon_days))
        if self.tree is not None:
            told[TREE] = np.asarray(self.tree.predict_proba(logs)[:, 1], dtype=np.float64)
        return told


def fit_members(snapshots: pl.DataFrame, settings: OutlookSettings) -> Members:
    """Return the members fitted on snapshots (columns of `customer_snapshot`, has_bought), in the order of the rows."""
    from sklearn.tree import DecisionTreeClassifier

    logs, bought = log_columns(snapshots), snapshots["has_bought"].cast(pl.Float64).to_numpy()
    booster = grow(snapshots, bought, settings, {"objective": "binary", "min_data_in_leaf": 80}, settings.rounds)
    fewest = max(1, snapshots.height // _TREE_LEAVES_AT_MOST)
    tree = DecisionTreeClassifier(max_depth=_TREE_DEPTH, min_samples_leaf=fewest, random_state=settings.seed).fit(logs, bought)
    return Members(_logistic(logs, bought), booster.model_to_string(), tree)


def log_odds(chance: Floats) -> Floats:
    """Log odds of chances, which are first kept away from 0 and 1."""
    inside = np.clip(chance, _MARGIN, 1.0 - _MARGIN)
    return np.log(inside / (1.0 - inside))


def chance_of(odds: Floats) -> Floats:
    """Chance of log odds."""
    return 0.5 * (1.0 + np.tanh(0.5 * odds))


def _logistic(logs: Floats, bought: Floats) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression

    mean, scale = logs.mean(axis=0), np.where(logs.std(axis=0) > 0, logs.std(axis=0), 1.0)
    model = LogisticRegression(C=1.0, max_iter=1000).fit((logs - mean) / scale, bought)
    slopes = np.asarray(model.coef_, dtype=np.float64).ravel() / scale
    intercept = float(np.asarray(model.intercept_, dtype=np.float64).item() - slopes @ mean)
    return (intercept, *slopes.tolist())
