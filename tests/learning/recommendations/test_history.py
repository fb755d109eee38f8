"""A history holds what was bought up to its day, once per customer, product and day."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.recommendations import history_of
from learning.recommendations.own_purchases import own_purchases

from .conftest import DAY, lines_of


def test_purchases_are_counted_by_hand(tiny: pl.DataFrame) -> None:
    history = history_of(tiny, DAY)
    assert history.customers.to_list() == ["ann", "bob", "cid"]
    assert history.products.to_list() == ["jam", "salt", "tea"]
    assert history.matrix().toarray().tolist() == [[1, 0, 3], [2, 1, 0], [0, 1, 1]]
    assert history.last_age.tolist() == [10, 0, 100]
    assert history.popularity(10.0)[2] == pytest.approx(0.5 + 0.25 + 0.125 + 0.5**10)


def test_nothing_after_the_day_is_known(tiny: pl.DataFrame) -> None:
    before = history_of(tiny, DAY - timedelta(days=10))
    assert before.matrix().toarray().tolist() == [[1, 0, 3], [0, 1, 1]]
    assert before.customers.to_list() == ["ann", "cid"]
    assert before.age.min() == 0


def test_own_purchases_by_hand(tiny: pl.DataFrame) -> None:
    own = own_purchases(history_of(tiny, DAY))
    row = own.find(np.array([0, 0, 1]), np.array([2, 1, 0])).tolist()
    assert row[1] == -1
    tea, jam = row[0], row[2]
    assert (own.days[tea], own.last[tea], own.first[tea], own.days_28[tea]) == (3, 10, 30, 2)
    assert (own.days[jam], own.last[jam], own.first[jam], own.units[jam]) == (2, 0, 5, 2)
    assert own.decayed[tea, 0] == pytest.approx(0.5 + 0.25 + 0.125)


def test_several_lines_of_a_day_are_one_purchase() -> None:
    twice = history_of(pl.concat([lines_of(("ann", "tea", 3)), lines_of(("ann", "tea", 3), units=4.0)]), DAY)
    assert (twice.matrix().nnz, twice.units.tolist(), twice.revenue.tolist()) == (1, [5.0], [50.0])


def test_no_purchase_at_all_is_an_empty_history(tiny: pl.DataFrame) -> None:
    nothing = history_of(tiny.head(0), DAY, pl.Series(["tea"]))
    assert nothing.shape == (0, 1)
    assert nothing.popularity(14.0).tolist() == [0.0]


def test_missing_columns_are_named() -> None:
    with pytest.raises(ValueError, match="units"):
        history_of(lines_of(("ann", "tea", 1)).drop("units"), DAY)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 40)), min_size=1, max_size=30), st.randoms())
def test_order_of_lines_changes_nothing(rows: list[tuple[str, str, int]], dice) -> None:
    shuffled = list(rows)
    dice.shuffle(shuffled)
    one, two = history_of(lines_of(*rows), DAY), history_of(lines_of(*shuffled), DAY)
    assert (one.matrix(10.0) != two.matrix(10.0)).nnz == 0
    distinct = {(customer, product, age) for customer, product, age in rows}
    assert len(one.age) == len(distinct)
    own = own_purchases(one)
    for customer, product in {each[:2] for each in distinct}:
        ages = [each[2] for each in distinct if each[:2] == (customer, product)]
        row = own.find(one.positions(pl.Series([customer])), one.product_positions(pl.Series([product])))[0]
        assert (own.days[row], own.last[row], own.first[row]) == (len(ages), min(ages), max(ages))
