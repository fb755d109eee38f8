"""Every method's scores against the plainest computation of the same, and what they must never do."""

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learning.recommendations import RecommendationSettings, blend_scores, history_of, popularity_scores, snapshot_of
from learning.recommendations.methods import Neighbourly, best_links, item_similarity, largest_per_row
from learning.recommendations.own_purchases import own_purchases

from .conftest import DAY

small = arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3).map(float))


@settings(max_examples=60, deadline=None)
@given(small, st.integers(1, 6))
def test_largest_per_row_keeps_the_largest(matrix: np.ndarray, count: int) -> None:
    kept = largest_per_row(sp.csr_matrix(matrix), count).toarray()
    for row, told in zip(matrix, kept, strict=True):
        best = sorted((-value, column) for column, value in enumerate(row) if value > 0)[:count]
        assert {column for column in range(len(row)) if told[column] > 0} == {column for _, column in best}
        assert all(told[column] == row[column] for _, column in best)


@settings(max_examples=40, deadline=None)
@given(small)
def test_item_similarity_is_the_cosine_of_columns(matrix: np.ndarray) -> None:
    told = item_similarity(sp.csr_matrix(matrix), matrix.shape[1]).toarray()
    length = np.linalg.norm(matrix, axis=0)
    cosine = matrix.T @ matrix / np.maximum(np.outer(length, length), 1e-12)
    np.fill_diagonal(cosine, 0.0)
    np.testing.assert_allclose(told, cosine, atol=1e-12)


def test_the_blend_by_hand(tiny: pl.DataFrame) -> None:
    settings = RecommendationSettings(own_half_life_days=10.0, popularity_half_life_days=10.0, popularity_exponent=1.0)
    history = history_of(tiny, DAY)
    popular = {"tea": 0.875 + 0.5**10, "jam": 0.5 + 0.5**0.5 + 1, "salt": 0.5**0.5 + 0.5**10}
    shares = popularity_scores(history, settings)
    assert shares.tolist() == pytest.approx([1.0, popular["salt"] / popular["jam"], popular["tea"] / popular["jam"]])
    told = blend_scores(history, own_purchases(history), np.array([0, 0]), np.array([1, 2]), settings)
    assert told.tolist() == pytest.approx([shares[1], 0.875 + shares[2]])


def test_pairs_say_what_rows_say(drawn: pl.DataFrame, words: pl.DataFrame) -> None:
    at = snapshot_of(history_of(drawn, DAY), words, RecommendationSettings(factors=8))
    customers, products = np.repeat([0, 5, 77, 159], 30), np.tile(np.arange(30), 4)
    for name, method in at.methods.items():
        rows = method.rows(np.array([0, 5, 77, 159]))
        assert rows.shape == (4, 30), name
        assert rows.any(), name
        np.testing.assert_allclose(method.pairs(customers, products), rows.ravel(), atol=1e-9, err_msg=name)


def test_nobody_is_his_own_neighbour() -> None:
    """Two customers with nothing in common: user-CF has nothing to say of either."""
    from .conftest import lines_of

    apart = history_of(lines_of(("ann", "tea", 1), ("ann", "jam", 2), ("bob", "salt", 1)), DAY)
    words = pl.DataFrame({"product_id": [], "words": []}, schema={"product_id": pl.String, "words": pl.String})
    at = snapshot_of(apart, words, RecommendationSettings())
    assert not at.methods["user_cf"].rows(np.array([0, 1])).any()
    assert not at.methods["content"].rows(np.array([0, 1])).any()  # no words, no likeness


def test_words_without_letters_are_no_likeness(tiny: pl.DataFrame) -> None:
    named = pl.DataFrame({"product_id": ["tea", "jam"], "words": ["!!", "-"]})
    at = snapshot_of(history_of(tiny, DAY), named, RecommendationSettings())
    assert not at.methods["content"].rows(np.array([0, 1, 2])).any()
    letters = snapshot_of(history_of(tiny, DAY), named.with_columns(words=pl.lit("x")), RecommendationSettings())
    assert letters.methods["content"].rows(np.array([0])).any()


def test_the_strongest_link_is_named() -> None:
    method = Neighbourly(sp.csr_matrix([[1.0, 2.0, 0.0]]), sp.csr_matrix([[0.0, 0.0, 0.5], [0.0, 0.0, 0.4], [0.5, 0.4, 0.0]]))
    row, most = best_links(method, np.array([0, 0]), np.array([2, 0]))
    assert row.tolist() == [1, -1]
    assert most.tolist() == pytest.approx([0.8, 0.0])
