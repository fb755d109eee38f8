"""Holds the published segments beside other ways of grouping: which last, which are sizeable, and which tell what customers spend next.

Figures, for a day 84 days back (so that the spend after it is known):
- stability: mean adjusted Rand index of groupings fitted to bootstrap samples against the grouping; of the frozen model, at its fit;
- silhouette (Rousseeuw, 1987) of the customers that are in a group;
- explained_spend: share of the variance of log(1 + net revenue of the next 84 days) between groups, adjusted for their number (noise is
  a group);
- smallest_share and noise_share of customers; same_label: share of customers with the same label 28 days later. Groupings that are made
  anew are fitted again then, and their labels matched so that most customers keep theirs.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from learning.segments.membership import memberships
from learning.segments.methods import METHODS, Grouping, Labels
from learning.segments.model_chain import DriftTest, model_on
from learning.segments.rfm import Floats, check_rfm
from learning.segments.segment_model import SegmentModel
from learning.segments.settings import SegmentSettings

SCORES_SCHEMA = {
    "method": pl.String,
    "customers": pl.Int64,
    "segments": pl.Int64,
    "stability": pl.Float64,
    "silhouette": pl.Float64,
    "explained_spend": pl.Float64,
    "smallest_share": pl.Float64,
    "noise_share": pl.Float64,
    "same_label": pl.Float64,
}
FROZEN = "kmeans_frozen"
Make = Callable[[Floats, pl.DataFrame, int], Grouping]
LARGEST_SILHOUETTE = 2_000


@dataclass(frozen=True)
class Then:
    """One sample of customers: RFM frames of the day and of 28 days later (same customers and order); log spend of the 84 days after."""

    now: pl.DataFrame
    later: pl.DataFrame
    spend: Floats


def compare_methods(
    history: pl.DataFrame, spend: pl.DataFrame, chain: list[DriftTest], settings: SegmentSettings, sample: int
) -> pl.DataFrame:
    """Return one row per method (SCORES_SCHEMA), the frozen model first; empty where too few customers or no model were known.

    history (grain: day, customer_key): RFM frames of the days from the one judged to 28 days later on which groups are decided. spend:
    customer_key and net_revenue of the 84 days after the first of them, customers without left out. sample: most customers looked at, the
    first by pseudonym, which is random.
    """
    if history.is_empty():
        return pl.DataFrame(schema=SCORES_SCHEMA)
    first, last = history["day"].min(), history["day"].max()
    keys = history.filter(pl.col("day") == first)["customer_key"].sort().head(sample)
    model = model_on([test for test in chain if test.tested_on <= first], first)  # pyright: ignore[reportArgumentType, reportOperatorIssue]
    if model is None or len(keys) < settings.fewest_customers:
        return pl.DataFrame(schema=SCORES_SCHEMA)
    sampled = history.filter(pl.col("customer_key").is_in(keys.implode())).sort("day", "customer_key")
    now, later = (sampled.filter(pl.col("day") == day).drop("day") for day in (first, last))
    check_rfm(now)
    spent = keys.to_frame("customer_key").join(spend, on="customer_key", how="left").sort("customer_key")["net_revenue"]
    then = Then(now, later, np.log1p(np.maximum(spent.fill_null(0.0).to_numpy(), 0.0)))
    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and change the last digits
        rows = [_frozen(then, sampled, model, chain, settings), *(_made_anew(name, then, model, settings) for name in METHODS)]
    return pl.DataFrame(rows, schema=SCORES_SCHEMA)


def _frozen(then: Then, sampled: pl.DataFrame, model: SegmentModel, chain: list[DriftTest], settings: SegmentSettings) -> dict[str, object]:
    labels = model.nearest(then.now)
    end = memberships(sampled, chain, settings.stay_within)
    return {
        **_figures(FROZEN, then, labels, model.standardised(then.now)),
        "stability": model.stability,
        "same_label": float((labels == end["cluster_id"].to_numpy()).mean()),
    }


def _made_anew(name: str, then: Then, model: SegmentModel, settings: SegmentSettings) -> dict[str, object]:
    points, points_later = model.standardised(then.now), model.standardised(then.later)
    make, clusters = METHODS[name], len(model.ids)
    labels = make(points, then.now, clusters, settings.seed)(points, then.now)
    labels_later = make(points_later, then.later, clusters, settings.seed)(points_later, then.later)
    return {
        **_figures(name, then, labels, points),
        "stability": _stability(points, then.now, labels, lambda some, rfm, seed: make(some, rfm, clusters, seed), settings),
        "same_label": share_kept(labels, labels_later, matched=name != "rfm_rules"),
    }


def share_kept(labels: Labels, labels_later: Labels, matched: bool) -> float:
    """Share of customers with the same label; matched: after the later labels were renamed so that most keep theirs, noise apart."""
    if not matched:
        return float((labels == labels_later).mean())
    from scipy.optimize import linear_sum_assignment

    old, new = np.unique(labels[labels >= 0]), np.unique(labels_later[labels_later >= 0])
    both = np.array([[((labels == a) & (labels_later == b)).sum() for b in new] for a in old], dtype=np.float64).reshape(len(old), len(new))
    rows, columns = linear_sum_assignment(-both)
    noise = ((labels < 0) & (labels_later < 0)).sum()
    return float((both[rows, columns].sum() + noise) / len(labels))


def explained(values: Floats, labels: NDArray[np.int64]) -> float | None:
    """Share of the variance of `values` between groups, adjusted for their number (epsilon squared); None without variance."""
    groups = np.unique(labels)
    total = float(((values - values.mean()) ** 2).sum())
    if total <= 0 or len(values) <= len(groups):
        return None
    within = sum(float(((values[labels == each] - values[labels == each].mean()) ** 2).sum()) for each in groups)
    return 1 - (within / (len(values) - len(groups))) / (total / (len(values) - 1))


def _figures(name: str, then: Then, labels: Labels, points: Floats) -> dict[str, object]:
    inside = labels >= 0
    sizes = np.unique(labels[inside], return_counts=True)[1]
    return {
        "method": name,
        "customers": len(labels),
        "segments": len(sizes),
        "silhouette": _silhouette(points[inside], labels[inside]),
        "explained_spend": explained(then.spend, labels),
        "smallest_share": float(sizes.min() / len(labels)) if len(sizes) else None,
        "noise_share": float(1 - inside.mean()),
    }


def _silhouette(points: Floats, labels: Labels) -> float | None:
    if len(np.unique(labels)) < 2:
        return None
    from sklearn.metrics import silhouette_score

    # evenly spaced in the order of the pseudonyms
    every = -(-len(points) // LARGEST_SILHOUETTE)
    kept = labels[::every]
    return float(silhouette_score(points[::every], kept)) if len(np.unique(kept)) > 1 else None


def _stability(points: Floats, rfm: pl.DataFrame, labels: Labels, make: Make, settings: SegmentSettings) -> float:
    from sklearn.metrics import adjusted_rand_score

    chance = np.random.default_rng(settings.seed)
    agreed: list[float] = []
    for number in range(settings.bootstraps):
        drawn = chance.integers(0, len(points), len(points))
        again = make(points[drawn], rfm[drawn], settings.seed + 1 + number)(points, rfm)
        agreed.append(float(adjusted_rand_score(labels, again)))
    return float(np.mean(agreed))
