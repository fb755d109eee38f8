"""The self-join counts what counting basket by basket counts, bulk orders left out."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.customers import basket_counts
from assets.customers.basket_counts import PERIODS, count_baskets

orders = st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abcdefg"), min_size=1, max_size=7)), min_size=1, max_size=40)


@pytest.fixture(autouse=True, scope="module")
def several_passes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(basket_counts, "_PAIRS_AT_ONCE", 25)
        yield


def _count(drawn: list[tuple[int, set[str]]], fewest: int, most_products: int = 100):  # noqa: ANN202
    rows = [(f"o{n}", product, period) for n, (period, held) in enumerate(drawn) for product in sorted(held) * 2]
    lines = pl.DataFrame(rows, schema=["order_id", "product_id", "period"], orient="row")
    with duckdb.connect() as connection:
        connection.register("lines", lines)
        return count_baskets(connection, "select * from lines", fewest, most_products)


def _by_hand(drawn: list[tuple[int, set[str]]], size: int, fewest: int) -> dict[tuple[str, ...], list[int]]:
    found: dict[tuple[str, ...], Counter[int]] = {}
    for period, held in drawn:
        for wanted in combinations(sorted(held), size):
            found.setdefault(wanted, Counter())[period] += 1
    told = {wanted: [count[n] for n in range(4)] for wanted, count in found.items()}
    return {wanted: row for wanted, row in told.items() if sum(row[1:]) >= fewest}


@settings(max_examples=50, deadline=None)
@given(orders, st.integers(1, 4))
def test_counts_are_those_of_counting_basket_by_basket(drawn: list[tuple[int, set[str]]], fewest: int) -> None:
    told = _count(drawn, fewest)
    for frame, size in ((told.products, 1), (told.pairs, 2), (told.threes, 3)):
        keys = frame.select(pl.exclude(PERIODS)).rows()
        rows = [list(row) for row in frame.select(PERIODS).rows()]
        assert dict(zip(keys, rows, strict=True)) == _by_hand(drawn, size, fewest)
    assert sum(told.orders.row(0)) == len(drawn)
    assert told.left_out == 0


@settings(max_examples=20, deadline=None)
@given(orders, st.integers(2, 6))
def test_bulk_orders_count_nowhere(drawn: list[tuple[int, set[str]]], most: int) -> None:
    told, kept = _count(drawn, 1, most), [each for each in drawn if len(each[1]) <= most]
    assert told.left_out == len(drawn) - len(kept)
    assert sum(told.orders.row(0)) == len(kept)
    assert told.pairs.rows() == (_count(kept, 1).pairs.rows() if kept else [])


def test_threes_are_counted_only_where_they_are_wanted() -> None:
    lines = pl.DataFrame({"order_id": ["o", "o", "o"], "product_id": ["a", "b", "c"], "period": [1, 1, 1]})
    with duckdb.connect() as connection:
        connection.register("lines", lines)
        both = [count_baskets(connection, "select * from lines", 1, 100, threes=wanted) for wanted in (True, False)]
    assert [counts.threes.height for counts in both] == [1, 0]
    assert both[0].pairs.rows() == both[1].pairs.rows()


def test_no_orders_have_no_pairs() -> None:
    with duckdb.connect() as connection:
        told = count_baskets(connection, "select '' as order_id, '' as product_id, 0 as period where false", 1, 100)
    assert told.pairs.is_empty()
    assert told.threes.is_empty()
    assert told.orders.row(0) == (0, 0, 0, 0)


def test_an_order_lies_in_one_period() -> None:
    lines = pl.DataFrame({"order_id": ["o", "o"], "product_id": ["a", "b"], "period": [2, 3]})
    with duckdb.connect() as connection:
        connection.register("lines", lines)
        told = count_baskets(connection, "select * from lines", 1, 100)
    assert told.pairs.row(0, named=True) == pytest.approx(
        {"first_id": "a", "second_id": "b", "holdout": 0, "window_1": 0, "window_2": 1, "window_3": 0}
    )
