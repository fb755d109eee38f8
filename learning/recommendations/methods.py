"""Ways to score products for customers: content, user-CF, item-CF, matrix factorisation, the last basket. Each is fitted to one history.

Every method gives `rows(customers)`, customers by all products, and `pairs(customers, products)`, one score per pair of the parallel
arrays. Rows are dense and meant for some hundred customers at a time; pairs never are, so they serve many customers.

- item-CF: cosine of products over the customers who bought them; a product's `item_neighbours` nearest are kept.
- user-CF: what the `customer_neighbours` most alike customers (cosine) bought lately, by likeness.
- matrix factorisation: truncated singular value decomposition of the customers by products matrix (PureSVD; Cremonesi et al. 2010).
- content: cosine of a product's words (name, category, brand, price tier) with those of what the customer bought (TF-IDF).
- last basket: cosine over baskets with the products of the customer's last one.

Public: `Scores`, `Neighbourly`, `Factored`, `largest_per_row`, `best_links`, `item_similarity`, `item_cf`, `user_cf`, `neighbour_pool`,
`matrix_factorisation`, `content`, `last_basket`.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl
import scipy.sparse as sp

from learning.recommendations.history import Floats, History, Ints
from learning.recommendations.settings import RecommendationSettings

_CHUNK = 512
ROOT_HALF_LIFE_DAYS, RECENT_HALF_LIFE_DAYS = 120.0, 60.0


class Scores(Protocol):
    """A method fitted to one history."""

    def rows(self, customers: Ints) -> Floats:
        """Return scores of all products: one row per customer."""
        ...

    def pairs(self, customers: Ints, products: Ints) -> Floats:
        """Return the score of each pair; customers must be sorted."""
        ...


@dataclass(frozen=True)
class Neighbourly:
    """Scores `left[customer] @ right`, both sparse: right is products by products (item-CF) or customers by products (user-CF)."""

    left: sp.csr_matrix
    right: sp.csr_matrix

    def sparse_rows(self, customers: Ints) -> sp.csr_matrix:
        """Return the scores of all products that have one."""
        return sp.csr_matrix(self.left[customers] @ self.right)

    def rows(self, customers: Ints) -> Floats:
        """See `Scores.rows`."""
        return self.sparse_rows(customers).toarray()

    def pairs(self, customers: Ints, products: Ints) -> Floats:
        """See `Scores.pairs`."""
        told = np.zeros(len(customers))
        asked, of_asked = np.unique(customers, return_inverse=True)
        for first in range(0, len(asked), _CHUNK):
            low, high = np.searchsorted(of_asked, (first, first + _CHUNK))
            scores = self.sparse_rows(asked[first : first + _CHUNK])
            told[low:high] = np.asarray(scores[of_asked[low:high] - first, products[low:high]]).ravel()
        return told


@dataclass(frozen=True)
class Factored:
    """Scores `left[customer] . right[product]`: dense factors (matrix factorisation) or sparse words (content)."""

    left: Floats | sp.csr_matrix
    right: Floats | sp.csr_matrix

    def rows(self, customers: Ints) -> Floats:
        """See `Scores.rows`."""
        scores = self.left[customers] @ self.right.T
        return scores if isinstance(scores, np.ndarray) else scores.toarray()

    def pairs(self, customers: Ints, products: Ints) -> Floats:
        """See `Scores.pairs`."""
        told = np.zeros(len(customers))
        for first in range(0, len(customers), 200_000):
            part = slice(first, first + 200_000)
            left, right = self.left[customers[part]], self.right[products[part]]
            told[part] = np.einsum("ij,ij->i", left, right) if isinstance(left, np.ndarray) else _sums(left.multiply(right))
        return told


def item_similarity(matrix: sp.csr_matrix, neighbours: int) -> sp.csr_matrix:
    """Return products by products: cosine of the columns, without the diagonal, the largest `neighbours` of each row."""
    length = np.sqrt(_column_sums(matrix.multiply(matrix)))
    scaled = sp.csr_matrix(matrix @ sp.diags(1.0 / np.maximum(length, 1e-12)))
    by_product = sp.csr_matrix(scaled.T)
    return sp.csr_matrix(
        sp.vstack([_nearest(by_product, scaled, first, neighbours) for first in range(0, max(_shape(matrix)[1], 1), _CHUNK)])
    )


def largest_per_row(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """Return the `count` largest entries above 0 of each row; of equal ones the first columns."""
    if matrix.nnz > 4 * count * max(_shape(matrix)[0], 1):  # a bar per row leaves little to sort
        values = np.asarray(matrix.data, dtype=np.float64)
        bars = np.array([_bar(row, count) for row in np.split(values, matrix.indptr[1:-1])])
        reaches = values >= np.repeat(bars, np.diff(matrix.indptr))
        starts = np.concatenate([[0], np.cumsum(reaches)])[matrix.indptr]
        matrix = sp.csr_matrix((values[reaches], matrix.indices[reaches], starts), shape=matrix.shape)
    entries = sp.coo_matrix(matrix)
    above = entries.data > 0
    row, column, value = entries.row[above], entries.col[above], np.asarray(entries.data[above], dtype=np.float64)
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < count
    return sp.csr_matrix((value[kept], (row[kept], column[kept])), shape=matrix.shape)


def _bar(values: Floats, count: int) -> float:
    """The value of place `count`, counted from the largest."""
    return float(np.partition(values, -count)[-count]) if 0 < count < len(values) else -np.inf


def best_links(method: Neighbourly, customers: Ints, products: Ints) -> tuple[Ints, Floats]:
    """Return, per pair, the row of `right` (a product in item-CF) that adds most to its score, and how much; -1 where none does."""
    by_product = sp.csr_matrix(method.right.T)
    best, most = np.full(len(customers), -1), np.zeros(len(customers))
    for first in range(0, len(customers), 50_000):
        part = slice(first, first + 50_000)
        added = largest_per_row(sp.csr_matrix(method.left[customers[part]].multiply(by_product[products[part]])), 1)
        row = sp.coo_matrix(added)
        best[first + row.row], most[first + row.row] = row.col, row.data
    return best, most


def item_cf(history: History, settings: RecommendationSettings) -> Neighbourly:
    """Return item-CF: cosine of products over the roots of decayed days bought."""
    bought = _root(history.matrix(ROOT_HALF_LIFE_DAYS))
    return Neighbourly(bought, item_similarity(bought, settings.item_neighbours))


def last_basket(history: History, settings: RecommendationSettings) -> Neighbourly:
    """Return the mean likeness to the products of the last day's basket, likeness over baskets of one day."""
    last = history.age == history.last_age[history.customer]
    baskets = sp.csr_matrix((np.ones(int(last.sum())), (history.customer[last], history.product[last])), shape=history.shape)
    lines = np.maximum(_sums(baskets), 1.0)
    span = int(history.age.max(initial=0)) + 1
    _, basket = np.unique(history.customer * span + history.age, return_inverse=True)
    shape = (int(basket.max(initial=-1)) + 1, history.shape[1])
    together = sp.csr_matrix((np.ones(len(basket)), (basket, history.product)), shape=shape)
    return Neighbourly(sp.csr_matrix(sp.diags(1.0 / lines) @ baskets), item_similarity(together, settings.item_neighbours))


