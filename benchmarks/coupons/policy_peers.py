"""Uplift libraries on the same trials: causalml, econml and scikit-uplift, each with LightGBM as this shop's own learners use it.

They learn the effect of each face value on profit directly, their usual way, and give each customer the arm of highest predicted effect
above none. A library that is not installed is left out by name.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


def _regressor() -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(n_estimators=60, learning_rate=0.08, num_leaves=8, min_child_samples=50, n_jobs=1, random_state=7, verbosity=-1)


def _causalml(name: str) -> Fit:
    def fit(features: np.ndarray, arm: np.ndarray, profit: np.ndarray, propensity: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        from causalml.inference import meta

        model = getattr(meta, name)(learner=_regressor(), control_name=0)
        shares = {int(k): np.full(len(arm), (arm == k).mean() / ((arm == k).mean() + (arm == 0).mean())) for k in np.unique(arm) if k > 0}
        model.fit(features, arm, profit, **({"p": shares} if name in ("BaseXRegressor", "BaseDRRegressor", "BaseRRegressor") else {}))
        extra = {"p": {k: np.full(1, share[0]) for k, share in shares.items()}} if name == "BaseXRegressor" else {}

        def predict(new: np.ndarray) -> np.ndarray:
            told = {key: {k: np.full(len(new), share[0]) for k, share in value.items()} for key, value in extra.items()}
            return np.asarray(model.predict(new, **told))

        return predict

    return fit


def _econml(name: str) -> Fit:
    def fit(features: np.ndarray, arm: np.ndarray, profit: np.ndarray, propensity: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        from sklearn.dummy import DummyClassifier

        if name == "LinearDRLearner":
            from econml.dr import LinearDRLearner

            model: Any = LinearDRLearner(model_propensity=DummyClassifier(), model_regression=_regressor(), random_state=7, cv=3)
            model.fit(profit, arm, X=features, W=None)
        else:
            from econml.grf import CausalForest

            forests = []
            for k in range(1, int(arm.max()) + 1):
                rows = (arm == k) | (arm == 0)
                forest = CausalForest(n_estimators=200, min_samples_leaf=50, n_jobs=1, random_state=7)
                forests.append(forest.fit(features[rows], (arm[rows] == k).astype(float), profit[rows]))
            return lambda new: np.column_stack([np.asarray(forest.predict(new)).ravel() for forest in forests])
        levels = range(1, int(arm.max()) + 1)
        return lambda new: np.column_stack([np.asarray(model.effect(new, T0=0, T1=k)).ravel() for k in levels])

    return fit


def _sklift(name: str) -> Fit:
    def fit(features: np.ndarray, arm: np.ndarray, profit: np.ndarray, propensity: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        from sklift.models import SoloModel, TwoModels

        models = []
        for k in range(1, int(arm.max()) + 1):
            rows = (arm == k) | (arm == 0)
            model: Any = SoloModel(_regressor()) if name == "SoloModel" else TwoModels(_regressor(), _regressor(), method="vanilla")
            models.append(model.fit(features[rows], profit[rows], (arm[rows] == k).astype(int)))
        return lambda new: np.column_stack([np.asarray(model.predict(new)) for model in models])

    return fit


PEERS: dict[str, Fit] = {
    "causalml S": _causalml("BaseSRegressor"),
    "causalml T": _causalml("BaseTRegressor"),
    "causalml X": _causalml("BaseXRegressor"),
    "causalml DR": _causalml("BaseDRRegressor"),
    "econml linear DR": _econml("LinearDRLearner"),
    "econml causal forest": _econml("CausalForest"),
    "scikit-uplift solo model": _sklift("SoloModel"),
    "scikit-uplift two models": _sklift("TwoModels"),
}


def run_peer(
    name: str, features: np.ndarray, arm: np.ndarray, profit: np.ndarray, propensity: np.ndarray, new: np.ndarray
) -> tuple[np.ndarray | None, float, str]:
    """Return (effects of each arm for the new rows or None, CPU seconds, why not)."""
    middle = np.nanmedian(features, axis=0)
    known, fresh = (np.where(np.isfinite(matrix), matrix, middle) for matrix in (features, new))
    start = time.process_time()
    try:
        effects = PEERS[name](known, arm, profit, propensity)(fresh)
    except ImportError as missing:
        return None, 0.0, f"not installed ({missing.name})"
    return effects, time.process_time() - start, ""
