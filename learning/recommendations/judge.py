"""Judging every method on a window whose end is known: measures per list and method.

Lists: `all` (everything counts), `rebuy` (bought before), `discover` (never bought before); each judged against those purchases of the
window that could have been in it. Products first sold in the window count as missed.

Public: `judge_methods`, `LISTS`, `METHODS`, `top_of`.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from learning.recommendations.blend import popularity_scores
from learning.recommendations.evaluation import MEASURES, Lists, score_lists
from learning.recommendations.history import Floats, Ints
from learning.recommendations.methods import largest_per_row
from learning.recommendations.snapshot import Snapshot

LISTS = ("all", "rebuy", "discover")
METHODS = ("popularity", "content", "user_cf", "item_cf", "matrix_factorisation", "blend", "reranker")
_CHUNK = 256
SCHEMA = {"list": pl.String, "method": pl.String, "customers": pl.Int64, **dict.fromkeys(MEASURES, pl.Float64)}


def judge_methods(
    at: Snapshot, customers: Ints, bought_pairs: Ints, missed: Ints, candidates: tuple[Ints, Ints], scores: dict[str, Floats]
) -> pl.DataFrame:
    """Return one row per list and method with MEASURES at `top`.

    customers: buyers of the window, sorted; bought_pairs: customer * products + product; missed: customers of purchases of products not yet
    known. candidates: parallel arrays sorted by customer; scores: of `blend` and, where there is one, `reranker`.
    """
    listed = {name: _lists_of_candidates(at, candidates, values) for name, values in scores.items()}
    popular = popularity_scores(at.history, at.settings)
    whole: dict[str, Callable[[Ints], Floats]] = {"popularity": lambda asked: np.tile(popular, (len(asked), 1))}
    whole |= {name: at.methods[name].rows for name in METHODS if name in at.methods}
    listed |= {name: _lists_of_rows(at, customers, rows) for name, rows in whole.items()}
    truth = {name: _bought(at, customers, bought_pairs, missed, name) for name in LISTS}
    buyers = np.bincount(at.own.product, minlength=at.history.shape[1]).astype(np.float64)
    rows = [
        {"list": name, "method": method, "customers": len(truth[name])}
        | score_lists(Lists(listed[method][name], truth[name]), buyers, at.history.shape[0], at.settings.top)
        for name in LISTS
        for method in METHODS
        if method in listed and truth[name]
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def top_of(customers: Ints, products: Ints, scores: Floats, count: int) -> dict[int, list[int]]:
    """Return each customer's `count` best products in order; of equal scores the first products."""
    order = np.lexsort((products, -scores, customers))
    customer, product = customers[order], products[order]
    kept = np.arange(len(order)) - np.searchsorted(customer, customer) < count
    found: dict[int, list[int]] = {}
    for one, each in zip(customer[kept].tolist(), product[kept].tolist(), strict=True):
        found.setdefault(one, []).append(each)
    return found


def _lists_of_candidates(at: Snapshot, candidates: tuple[Ints, Ints], scores: Floats) -> dict[str, dict[int, list[int]]]:
    customer, product = candidates
    is_own = at.own.find(customer, product) >= 0
    parts = {"all": np.ones(len(customer), dtype=bool), "rebuy": is_own, "discover": ~is_own}
    return {name: top_of(customer[part], product[part], scores[part], at.settings.top) for name, part in parts.items()}


def _lists_of_rows(at: Snapshot, customers: Ints, rows: Callable[[Ints], Floats]) -> dict[str, dict[int, list[int]]]:
    found: dict[str, dict[int, list[int]]] = {name: {} for name in LISTS}
    for first in range(0, len(customers), _CHUNK):
        asked = customers[first : first + _CHUNK]
        scores = rows(asked)
        own = at.own.of(asked)
        is_own = np.zeros(scores.shape, dtype=bool)
        is_own[np.searchsorted(asked, at.own.customer[own]), at.own.product[own]] = True
        for name, allowed in (("all", None), ("rebuy", is_own), ("discover", ~is_own)):
            found[name] |= dict(zip(asked.tolist(), _top_rows(scores, allowed, at.settings.top), strict=True))
    return found


def _top_rows(scores: Floats, allowed: NDArray[np.bool_] | None, count: int) -> list[list[int]]:
    """Return the best columns of each row; what scores 0 or is not allowed is no recommendation."""
    kept = np.where((scores > 0) if allowed is None else (scores > 0) & allowed, scores, 0.0)
    best = sp.coo_matrix(largest_per_row(sp.csr_matrix(kept), count))
    found = top_of(best.row.astype(np.int64), best.col.astype(np.int64), np.asarray(best.data, dtype=np.float64), count)
    return [found.get(row, []) for row in range(len(kept))]


def _bought(at: Snapshot, customers: Ints, pairs: Ints, missed: Ints, name: str) -> dict[int, frozenset[int]]:
    is_own = np.isin(pairs, at.own.key)
    taken = pairs if name == "all" else pairs[is_own] if name == "rebuy" else pairs[~is_own]
    found: dict[int, set[int]] = {}
    for pair in taken.tolist():
        found.setdefault(pair // at.own.products, set()).add(pair % at.own.products)
    if name != "rebuy":
        for number, customer in enumerate(missed.tolist()):
            found.setdefault(customer, set()).add(-1 - number)
    asked = set(customers.tolist())
    return {customer: frozenset(found[customer]) for customer in sorted(found) if customer in asked}