def user_cf(history: History, settings: RecommendationSettings, customers: Ints) -> Neighbourly:
    """Return user-CF for `customers` alone (others score 0); alike ones come from a sample of `most_neighbours`, never oneself."""
    bought = _root(history.matrix(2 * ROOT_HALF_LIFE_DAYS))
    length = np.sqrt(_sums(bought.multiply(bought)))
    scaled = sp.csr_matrix(sp.diags(1.0 / np.maximum(length, 1e-12)) @ bought)
    pool = neighbour_pool(history, settings)
    others = sp.csr_matrix(scaled[pool].T)
    place = np.full(history.shape[0], -1)
    place[pool] = np.arange(len(pool))
    parts: list[sp.csr_matrix] = []
    for first in range(0, len(customers), _CHUNK):
        asked = customers[first : first + _CHUNK]
        alike = sp.coo_matrix(scaled[asked] @ others)
        alike.data[place[asked][alike.row] == alike.col] = 0.0
        parts.append(largest_per_row(sp.csr_matrix(alike), settings.customer_neighbours))
    likeness = sp.csr_matrix(sp.vstack(parts)) if parts else sp.csr_matrix((0, len(pool)))
    share = sp.csr_matrix(sp.diags(1.0 / np.maximum(_sums(likeness), 1e-12)) @ likeness)
    spread = sp.csr_matrix((np.ones(len(customers)), (customers, np.arange(len(customers)))), shape=(history.shape[0], len(customers)))
    return Neighbourly(sp.csr_matrix(spread @ share), sp.csr_matrix(history.matrix(RECENT_HALF_LIFE_DAYS)[pool]))


