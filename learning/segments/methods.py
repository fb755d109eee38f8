"""Ways of grouping customers that are held beside the frozen k-means: rules, k-means made anew, hierarchical and density clustering.

A *grouping* is fitted to some customers and labels any; -1 is noise. Each is fitted to points (log RFM in standard deviations), the RFM
frame they come from, a number of groups (density clustering finds its own) and a seed.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from learning.segments.fit_segments import kmeans, nearest
from learning.segments.rfm import RULES, Floats, rfm_segments

Labels = NDArray[np.int64]
Grouping = Callable[[Floats, pl.DataFrame], Labels]
NEIGHBOURS, REACH = 6, 0.9  # density: neighbours of a core customer, and the share of customers whose sixth neighbour is within reach
LEAST_CLUSTER = 0.05


def rfm_rules(points: Floats, rfm: pl.DataFrame, clusters: int, seed: int) -> Grouping:
    """The named rules by the quintiles of the customers fitted to."""
    numbers = {name: number for number, name in enumerate(RULES)}
    return lambda _, frame: rfm_segments(frame, rfm).replace_strict(numbers, return_dtype=pl.Int64).to_numpy()


def kmeans_refitted(points: Floats, rfm: pl.DataFrame, clusters: int, seed: int) -> Grouping:
    """scikit-learn's k-means, best of ten starts."""
    centres = kmeans(points, clusters, seed, starts=10)
    return lambda others, _: nearest(others, centres)


def hierarchical(points: Floats, rfm: pl.DataFrame, clusters: int, seed: int) -> Grouping:
    """Ward's hierarchy cut into groups (Ward, 1963); a customer goes to the nearest group mean."""
    from scipy.cluster.hierarchy import fcluster, linkage

    labels = np.asarray(fcluster(linkage(points, method="ward"), clusters, criterion="maxclust"), dtype=np.int64)
    means = np.array([points[labels == each].mean(axis=0) for each in np.unique(labels)])
    return lambda others, _: nearest(others, means)


def dbscan(points: Floats, rfm: pl.DataFrame, clusters: int, seed: int) -> Grouping:
    """DBSCAN (Ester et al., 1996): the reach is the distance within which most customers have their sixth neighbour."""
    from sklearn.cluster import DBSCAN
    from sklearn.neighbors import NearestNeighbors

    distances = np.asarray(NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(points))).fit(points).kneighbors(points)[0])
    reach = max(float(np.quantile(distances[:, -1], REACH)), 1e-9)
    model = DBSCAN(eps=reach, min_samples=NEIGHBOURS).fit(points)
    core = np.asarray(model.core_sample_indices_, dtype=np.int64)
    return _by_neighbour(points[core], np.asarray(model.labels_, dtype=np.int64)[core], reach)


def hdbscan(points: Floats, rfm: pl.DataFrame, clusters: int, seed: int) -> Grouping:
    """HDBSCAN (Campello et al., 2013) with groups of 5 % of customers or more; others get the label of their nearest neighbour."""
    from sklearn.cluster import HDBSCAN

    model = HDBSCAN(min_cluster_size=max(NEIGHBOURS, int(LEAST_CLUSTER * len(points))), copy=True)  # pyright: ignore[reportArgumentType]
    model.fit(points)
    return _by_neighbour(points, np.asarray(model.labels_, dtype=np.int64), np.inf)


METHODS: dict[str, Callable[[Floats, pl.DataFrame, int, int], Grouping]] = {
    "rfm_rules": rfm_rules,
    "kmeans_refitted": kmeans_refitted,
    "hierarchical": hierarchical,
    "dbscan": dbscan,
    "hdbscan": hdbscan,
}


def _by_neighbour(known: Floats, labels: Labels, reach: float) -> Grouping:
    from sklearn.neighbors import NearestNeighbors

    if not len(known):
        return lambda others, _: np.full(len(others), -1, dtype=np.int64)
    tree = NearestNeighbors(n_neighbors=1).fit(known)

    def label(others: Floats, _: pl.DataFrame) -> Labels:
        distance, at = tree.kneighbors(others)
        return np.where(np.asarray(distance).ravel() <= reach, labels[np.asarray(at).ravel()], -1).astype(np.int64)

    return label
