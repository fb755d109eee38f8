"""Order sizes: all multiples where there are few, the important ones where there are many."""

import numpy as np

from optimization.replenishment.order_sizes import first_size, order_sizes


def sizes(best: float, most: float, pack: float, moq: float, count: int = 48) -> list:
    """Return one item's sizes without padding."""
    row = order_sizes(np.array([best]), np.array([most]), np.array([pack]), np.array([moq]), count)[0]
    return row[~np.isnan(row)].tolist()


def test_few_multiples_are_all_weighed() -> None:
    assert sizes(best=20, most=40, pack=6, moq=10) == [0, 12, 18, 24, 30, 36, 42]


def test_many_multiples_are_thinned_but_the_best_and_both_ends_stay() -> None:
    thin = sizes(best=500.2, most=2000, pack=1, moq=5)
    assert len(thin) <= 48
    assert {0, 5, 497, 499, 500, 501, 503, 2000} <= set(thin)
    assert thin == sorted(set(thin))
    assert sum(one < 500 for one in thin) > sum(one > 500 for one in thin)


def test_an_moq_above_the_longest_cover_is_still_weighed() -> None:
    assert sizes(best=3, most=10, pack=1, moq=100) == [0, 100]


def test_nothing_useful_leaves_nothing_to_weigh() -> None:
    assert sizes(best=0, most=0, pack=1, moq=1) == [0]


def test_the_smallest_order_is_the_moq_in_whole_packs() -> None:
    assert first_size(np.array([6.0, 5.0, 4.0]), np.array([10.0, 0.0, 8.0])).tolist() == [12, 5, 8]
