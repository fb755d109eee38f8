"""Small LightGBM regressions: few leaves, strong shrinkage, the same trees whatever the machine."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from learning.response.features import Floats


@dataclass(frozen=True)
class BoostingSettings:
    """Validated settings of one regression; `smallest_leaf_share` is the share of rows that a leaf holds at least."""

    rounds: int = 30
    learning_rate: float = 0.12
    leaves: int = 8
    smallest_leaf_share: float = 0.02
    penalty: float = 10.0
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        if self.rounds < 1 or self.leaves < 2:
            raise ValueError(f"Expected rounds of 1 or more and leaves of 2 or more, got {self.rounds} and {self.leaves}.")
        if not (0 < self.learning_rate <= 1 and 0 < self.smallest_leaf_share < 0.5):
            raise ValueError("Expected learning_rate in (0, 1] and smallest_leaf_share in (0, 0.5).")


@dataclass(frozen=True)
class Boosted:
    """A fitted regression as LightGBM's own text; empty where there were too few rows to split, then `constant` is predicted."""

    text: str
    constant: float

    @cached_property
    def _booster(self) -> Any:
        from lightgbm import Booster

        return Booster(model_str=self.text)

    def predict(self, columns: Floats) -> Floats:
        """Return one prediction per row; columns may hold NaN."""
        if not self.text or len(columns) == 0:
            return np.full(len(columns), self.constant)
        return np.asarray(self._booster.predict(columns, num_threads=1), dtype=np.float64)


def fit_boosted(columns: Floats, outcome: Floats, settings: BoostingSettings, rises: tuple[int, ...] = ()) -> Boosted:
    """Fit a squared-error regression; predictions never fall in the columns whose position is in `rises`."""
    rows = len(outcome)
    constant = float(outcome.mean()) if rows else 0.0
    smallest = max(int(settings.smallest_leaf_share * rows), 20)
    if rows < 2 * smallest or np.ptp(outcome) == 0:
        return Boosted("", constant)
    from lightgbm import Dataset, train

    params = {
        "objective": "regression",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": smallest,
        "lambda_l2": settings.penalty,
        "max_bin": 63,
        "monotone_constraints": [int(position in rises) for position in range(columns.shape[1])],
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,
        "seed": settings.seed,
        "verbosity": -1,
    }
    booster = train(params, Dataset(columns, outcome, free_raw_data=True), settings.rounds)
    return Boosted(booster.model_to_string(), constant)
