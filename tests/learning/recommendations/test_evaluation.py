"""Measures of lists, by hand."""

import math

import numpy as np
import pytest

from learning.recommendations import Lists, ndcg_per_customer, score_lists


def test_measures_by_hand() -> None:
    lists = Lists({1: [10, 11, 12], 2: [11]}, {1: frozenset({11, 13}), 2: frozenset({11}), 3: frozenset({10})})
    buyers = np.zeros(14)
    buyers[[10, 11, 12]] = [1, 4, 2]
    told = score_lists(lists, buyers, customers=4, k=3)
    assert told["precision"] == pytest.approx((1 / 3 + 1 / 3 + 0) / 3)
    assert told["recall"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert told["f1"] == pytest.approx((0.4 + 0.5 + 0) / 3)
    assert told["map"] == pytest.approx(((1 / 2) / 2 + 1 + 0) / 3)
    first = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert told["ndcg"] == pytest.approx((first + 1 + 0) / 3)
    assert told["coverage"] == pytest.approx(3 / 14)
    assert told["novelty"] == pytest.approx((2 + 0 + 1 + 0) / 4)


def test_a_perfect_list_is_worth_one_and_a_longer_truth_does_not_lower_it() -> None:
    lists = Lists({1: list(range(10))}, {1: frozenset(range(25))})
    assert ndcg_per_customer(lists).tolist() == [1.0]


def test_nobody_to_judge_is_an_error() -> None:
    with pytest.raises(ValueError, match="Nobody bought"):
        score_lists(Lists({}, {}), np.zeros(3), 1)
