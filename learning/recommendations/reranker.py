"""The re-ranker: trees over the candidates' features, learned from earlier windows whose purchases are known.

Two models see the same rows. A lambdarank model orders (Burges 2010), a logistic one gives chances; a customer's order is the mean of both
scores, each standardised over the customer's candidates. Both are text files that can be read.

Public: `Reranker`, `train_reranker`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.recommendations.features import FEATURES
from learning.recommendations.history import Features, Floats, Ints
from learning.recommendations.settings import RecommendationSettings
from learning.recommendations.snapshot import Examples

_TREES: dict[str, Any] = {
    "verbose": -1,
    "num_threads": 1,  # the same rows give the same trees
    "deterministic": True,
    "force_row_wise": True,
    "learning_rate": 0.08,
    "num_leaves": 31,
    "max_bin": 63,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
}


@dataclass(frozen=True)
class Reranker:
    """order, chance: LightGBM's trees as text; rows: candidates learned from; bought: those of them that were bought."""

    order: str
    chance: str
    rows: int
    bought: int

    def scores(self, features: Features, customers: Ints) -> tuple[Floats, Floats]:
        """Return per candidate the ordering score (mean 0 per customer) and the log odds of a purchase; customers sorted."""
        import lightgbm as lgb

        if not len(features):
            return np.zeros(0), np.zeros(0)
        told = [
            np.asarray(lgb.Booster(model_str=text).predict(features, raw_score=True, num_threads=1), dtype=np.float64)
            for text in (self.order, self.chance)
        ]
        return (_standardised(told[0], customers) + _standardised(told[1], customers)) / 2.0, told[1]

    def importance(self) -> dict[str, float]:
        """Return each feature's share of the gain of both models, largest first."""
        import lightgbm as lgb

        gains = sum(lgb.Booster(model_str=text).feature_importance("gain") for text in (self.order, self.chance))
        shares = np.asarray(gains, dtype=np.float64) / max(float(np.sum(gains)), 1e-12)
        return dict(sorted(zip(FEATURES, shares.tolist(), strict=True), key=lambda each: (-each[1], each[0])))


def train_reranker(windows: Sequence[Examples], settings: RecommendationSettings) -> Reranker | None:
    """Return a re-ranker, None where fewer than `fewest_examples` candidates were bought."""
    import lightgbm as lgb

    told = [_with_purchases(each) for each in windows]
    bought = sum(int(each.bought.sum()) for each in told)
    if bought < settings.fewest_examples:
        return None
    features = np.concatenate([each.features for each in told])
    label = np.concatenate([each.bought for each in told]).astype(np.float64)
    groups = np.concatenate([np.unique(each.customer, return_counts=True)[1] for each in told])
    common = {**_TREES, "seed": settings.seed}
    ranking = lgb.Dataset(features, label, group=groups, free_raw_data=True)
    order = lgb.train({**common, "objective": "lambdarank", "lambdarank_truncation_level": 2 * settings.top}, ranking, settings.rounds)
    chance = lgb.train({**common, "objective": "binary"}, lgb.Dataset(features, label), settings.rounds)
    return Reranker(order.model_to_string(), chance.model_to_string(), len(label), bought)


def _with_purchases(window: Examples) -> Examples:
    """Only customers of whom a candidate was bought: the others say nothing of the order."""
    kept = np.isin(window.customer, np.unique(window.customer[window.bought]))
    return Examples(window.features[kept], window.bought[kept], window.customer[kept])


def _standardised(scores: Floats, customers: Ints) -> Floats:
    _, of, count = np.unique(customers, return_inverse=True, return_counts=True)
    mean = np.bincount(of, weights=scores) / count
    spread = np.sqrt(np.maximum(np.bincount(of, weights=scores**2) / count - mean**2, 0.0))
    return (scores - mean[of]) / (spread[of] + 1e-9)
