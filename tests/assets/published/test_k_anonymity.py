"""Tables of customers leave k-anonymous: by hand, and for any table."""

from pathlib import Path

import duckdb
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from assets.published.k_anonymity import QUASI_IDENTIFIERS, released, smallest_cell
from assets.published.spreadsheet import export_csv

COLUMNS = ["region", "acquisition_channel", "segment"]
VALUES = st.sampled_from(["a", "b", "c", None])
ROWS = st.lists(st.tuples(st.integers(0, 30), VALUES, VALUES, VALUES), max_size=60)


def customers(*groups: tuple[int, str | None, str | None]) -> pl.DataFrame:
    """Customers by (count, region, segment)."""
    rows = [(region, segment, "told") for count, region, segment in groups for _ in range(count)]
    schema = {"region": pl.String, "segment": pl.String, "sentence": pl.String}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(customer_key=pl.format("c{}", pl.int_range(pl.len())), orders_365=pl.int_range(pl.len()))


def test_small_cells_lose_what_is_missed_least_and_large_ones_nothing() -> None:
    # 4 of the north and 7 of the south share a segment: without region they are 11
    frame = customers((12, "west", "best"), (4, "north", "new"), (7, "south", "new"))
    out = released(frame)
    assert out.frame.filter(pl.col("segment") == "best").equals(frame.filter(pl.col("segment") == "best"))
    rest = out.frame.filter(pl.col("segment") == "new")
    assert (rest.height, rest["region"].null_count(), rest["sentence"].null_count()) == (11, 11, 11)
    assert (out.blanked, out.left_out) == ({"region": 11}, 0)
    assert "11 of region" in out.words


def test_rows_that_nothing_hides_do_not_leave() -> None:
    out = released(customers((12, "west", "best"), (3, "north", "new")))
    assert (out.frame.height, out.left_out, out.blanked) == (12, 3, {"region": 3, "segment": 3})
    assert released(customers((9, "west", "best"))).frame.is_empty()


def test_a_customer_in_many_rows_counts_once_and_days_are_apart() -> None:
    many = customers((10, "west", "best")).with_columns(customer_key=pl.lit("one"))
    assert released(many).left_out == 10
    days = customers((10, "west", "best")).with_columns(as_of_day=pl.int_range(pl.len()))
    assert released(days).left_out == 10


def test_days_since_an_order_go_with_the_day_of_the_order() -> None:
    frame = customers((12, "west", "best")).with_columns(last_order_day=pl.int_range(pl.len()), recency_days=pl.int_range(pl.len()))
    out = released(frame).frame
    assert (out.height, out["last_order_day"].null_count(), out["recency_days"].null_count()) == (12, 12, 12)


def test_tables_without_customers_pass_as_they_are() -> None:
    frame = customers((3, "west", "best")).drop("customer_key")
    assert released(frame).frame.equals(frame)


@given(rows=ROWS, k=st.integers(1, 8))
def test_every_cell_that_leaves_is_large_enough(rows: list[tuple], k: int) -> None:
    frame = pl.DataFrame(
        [(f"c{number}", *values) for number, *values in rows], schema=dict.fromkeys(["customer_key", *COLUMNS], pl.String), orient="row"
    ).with_row_index()
    out = released(frame, k)
    cells = [name for name in QUASI_IDENTIFIERS if name in COLUMNS]
    smallest = smallest_cell(out.frame, cells)
    assert smallest is None or smallest >= k
    assert out.frame.height + out.left_out == frame.height
    both = out.frame.join(frame, on="index", suffix="_before")
    assert both.height == out.frame.height, "no row is made up"
    for name in COLUMNS:
        assert both.filter(pl.col(name).is_not_null() & (pl.col(name) != pl.col(f"{name}_before"))).is_empty(), "no value is made up"
    whole = frame.filter(pl.col("customer_key").n_unique().over(COLUMNS) >= k)
    assert out.frame.join(whole, on="index", how="semi").equals(whole), "large cells stay as they are"


def test_the_export_tells_what_it_kept_back(tmp_path: Path) -> None:
    customers((12, "west", "best"), (3, "north", "new")).write_parquet(tmp_path / "customers.parquet")
    file = tmp_path / "bi.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create view customers as from read_parquet('{tmp_path}/customers.parquet')")
    told = export_csv(file, "customers", tmp_path / "out.csv")
    assert told.rows == 12
    assert "3 rows left out" in told.note
    assert "north" not in (tmp_path / "out.csv").read_text(encoding="utf-8")
