"""Training: the windows, the re-ranker, what every method is worth in the newest window, and the calibrations.

The newest window judges a re-ranker trained on the older ones, so that figures and chances come from purchases it never saw. The re-ranker
that serves is then trained on all windows, the newest included.

Public: `Recommender`, `train_recommender`.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from learning.recommendations.calibration import Calibration, calibrate
from learning.recommendations.features import FEATURES
from learning.recommendations.history import Floats, Ints, history_of
from learning.recommendations.judge import SCHEMA, judge_methods
from learning.recommendations.reranker import Reranker, train_reranker
from learning.recommendations.settings import RecommendationSettings
from learning.recommendations.snapshot import Examples, bought_within, examples, missed_by, snapshot_of

_MOST_CELLS, _FEWEST_JUDGED = 40_000_000, 300  # whole rows of all products are ranked to judge a method: fewer customers in a wide range


@dataclass(frozen=True)
class Recommender:
    """reranker, None where history is too short; calibrations by score (`reranker`, `blend`); scores: see `judge.judge_methods`."""

    trained_as_of: date
    reranker: Reranker | None
    calibrations: dict[str, Calibration]
    scores: pl.DataFrame
    judged_from: date

    def with_chances(self, rows: pl.DataFrame, method: str) -> pl.DataFrame:
        """Fill in probability and its interval from `score`, which must be the method's own; empty where it was not calibrated."""
        chances = self.calibrations.get(method)
        if chances is None:
            return rows
        names = ("probability", "probability_low", "probability_high")
        told = chances.predict(rows["score"].to_numpy())
        return rows.with_columns(pl.Series(name, values.round(6)) for name, values in zip(names, told, strict=True))

    def save(self, file: Path) -> None:
        """Write the model to one JSON file, the scores beside it as Parquet."""
        content = {
            "trained_as_of": self.trained_as_of.isoformat(),
            "judged_from": self.judged_from.isoformat(),
            "reranker": None if self.reranker is None else vars(self.reranker),
            "calibrations": {name: asdict(each) for name, each in sorted(self.calibrations.items())},
        }
        self.scores.write_parquet(file.with_suffix(".scores.parquet"))
        file.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")

    @staticmethod
    def load(file: Path) -> "Recommender":
        """Read a model written by `save`."""
        content = json.loads(file.read_text(encoding="utf-8"))
        return Recommender(
            trained_as_of=date.fromisoformat(content["trained_as_of"]),
            reranker=None if content["reranker"] is None else Reranker(**content["reranker"]),
            calibrations={name: Calibration.from_values(each) for name, each in content["calibrations"].items()},
            scores=pl.read_parquet(file.with_suffix(".scores.parquet"), memory_map=False),
            judged_from=date.fromisoformat(content["judged_from"]),
        )


def train_recommender(lines: pl.DataFrame, products: pl.DataFrame, day: date, settings: RecommendationSettings) -> Recommender:
    """Train on order lines as known at the end of `day` (see `history_of`); products: product_id, words."""
    after = day - timedelta(days=settings.window_days)
    history = history_of(lines, after)
    older = examples(lines, products, after, replace(settings, training_windows=settings.training_windows - 1))
    judged = train_reranker(older, settings)
    nothing = Recommender(day, None, {}, pl.DataFrame(schema=SCHEMA), after)
    if not history.shape[0]:
        return nothing
    asked = _asked(history.last_age, settings)
    at = snapshot_of(history, products, settings, asked)
    customer, product = at.candidates(asked)
    features = at.source.features(customer, product)
    buyers, pairs = bought_within(lines, history, after, day)
    is_bought = np.isin(customer * at.own.products + product, pairs)
    scores: dict[str, Floats] = {"blend": features[:, FEATURES.index("blend")].astype(np.float64)}
    chances = dict(scores)
    if judged is not None:
        scores["reranker"], chances["reranker"] = judged.scores(features, customer)
    calibrations = {name: calibrate(values, is_bought, customer) for name, values in chances.items()}
    told = _few(np.intersect1d(buyers, asked), max(_MOST_CELLS // max(history.shape[1], 1), _FEWEST_JUDGED), settings.seed)
    of_buyers = np.isin(customer, told)
    table = judge_methods(
        at,
        told,
        pairs[np.isin(pairs // at.own.products, told)],
        missed_by(lines, history, after, day),
        (customer[of_buyers], product[of_buyers]),
        {name: values[of_buyers] for name, values in scores.items()},
    )
    bought_any = np.isin(customer, buyers)
    newest = Examples(features[bought_any], is_bought[bought_any], customer[bought_any])
    known = {name: each for name, each in calibrations.items() if each is not None}
    return Recommender(day, train_reranker([newest, *older], settings) if judged else None, known, table, after)


def _asked(last_age: Ints, settings: RecommendationSettings) -> Ints:
    """Return customers seen within the last year, a sample of twice as many as a training window has."""
    return _few(np.flatnonzero(last_age < 365), 2 * settings.most_training_customers, settings.seed)


def _few(customers: Ints, most: int, seed: int) -> Ints:
    return customers if len(customers) <= most else np.sort(np.random.default_rng(seed).choice(customers, most, replace=False))
