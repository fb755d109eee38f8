"""Fits k-means to log RFM: how many groups, how stable they are, and which ids of the model before they carry on.

The number of groups is the first of the settings' that keeps the least stability and the least share; where none does, the most stable
one is taken and says so (`is_stable`). Stability is the mean adjusted Rand index between the fit's labels and those of refits on bootstrap
samples (Hubert and Arabie, 1985), random starts included.
"""

from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from learning.segments.names import name_centres
from learning.segments.rfm import Floats, check_rfm, log_rfm
from learning.segments.segment_model import SegmentModel
from learning.segments.settings import SegmentSettings

STARTS, DIGITS = 8, 6


def fit_segments(
    rfm: pl.DataFrame, fitted_on: date, settings: SegmentSettings, reason: str, before: SegmentModel | None = None
) -> SegmentModel:
    """Return a model of the customers of `rfm` (an RFM frame; order does not matter).

    Groups that resemble one of `before` keep its id, matched so that the centres move least in all. Raises ValueError with fewer customers
    than settings ask.
    """
    check_rfm(rfm)
    if rfm.height < settings.fewest_customers:
        raise ValueError(f"Expected at least {settings.fewest_customers} customers, got {rfm.height}.")
    ordered = rfm.sort("customer_key")
    logs = log_rfm(ordered)
    mean, spread = logs.mean(axis=0), logs.std(axis=0)
    scale = np.where(spread > 1e-6, spread, 1.0)  # all alike but for rounding
    points = (logs - mean) / scale
    with threadpool_limits(limits=1):  # small matrices: more threads only burn time, and change the last digits
        centres, stability, shares, is_stable = _chosen(points, settings)
    typical = np.expm1(centres * scale + mean)
    by_worth = np.lexsort((typical[:, 1], typical[:, 2]))[::-1]
    centres, typical, shares = centres[by_worth], typical[by_worth], shares[by_worth]
    names, descriptions = name_centres(centres, typical)
    return SegmentModel(
        fitted_on=fitted_on,
        mean=tuple(mean.round(DIGITS).tolist()),
        scale=tuple(scale.round(DIGITS).tolist()),
        centres=tuple(tuple(centre) for centre in centres.round(DIGITS).tolist()),
        ids=_ids(centres * scale + mean, before),
        names=names,
        descriptions=descriptions,
        shares=tuple(shares.tolist()),
        customers=ordered.height,
        inertia=round(float(_squared(points, centres).min(axis=1).mean()), DIGITS),
        stability=round(stability, DIGITS),
        is_stable=is_stable,
        reason=reason,
    )


def kmeans(points: Floats, clusters: int, seed: int, starts: int = STARTS) -> Floats:
    """Return the centres of the best of several k-means fits."""
    from sklearn.cluster import KMeans

    model = KMeans(min(clusters, len(np.unique(points, axis=0))), n_init=starts, random_state=seed)  # pyright: ignore[reportArgumentType]
    model.fit(points)
    return np.asarray(model.cluster_centers_, dtype=np.float64)


def nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    """Return the position of the nearest centre per point."""
    return _squared(points, centres).argmin(axis=1).astype(np.int64)


def _chosen(points: Floats, settings: SegmentSettings) -> tuple[Floats, float, Floats, bool]:
    """Centres, stability and shares of the first number of groups that keeps the settings' terms, else of the most stable one."""
    tried: list[tuple[float, Floats, Floats]] = []
    for clusters in settings.cluster_counts:
        centres = kmeans(points, clusters, settings.seed)
        labels = nearest(points, centres)
        shares = np.bincount(labels, minlength=len(centres)) / len(points)
        stability = _stability(points, labels, len(centres), settings)
        if stability >= settings.least_stability and shares.min() >= settings.least_share:
            return centres, stability, shares, True
        tried.append((stability, centres, shares))
    stability, centres, shares = max(tried, key=lambda each: each[0])
    return centres, stability, shares, False


def _stability(points: Floats, labels: NDArray[np.int64], clusters: int, settings: SegmentSettings) -> float:
    from sklearn.metrics import adjusted_rand_score

    chance = np.random.default_rng(settings.seed)
    agreed: list[float] = []
    for number in range(settings.bootstraps):
        drawn = points[chance.integers(0, len(points), len(points))]
        agreed.append(float(adjusted_rand_score(labels, nearest(points, kmeans(drawn, clusters, settings.seed + 1 + number)))))
    return float(np.mean(agreed))


def _ids(centres: Floats, before: SegmentModel | None) -> tuple[int, ...]:
    """Ids of centres (in logs): those of the centres before them at the least total distance, new ones for the rest."""
    if before is None:
        return tuple(range(1, len(centres) + 1))
    from scipy.optimize import linear_sum_assignment

    scale = np.array(before.scale)
    earlier = np.array(before.centres) * scale + np.array(before.mean)
    distance = np.sqrt((((centres[:, None] - earlier) / scale) ** 2).sum(axis=2))
    rows, columns = linear_sum_assignment(distance)
    kept = {int(row): before.ids[int(column)] for row, column in zip(rows, columns, strict=True)}
    unused = iter(range(max(before.ids) + 1, max(before.ids) + 1 + len(centres)))
    return tuple(kept[number] if number in kept else next(unused) for number in range(len(centres)))


def _squared(points: Floats, centres: Floats) -> Floats:
    return np.column_stack([((points - centre) ** 2).sum(axis=1) for centre in centres])
