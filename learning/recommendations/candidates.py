"""Which products are scored for a customer at all: own ones, those of similar products and alike customers, and the popular ones.

Public: `candidates`.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from learning.recommendations.blend import own_decayed, popularity_scores
from learning.recommendations.history import Floats, History, Ints
from learning.recommendations.methods import Neighbourly, largest_per_row
from learning.recommendations.own_purchases import OwnPurchases
from learning.recommendations.settings import RecommendationSettings

_CHUNK = 512


def candidates(
    history: History,
    own: OwnPurchases,
    item_cf: Neighbourly,
    user_cf: Neighbourly,
    customers: Ints,
    settings: RecommendationSettings,
    allowed: NDArray[np.bool_] | None = None,
    always: Ints | None = None,
) -> tuple[Ints, Ints]:
    """Return customer and product of every candidate of the sorted `customers`, sorted; only `allowed` products (a flag by product).

    always: products that are candidates of everybody beside the popular ones, if allowed (new products).
    """
    may = np.ones(history.shape[1], dtype=bool) if allowed is None else allowed
    popularity = popularity_scores(history, settings)
    open_to_all = np.lexsort((np.arange(len(popularity)), -np.where(may, popularity, -1.0)))[: settings.popular_candidates]
    popular = open_to_all[may[open_to_all] & (popularity[open_to_all] > 0)]
    if always is not None:
        popular = np.union1d(popular, always[may[always]])
    blended = own_decayed(history, own, settings) + popularity[own.product]
    found: list[Ints] = []
    for first in range(0, len(customers), _CHUNK):
        asked = customers[first : first + _CHUNK]
        rows = own.of(asked)
        rows = rows[may[own.product[rows]]]
        bought = sp.csr_matrix(
            (blended[rows], (np.searchsorted(asked, own.customer[rows]), own.product[rows])), shape=(len(asked), history.shape[1])
        )
        parts = [largest_per_row(bought, settings.own_candidates)]
        for method, most in ((item_cf, settings.similar_candidates), (user_cf, settings.neighbour_candidates)):
            parts.append(largest_per_row(_unbought(method.sparse_rows(asked), asked, own, may), most))
        own_and_alike = [asked[entries.row] * own.products + entries.col for entries in map(sp.coo_matrix, parts)]
        for_all = (asked[:, None] * own.products + popular[None, :]).ravel()
        found.append(np.unique(np.concatenate([*own_and_alike, for_all])))
    key = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    return key // own.products, key % own.products


def _unbought(scores: sp.csr_matrix, asked: Ints, own: OwnPurchases, may: NDArray[np.bool_]) -> sp.csr_matrix:
    entries = sp.coo_matrix(scores)
    customer, product = asked[entries.row], entries.col.astype(np.int64)
    kept = may[product] & (own.find(customer, product) < 0)
    value: Floats = np.asarray(entries.data[kept], dtype=np.float64)
    return sp.csr_matrix((value, (entries.row[kept], entries.col[kept])), shape=scores.shape)