def neighbour_pool(history: History, settings: RecommendationSettings) -> Ints:
    """Return the customers among whom alike ones are looked for."""
    return _sample(history, settings.most_neighbours, settings.seed)


def matrix_factorisation(history: History, settings: RecommendationSettings) -> Factored:
    """Return PureSVD: factors of products, and every customer's purchases in terms of them."""
    from scipy.sparse.linalg import svds

    bought = _root(history.matrix(ROOT_HALF_LIFE_DAYS))
    length = min(settings.factors, min(history.shape) - 1)
    if length < 1:
        return Factored(np.zeros((history.shape[0], 1)), np.zeros((history.shape[1], 1)))
    start = np.random.default_rng(settings.seed).standard_normal(min(history.shape))
    factors = np.asarray(svds(bought, k=length, v0=start)[2]).T
    return Factored(np.asarray(bought @ factors), factors)


def content(history: History, products: pl.DataFrame) -> Factored:
    """Return content scores.

    products (grain: product_id): product_id and words (text: name, category, brand, price tier); products without one match nothing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    known = pl.DataFrame({"product_id": history.products}).join(products, on="product_id", how="left", maintain_order="left")
    texts = known["words"].fill_null("").to_list()
    if not any(character.isalnum() for text in texts for character in text):
        nothing = sp.csr_matrix((history.shape[1], 1))
        return Factored(sp.csr_matrix((history.shape[0], 1)), nothing)
    words = sp.csr_matrix(TfidfVectorizer(token_pattern=r"(?u)\w[\w:]*").fit_transform(texts))
    bought = history.matrix(ROOT_HALF_LIFE_DAYS)
    return Factored(sp.csr_matrix(sp.diags(1.0 / np.maximum(_sums(bought), 1e-12)) @ bought @ words), words)


def _sample(history: History, most: int, seed: int) -> Ints:
    """Return all customers, or `most` of them by lot, sorted."""
    everybody = history.shape[0]
    return np.arange(everybody) if everybody <= most else np.sort(np.random.default_rng(seed).choice(everybody, most, replace=False))


def _nearest(by_product: sp.csr_matrix, scaled: sp.csr_matrix, first: int, neighbours: int) -> sp.csr_matrix:
    alike = sp.coo_matrix(by_product[first : first + _CHUNK] @ scaled)
    alike.data[alike.row + first == alike.col] = 0.0
    return largest_per_row(sp.csr_matrix(alike), neighbours)


def _root(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((np.sqrt(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _shape(matrix: sp.csr_matrix) -> tuple[int, int]:
    rows, columns = matrix.shape  # type: ignore[misc]
    return int(rows), int(columns)


def _sums(matrix: Any) -> Floats:
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def _column_sums(matrix: Any) -> Floats:
    return np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
