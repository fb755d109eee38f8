"""The blend in SQL against the blend in arrays, on purchases drawn by lot."""

from datetime import date, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.customers.frequency_blend import blend_lists, personal_top
from learning.recommendations import LIST_SCHEMA, RecommendationSettings, blend_scores, history_of
from learning.recommendations.own_purchases import own_purchases

DAY = date(2025, 6, 30)
SETTINGS = RecommendationSettings(own_half_life_days=30.0, popularity_half_life_days=10.0)
purchases = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("pqrstuv"), st.integers(0, 60)), min_size=1, max_size=60)


def _lines(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "customer_key": [r[0] for r in rows],
            "product_id": [r[1] for r in rows],
            "business_day": [DAY - timedelta(days=r[2]) for r in rows],
        }
    ).with_columns(units=pl.lit(1.0), net_revenue=pl.lit(1.0), order_id=pl.lit("o"))


def _marts(connection: duckdb.DuckDBPyConnection, lines: pl.DataFrame) -> None:
    """What the query reads of the marts."""
    stamp = "date '2025-01-01' as known_on, null::date as superseded_on"
    connection.register("sold", lines)
    connection.execute(
        "create schema marts;"
        f"create table marts.fct_order_lines as select *, false as is_cancelled, 'sale' as line_type, {stamp} from sold;"
        f"create table marts.dim_products as select distinct product_id, false as is_service, {stamp} from sold"
    )


@settings(max_examples=25, deadline=None)
@given(purchases)
def test_scores_are_those_of_the_arrays(rows: list[tuple[str, str, int]]) -> None:
    lines = _lines(rows)
    history = history_of(lines, DAY)
    own = own_purchases(history)
    expected = blend_scores(history, own, own.customer, own.product, SETTINGS)
    oracle = {
        (history.customers[int(c)], history.products[int(p)]): score
        for c, p, score in zip(own.customer, own.product, expected, strict=True)
    }
    with duckdb.connect() as connection:
        _marts(connection, lines)
        told = blend_lists(connection, DAY, history.customers, history.products, SETTINGS)
    assert dict(told.schema) == LIST_SCHEMA
    rebuy = told.filter(pl.col("list") == "rebuy")
    assert {(row["customer_key"], row["product_id"]) for row in rebuy.iter_rows(named=True)} == set(oracle)
    for row in told.iter_rows(named=True):
        if row["list"] == "rebuy":
            assert row["score"] == pytest.approx(oracle[row["customer_key"], row["product_id"]], abs=1e-9)
        else:
            assert (row["customer_key"], row["product_id"]) not in oracle
    by_place = told.sort("customer_key", "list", "place").select(pl.col("score").diff().over("customer_key", "list").fill_null(0.0))
    assert (by_place["score"] <= 1e-9).all()


def test_what_cannot_be_sold_is_left_out_before_the_list_is_cut() -> None:
    lines = _lines([("a", f"p{n:02d}", n) for n in range(15)])
    sellable = pl.Series([f"p{n:02d}" for n in range(3, 15)])
    with duckdb.connect() as connection:
        _marts(connection, lines)
        told = blend_lists(connection, DAY, pl.Series(["a"]), sellable, SETTINGS)
    assert told["product_id"].to_list() == [f"p{n:02d}" for n in range(3, 13)]
    assert told["place"].to_list() == list(range(1, 11))


def test_the_whole_shop_at_once_gives_the_same_products(tmp_path) -> None:
    chance = np.random.default_rng(5)
    lines = _lines([(f"c{chance.integers(0, 40)}", f"p{chance.integers(0, 60):02d}", int(chance.integers(0, 90))) for _ in range(2000)])
    history = history_of(lines, DAY)
    with duckdb.connect() as connection:
        _marts(connection, lines)
        listed = blend_lists(connection, DAY, history.customers, history.products, SETTINGS).filter(pl.col("list") == "rebuy")
        connection.register("sales", lines)
        personal_top(connection, DAY, SETTINGS, tmp_path / "top.parquet")
    top = pl.read_parquet(tmp_path / "top.parquet")
    assert top.height == listed.height
    one, two = (set(frame.select("customer_key", "product_id").rows()) for frame in (top, listed))
    assert one == two


def test_the_order_of_rows_and_the_number_of_threads_change_nothing() -> None:
    chance = np.random.default_rng(6)
    lines = _lines([(f"c{chance.integers(0, 40)}", f"p{chance.integers(0, 60):02d}", int(chance.integers(0, 90))) for _ in range(3000)])
    history = history_of(lines, DAY)
    told = []
    for threads, rows in ((1, lines), (4, lines.sample(fraction=1.0, shuffle=True, seed=2))):
        with duckdb.connect(config={"threads": threads}) as connection:
            _marts(connection, rows)
            told.append(blend_lists(connection, DAY, history.customers, history.products, SETTINGS))
    assert_frame_equal(*told, check_exact=True)
