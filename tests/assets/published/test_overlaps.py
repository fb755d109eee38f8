"""A published file carries the data of the one before, so that a query that began with that one finds its pages."""

from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.published.overlaps import SPANS, TAIL, carry_all, carry_over, plain_span
from assets.published.parquet_footer import shifted


def table(rows: int, seed: int) -> pl.DataFrame:
    numbers = pl.int_range(rows, eager=True)
    return pl.DataFrame(
        {
            "item": pl.Series([f"P{(number * (seed + 3)) % 17}" for number in range(rows)], dtype=pl.String),
            "day": pl.Series(numbers % 400, dtype=pl.Int32).cast(pl.Date),
            "units": (numbers * 7919 * (seed + 1) % 1009).cast(pl.Float64) / 8,
            "is_open": numbers % 3 == seed % 3,
            "nothing": pl.Series([None] * rows, dtype=pl.Int64),
            "big": numbers.cast(pl.Int64) * 2**40 - seed,
        }
    )


def written(file: Path, frame: pl.DataFrame, writer: str) -> Path:
    if writer == "duckdb":
        with duckdb.connect() as connection:
            connection.register("frame", frame)
            connection.execute(f"copy frame to '{file}' (format parquet, row_group_size 2048)")
    elif writer == "polars":
        frame.write_parquet(file, row_group_size=500)
    else:
        pq.write_table(frame.to_arrow(), file, write_page_index=True, row_group_size=700)
    return file


def read_by_all(file: Path) -> list[pl.DataFrame]:
    with duckdb.connect() as connection:
        by_duckdb = connection.execute(f"select * from read_parquet('{file}')").pl()
    return [by_duckdb, pl.read_parquet(file, memory_map=False), pl.DataFrame(pq.read_table(file))]


def footer_of(file: Path) -> bytes:
    content = file.read_bytes()
    return content[-TAIL - int.from_bytes(content[-TAIL:-4], "little") : -TAIL]


def seen_by_an_old_reader(old: bytes, new: bytes, folder: Path) -> pl.DataFrame:
    """What a query sees that has read the old footer and reads the pages of the new file."""
    start = len(old) - TAIL - int.from_bytes(old[-TAIL:-4], "little")
    file = folder / "hybrid.parquet"
    file.write_bytes(new[:start].ljust(start, b"\0") + old[start:])
    return pl.read_parquet(file, memory_map=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(["duckdb", "polars", "pyarrow"])), min_size=2, max_size=6))
def test_every_file_holds_its_own_rows_and_the_pages_of_the_one_before(tmp_path: Path, sizes: list[tuple[int, str]]) -> None:
    before, span, largest = None, None, 0
    for number, (rows, writer) in enumerate(sizes):
        frame = table(rows, number)
        file = written(tmp_path / f"{number}.parquet", frame, writer)
        largest = max(largest, file.stat().st_size)
        if before is not None:
            old = before.read_bytes()
            wanted = pl.read_parquet(before, memory_map=False)
            span = carry_over(file, before, span or plain_span(before))
            assert seen_by_an_old_reader(old, file.read_bytes(), tmp_path).equals(wanted)
        assert all(found.equals(frame) for found in read_by_all(file))
        assert file.stat().st_size <= 3 * largest + 4096
        before = file


def test_a_query_that_began_before_the_swap_would_fail_without_it(tmp_path: Path) -> None:
    old, new = (written(tmp_path / f"{seed}.parquet", table(2000 + 900 * seed, seed), "duckdb") for seed in (0, 1))
    torn = pl.exceptions.PolarsError, OSError
    with pytest.raises(torn):
        seen_by_an_old_reader(old.read_bytes(), new.read_bytes(), tmp_path)
    carry_over(new, old, plain_span(old))
    assert seen_by_an_old_reader(old.read_bytes(), new.read_bytes(), tmp_path).equals(table(2000, 0))


def test_rows_are_still_found_by_statistics_and_bloom_filters_of_moved_data(tmp_path: Path) -> None:
    old, new = (written(tmp_path / f"{seed}.parquet", table(9000, seed), "duckdb") for seed in (0, 1))
    carry_over(new, old, plain_span(old))
    assert plain_span(new)[1] > plain_span(old)[1], "the data were moved"
    with duckdb.connect() as connection:
        for item in ("P3", "P16", "P99"):
            found = connection.execute(f"select count(*) from read_parquet('{new}') where item = '{item}'").fetchone()
            assert found == (table(9000, 1).filter(item=item).height,)


@pytest.mark.parametrize("writer", ["duckdb", "polars", "pyarrow"])
def test_a_footer_is_written_again_as_it_was_but_for_the_offsets(tmp_path: Path, writer: str) -> None:
    footer = footer_of(written(tmp_path / "one.parquet", table(5000, 2), writer))
    assert shifted(footer, 0) == footer
    assert shifted(footer, 10**9) != footer
    assert shifted(shifted(footer, 10**9), -(10**9)) == footer


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_damaged_footer_is_an_error(tmp_path: Path, cut: int) -> None:
    footer = footer_of(written(tmp_path / "one.parquet", table(50, 2), "duckdb"))
    with pytest.raises(ValueError, match="footer"):
        shifted(footer[:-cut], 5)


def test_what_is_no_parquet_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.parquet").write_bytes(b"day,units\n" * 9)
    with pytest.raises(ValueError, match="no Parquet"):
        plain_span(tmp_path / "one.parquet")


def test_a_version_carries_its_namesakes_and_tells_where_its_own_data_lie(tmp_path: Path) -> None:
    versions = []
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("orders", "limits")[: 1 + number % 2]:
            written(folder / f"{name}.parquet", table(1000 + 200 * number, number), "duckdb")
        carry_all(folder, versions[-1] if versions else tmp_path / "none")
        versions.append(folder)
        assert pl.read_parquet(folder / "orders.parquet", memory_map=False).equals(table(1000 + 200 * number, number))
        assert (folder / SPANS).exists()
    old = (versions[2] / "orders.parquet").read_bytes()
    assert seen_by_an_old_reader(old, (versions[3] / "orders.parquet").read_bytes(), tmp_path).equals(table(1400, 2))


@pytest.mark.parametrize("damage", ["cut", "no parquet", "empty", "spans", "spans beyond the end"])
def test_a_damaged_version_does_not_stand_in_the_way_of_the_next_one(tmp_path: Path, damage: str) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        written(folder / "orders.parquet", table(1500, 1), "duckdb")
    carry_all(old, tmp_path / "none")
    file = old / "orders.parquet"
    content = {"cut": file.read_bytes()[:-99], "no parquet": b"nothing of the kind", "empty": b""}.get(damage)
    if content is not None:
        file.write_bytes(content)
    if damage.startswith("spans"):
        (old / SPANS).write_text("{" if damage == "spans" else '{"orders.parquet": [4, 99999999]}')
    carry_all(new, old)
    assert [path.name for path in sorted(new.iterdir())] == [SPANS, "orders.parquet"]
    assert all(found.equals(table(1500, 1)) for found in read_by_all(new / "orders.parquet"))
