"""Recommenders to compare with, written from their papers or taken from `implicit`, all of them keeping own items.

Baskets are a customer's days. Each peer gives scores of all products; its settings are chosen on the windows before the test windows. A CF
method is compared "+ own" as well: the customer's days bought, with the method's scores (scaled to [0, 1] per customer, times `weight`)
added; alone it is no match for repeat purchases.

- GP-TopFreq: own frequency, filled up by overall frequency (Li et al. 2023).
- TIFU-KNN: baskets of a customer in groups with two decays, blended with the nearest customers (Hu et al. 2020).
- UP-CF: user-wise popularity over the last baskets, spread over alike customers by an asymmetric cosine (Faggioli et al. 2020).
- ALS: implicit's alternating least squares (Hu, Koren, Volinsky 2008). item-CF: implicit's cosine. EASE: closed form (Steck 2019).

Public: `PEERS`, `grid`, `scores`.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp

from learning.recommendations import History

Floats = np.ndarray
Settings = Mapping[str, Any]
WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)
GRIDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "popularity": {"within_days": (7, 28, 84, 999)},
    "GP-TopFreq": {},
    "TIFU-KNN": {"neighbours": (100, 300), "group": (3, 7), "own_share": (0.3, 0.5, 0.7)},
    "UP-CF": {"recency": (5, 25, 100), "locality": (1, 5, 10)},
    "ALS": {"factors": (32, 64), "alpha": (1.0, 10.0)},
    "ALS + own": {"factors": (32, 64), "alpha": (1.0, 10.0), "weight": WEIGHTS},
    "item-CF": {"neighbours": (20, 100)},
    "item-CF + own": {"neighbours": (20, 100), "weight": WEIGHTS},
    "EASE": {"ridge": (100.0, 500.0)},
    "EASE + own": {"ridge": (100.0, 500.0), "weight": WEIGHTS},
}
PEERS = tuple(GRIDS)
MOST_EASE_PRODUCTS = 15_000


def grid(peer: str) -> list[dict[str, Any]]:
    """Return the settings that are tried."""
    names = list(GRIDS[peer])
    return [dict(zip(names, values, strict=True)) for values in product(*(GRIDS[peer][name] for name in names))]


def scores(peer: str, history: History, customers: Floats, settings: Settings) -> Floats:
    """Return scores of all products, one row per customer. Raises ValueError where EASE would need more than 15,000 products squared."""
    base, _, own = peer.partition(" + ")
    told = _METHODS[base](history, customers, settings)
    if not own:
        return told
    low, high = told.min(axis=1, keepdims=True), told.max(axis=1, keepdims=True)
    return history.matrix()[customers].toarray() + settings["weight"] * (told - low) / np.maximum(high - low, 1e-12)


def _popularity(history: History, customers: Floats, settings: Settings) -> Floats:
    return np.tile(np.asarray(history.matrix(within_days=settings["within_days"]).sum(axis=0)), (len(customers), 1))


def _gp_topfreq(history: History, customers: Floats, settings: Settings) -> Floats:
    del settings
    days = history.matrix()
    overall = np.asarray(days.sum(axis=0)).ravel()
    return days[customers].toarray() + 0.99 * overall / overall.max()


def _basket_places(history: History) -> tuple[Floats, Floats]:
    """Per purchase: how many baskets ago it was (0 the last), and how many baskets the customer has."""
    customer, age = history.customer_days
    counts = np.bincount(customer, minlength=history.shape[0])
    span = int(history.age.max()) + 1
    key = customer * span + (span - 1 - age)
    row = np.searchsorted(key, history.customer * span + (span - 1 - history.age))
    last = np.cumsum(counts)[history.customer] - 1
    return last - row, counts[history.customer]


def _tifu_knn(history: History, customers: Floats, settings: Settings, within: float = 0.9, between: float = 0.7) -> Floats:
    group = settings["group"]
    place, baskets = _basket_places(history)
    groups = -(-baskets // group)
    oldest = (baskets - 1) % group + 1
    of = place // group
    size = np.where(of == groups - 1, oldest, group)
    weight = within ** (place % group) * between**of / size / groups
    vectors = sp.csr_matrix((weight, (history.customer, history.product)), shape=history.shape)
    asked = vectors[customers]
    squares = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
    distance = squares[None, :] - 2 * (asked @ vectors.T).toarray()
    distance[np.arange(len(customers)), customers] = np.inf
    count = min(settings["neighbours"], history.shape[0] - 1)
    nearest = np.argpartition(distance, count, axis=1)[:, :count]
    spread = sp.csr_matrix(
        (np.full(nearest.size, 1 / count), (np.repeat(np.arange(len(customers)), count), nearest.ravel())),
        shape=(len(customers), history.shape[0]),
    )
    return settings["own_share"] * asked.toarray() + (1 - settings["own_share"]) * (spread @ vectors).toarray()


def _up_cf(history: History, customers: Floats, settings: Settings, alpha: float = 0.5) -> Floats:
    recency = settings["recency"]
    place, baskets = _basket_places(history)
    taken = place < recency
    share = 1.0 / np.minimum(baskets[taken], recency)
    popularity = sp.csr_matrix((share, (history.customer[taken], history.product[taken])), shape=history.shape)
    bought = history.matrix()
    bought.data[:] = 1.0
    count = np.asarray(bought.sum(axis=1)).ravel()
    alike = (bought[customers] @ bought.T).toarray() / (count[customers][:, None] ** alpha * count[None, :] ** (1 - alpha))
    return np.asarray(popularity.T @ (alike ** settings["locality"]).T).T


def _als(history: History, customers: Floats, settings: Settings) -> Floats:
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=settings["factors"], alpha=settings["alpha"], regularization=0.05, iterations=15, num_threads=1, random_state=7
    )
    model.fit(history.matrix().tocsr().astype(np.float32), show_progress=False)
    return np.asarray(model.user_factors)[customers] @ np.asarray(model.item_factors).T


def _item_cf(history: History, customers: Floats, settings: Settings) -> Floats:
    from implicit.nearest_neighbours import CosineRecommender

    days = history.matrix().tocsr()
    model = CosineRecommender(K=settings["neighbours"], num_threads=1)
    model.fit(days, show_progress=False)
    return (days[customers] @ model.similarity).toarray()


def _ease(history: History, customers: Floats, settings: Settings) -> Floats:
    if history.shape[1] > MOST_EASE_PRODUCTS:
        raise ValueError(f"EASE inverts products by products: refused above {MOST_EASE_PRODUCTS:,} products; got {history.shape[1]:,}.")
    bought = history.matrix()
    bought.data[:] = 1.0
    gram = (bought.T @ bought).toarray()
    gram[np.diag_indices_from(gram)] += settings["ridge"]
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return np.asarray(bought[customers] @ weights)


_METHODS: dict[str, Callable[[History, Floats, Settings], Floats]] = {
    "popularity": _popularity,
    "GP-TopFreq": _gp_topfreq,
    "TIFU-KNN": _tifu_knn,
    "UP-CF": _up_cf,
    "ALS": _als,
    "item-CF": _item_cf,
    "EASE": _ease,
}
