"""Readable baselines by scikit-learn: one logistic regression of the purchase, and one shallow tree per arm.

The logistic regression knows no interaction of coupon and customer, so its effects differ only as chances near 0 or 1 move less. The trees
can be printed (`text`) and argued about in a meeting.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from learning.response.features import FEATURES, FeatureTransform, Floats
from learning.response.learners.effect_sample import EffectSample
from learning.response.ridge import sigmoid

TREE_DEPTH, SMALLEST_LEAF_SHARE, PENALTY = 3, 0.05, 10.0


@dataclass(frozen=True)
class LogisticBaseline:
    """Chance of a purchase = sigmoid(level + columns slope + arm); for outcomes that are 0 or 1."""

    transform: FeatureTransform
    level: float
    slope: Floats
    arm: Floats

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects, in an average campaign."""
        score = self.level + self.transform.apply(features) @ self.slope
        return sigmoid(score[:, None] + self.arm) - sigmoid(score)[:, None]


def fit_logistic_baseline(sample: EffectSample, purchased: Floats) -> LogisticBaseline:
    """Fit on who bought, with a level per campaign and per arm."""
    from sklearn.linear_model import LogisticRegression

    transform = FeatureTransform.fit(sample.features)
    campaigns, arms = np.unique(sample.campaign), len(sample.faces)
    if np.ptp(purchased) == 0:
        return LogisticBaseline(transform, 0.0, np.zeros(transform.apply(sample.features[:1]).shape[1]), np.zeros(arms))
    levels = np.eye(len(campaigns))[np.searchsorted(campaigns, sample.campaign)][:, 1:]
    columns = transform.apply(sample.features)
    design = np.hstack([np.eye(arms + 1)[sample.arm][:, 1:], levels, columns])
    fitted = LogisticRegression(C=1.0 / PENALTY, solver="newton-cholesky", max_iter=100).fit(design, purchased.astype(np.int64))
    found = np.asarray(fitted.coef_[0], dtype=np.float64)
    own, of_campaign, slope = found[:arms], found[arms : arms + len(campaigns) - 1], found[arms + len(campaigns) - 1 :]
    level = float(fitted.intercept_[0]) + float(np.append(0.0, of_campaign).mean())
    return LogisticBaseline(transform, level, slope, own)


@dataclass(frozen=True)
class TreeBaseline:
    """One shallow tree per arm, control first; arrays as scikit-learn keeps them: feature (-1 or less: leaf), threshold, children, mean."""

    trees: tuple[dict[str, list[float]], ...]
    median: Floats

    def effect(self, features: Floats) -> Floats:
        """Return rows x arms effects."""
        filled = np.where(np.isfinite(features), features, self.median)
        base = _walk(self.trees[0], filled)
        return np.column_stack([_walk(tree, filled) - base for tree in self.trees[1:]])

    def text(self, arm: int) -> str:
        """Return the tree of one arm (0: control) as indented lines."""
        return "\n".join(_lines(self.trees[arm], 0, ""))


def fit_tree_baseline(sample: EffectSample) -> TreeBaseline:
    """Fit each arm's tree on its own rows."""
    from sklearn.tree import DecisionTreeRegressor

    median = FeatureTransform.fit(sample.features).median
    filled = np.where(np.isfinite(sample.features), sample.features, median)
    trees: list[dict[str, list[float]]] = []
    for arm in range(len(sample.faces) + 1):
        mine = sample.arm == arm
        if not mine.any():
            trees.append({"feature": [-2.0], "threshold": [0.0], "left": [-1.0], "right": [-1.0], "mean": [0.0]})
            continue
        tree: Any = (
            DecisionTreeRegressor(max_depth=TREE_DEPTH, min_samples_leaf=max(int(SMALLEST_LEAF_SHARE * mine.sum()), 10), random_state=0)
            .fit(filled[mine], sample.outcome[mine])
            .tree_
        )
        kept = {"feature": tree.feature, "threshold": tree.threshold, "left": tree.children_left, "right": tree.children_right}
        trees.append({name: [float(number) for number in values] for name, values in kept.items()} | {"mean": tree.value.ravel().tolist()})
    return TreeBaseline(tuple(trees), median)


def _walk(tree: dict[str, list[float]], features: Floats) -> Floats:
    feature, left, right = (np.array(tree[name], dtype=np.int64) for name in ("feature", "left", "right"))
    threshold, at = np.array(tree["threshold"]), np.zeros(len(features), dtype=np.int64)
    rows = np.arange(len(features))
    while (feature[at] >= 0).any():
        inner = feature[at] >= 0
        goes_left = features[rows, np.maximum(feature[at], 0)].astype(np.float32) <= threshold[at]
        at = np.where(inner, np.where(goes_left, left[at], right[at]), at)
    return np.array(tree["mean"])[at]


def _lines(tree: dict[str, list[float]], node: int, indent: str) -> list[str]:
    feature = int(tree["feature"][node])
    if feature < 0:
        return [f"{indent}{tree['mean'][node]:.3f}"]
    name, threshold = FEATURES[feature], tree["threshold"][node]
    below, above = (_lines(tree, int(tree[side][node]), indent + "  ") for side in ("left", "right"))
    return [f"{indent}{name} up to {threshold:.4g}:", *below, f"{indent}{name} above {threshold:.4g}:", *above]
