"""How good lists are: what was bought afterwards against what was listed.

Terms per customer, with k places: *precision* = hits / k, *recall* = hits / products bought, *F1* their harmonic mean; *NDCG* = sum of
1 / log2(place + 1) over hits, against the best possible; *MAP* = mean precision at the places of hits, over min(k, bought). Over all
customers: *coverage* = share of products listed for anybody; *novelty* = mean of -log2(share of customers who had bought the listed
product).

Public: `Lists`, `ndcg_per_customer`, `score_lists`, `MEASURES`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MEASURES = ("precision", "recall", "f1", "ndcg", "map", "coverage", "novelty")


@dataclass(frozen=True)
class Lists:
    """listed: customer to products in order of rank; bought: customer to products bought afterwards, nobody without one."""

    listed: Mapping[int, Sequence[int]]
    bought: Mapping[int, frozenset[int]]

    def hits(self, k: int) -> NDArray[np.bool_]:
        """Customers of `bought` in their order by places: whether the product there was bought."""
        found = np.zeros((len(self.bought), k), dtype=bool)
        for row, (customer, bought) in enumerate(self.bought.items()):
            for place, product in enumerate(self.listed.get(customer, ())[:k]):
                found[row, place] = product in bought
        return found


def ndcg_per_customer(lists: Lists, k: int = 10) -> NDArray[np.float64]:
    """NDCG at `k` of every customer of `bought`, in its order."""
    weight = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.array([weight[: min(len(bought), k)].sum() for bought in lists.bought.values()])
    return (lists.hits(k) * weight).sum(axis=1) / best


def score_lists(lists: Lists, buyers_of: NDArray[np.float64], customers: int, k: int = 10) -> dict[str, float]:
    """Return MEASURES at `k`, means over customers.

    buyers_of: customers who had bought each product before, by product; customers: how many there were. Raises ValueError without anybody
    to judge.
    """
    if not lists.bought:
        raise ValueError("Nobody bought in the window: lists cannot be judged.")
    hits = lists.hits(k)
    bought = np.array([len(each) for each in lists.bought.values()])
    right = hits.sum(axis=1)
    precision, recall = right / k, right / bought
    both = precision + recall
    at_hit = np.cumsum(hits, axis=1) / np.arange(1, k + 1) * hits
    shown = np.array([product for customer in lists.bought for product in lists.listed.get(customer, ())[:k]], dtype=np.int64)
    share = np.maximum(buyers_of[shown], 1.0) / max(customers, 1)
    return {
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(np.divide(2 * precision * recall, both, out=np.zeros(len(both)), where=both > 0).mean()),
        "ndcg": float(ndcg_per_customer(lists, k).mean()),
        "map": float((at_hit.sum(axis=1) / np.minimum(bought, k)).mean()),
        "coverage": len(np.unique(shown)) / max(len(buyers_of), 1),
        "novelty": float(-np.log2(share).mean()) if len(shown) else 0.0,
    }
