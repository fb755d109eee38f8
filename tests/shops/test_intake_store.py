"""The store answers like the intake, forgets whatever no longer holds, and reads only what is new."""

import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from shops import intake_csv_plain, intake_parquet, intake_store
from shops.intake import read_table
from shops.intake_marks import marks_of
from shops.intake_store import StoredIntake, stored_intake
from shops.shop import Shop, load_shop

CONTENT = "product_id,unit_cost\np1,2.5\np2,dear\n"
KEY = b"k" * 32
HEADER = "business_day,product_id,location_id,units\n"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Names of the files of each batch that was read anew."""
    batches: list[list[str]] = []
    write_batch = intake_store._write_batch

    def counted(entry: Path, reading: object, batch: list[Path]) -> None:
        batches.append([path.name for path in batch])
        write_batch(entry, reading, batch)

    monkeypatch.setattr(intake_store, "_write_batch", counted)
    return batches


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is parted: files into batches, large files into pieces, days into spans."""
    monkeypatch.setattr(intake_store, "BATCH_BYTES", 150)
    monkeypatch.setattr(intake_store, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(intake_csv_plain, "BLOCK_BYTES", 60)
    monkeypatch.setattr(intake_parquet, "PIECE_ROWS", 2)


def entries(folder: Path) -> list[str]:
    return sorted(f"{path.parent.name}/{path.name.partition('-')[0]}" for path in folder.glob("*/*"))


def assert_like_the_intake(stored: StoredIntake, shop: Shop, table: str, key: bytes) -> None:
    whole = read_table(shop, table, key)
    assert_frame_equal(stored.accepted(), whole.accepted)
    assert_frame_equal(stored.quarantine, whole.quarantine)
    assert_frame_equal(stored.counts, whole.counts)
    assert_frame_equal(stored.marks, marks_of(whole.accepted))


def test_an_unchanged_table_is_read_once_and_answered_alike(make_shop, key, tmp_path, reads) -> None:
    shop = make_shop({"products.csv": CONTENT})
    first = stored_intake(shop, "products", key, tmp_path / "store")
    second = stored_intake(shop, "products", key, tmp_path / "store")
    assert reads == [["products.csv"]]
    for stored in (first, second):
        assert_like_the_intake(stored, shop, "products", key)


def test_a_table_without_files_is_empty(make_shop, key, tmp_path) -> None:
    shop = make_shop({"products.csv": CONTENT})
    assert_like_the_intake(stored_intake(shop, "prices", key, tmp_path / "store"), shop, "prices", key)


def test_a_changed_file_key_or_setting_is_read_anew(make_shop, key, tmp_path, reads) -> None:
    shop = make_shop({"products.csv": CONTENT})
    stored_intake(shop, "products", key, tmp_path / "store")
    stored_intake(shop, "products", b"another key of enough bytes", tmp_path / "store")
    shop = make_shop({"products.csv": CONTENT + "p3,1\n"})
    assert stored_intake(shop, "products", key, tmp_path / "store").accepted()["product_id"].to_list() == ["p1", "p3"]
    shop = make_shop(settings='[columns.products]\nregular_price = "unit_cost"\n')
    assert stored_intake(shop, "products", key, tmp_path / "store").accepted()["regular_price"].to_list() == [2.5, 1.0]
    assert len(reads) == 4


def test_only_the_newest_entries_of_a_table_are_kept(make_shop, key, tmp_path) -> None:
    store = tmp_path / "store"
    shop = make_shop({"products.csv": CONTENT, "prices.csv": "product_id,valid_from,price\np1,2024-03-01,3\n"})
    stored_intake(shop, "prices", key, store)
    stored_intake(shop, "products", key, store)
    (store / "products-0123").mkdir()
    (store / "products" / ".batch-of-a-process-that-died").mkdir()
    stored_intake(make_shop({"products.csv": CONTENT + "p3,1\n"}), "products", key, store)
    assert entries(store) == ["prices/batch", "prices/whole", "products/batch", "products/whole"]
    assert sorted(path.name for path in store.iterdir()) == ["prices", "products"]


@pytest.mark.parametrize("part", ["rows-0000", "marks", "refused"])
def test_a_damaged_entry_is_made_anew(make_shop, key, tmp_path, reads, part: str) -> None:
    shop = make_shop({"products.csv": CONTENT})
    stored_intake(shop, "products", key, tmp_path / "store")
    (entry,) = (tmp_path / "store").glob("products/batch-*")
    (entry / f"{part}.parquet").write_bytes(b"half a file")
    assert stored_intake(shop, "products", key, tmp_path / "store").accepted().height == 1
    assert len(reads) == 2
    pl.read_parquet_schema(entry / f"{part}.parquet")


def test_a_file_swapped_for_one_of_the_same_size_and_time_is_seen(make_shop, key, tmp_path) -> None:
    shop = make_shop({"products.csv": CONTENT})
    stored_intake(shop, "products", key, tmp_path / "store")
    path = shop.path / "products.csv"
    state = path.stat()
    other = path.with_name("other")
    other.write_text(CONTENT.replace("2.5", "7.5"))
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    os.replace(other, path)
    assert stored_intake(shop, "products", key, tmp_path / "store").accepted()["unit_cost"].to_list() == [7.5]


def daily(day: int, *lines: str) -> str:
    return HEADER + "".join(f"2024-03-{day:02d},{line}\n" for line in lines)


@pytest.mark.usefixtures("small_batches")
def test_a_new_file_costs_the_reading_of_its_batch(make_shop, key, tmp_path, reads) -> None:
    days = {f"daily_sales/day-{day:02d}.csv": daily(day, "a,main,1", "b,main,2") for day in range(1, 10)}
    stored_intake(make_shop(days), "daily_sales", key, tmp_path / "store")
    before = len(reads)
    shop = make_shop({"daily_sales/day-10.csv": daily(10, "a,main,4")})
    stored = stored_intake(shop, "daily_sales", key, tmp_path / "store")
    assert before > 3
    assert len(reads) == before + 1
    assert "day-10.csv" in reads[-1]
    assert_like_the_intake(stored, shop, "daily_sales", key)


@pytest.mark.usefixtures("small_batches")
def test_a_large_file_that_turns_out_to_be_no_text_gives_no_rows(make_shop, key, tmp_path) -> None:
    lines = daily(1, *(f"p{number},main,1" for number in range(40)))
    shop = make_shop(settings='[csv]\nencoding = "utf-16"\n')
    (shop.path / "daily_sales.csv").write_bytes(lines.encode("utf-16") + b"\x00")
    stored = stored_intake(shop, "daily_sales", key, tmp_path / "store")
    assert stored.accepted().is_empty()
    assert stored.quarantine["reason_code"].to_list() == ["unreadable_file"]
    assert_like_the_intake(stored, shop, "daily_sales", key)


LINES = st.sampled_from(["a,main,1", "b,main,2", "b,main,2.0", "c,main,x", "c,other,3,4", 'd,"main",5', 'd,"ma\nin",5', "", "é,main,7"])


@pytest.mark.usefixtures("small_batches")
@settings(max_examples=40, deadline=None)
@given(files=st.lists(st.lists(st.tuples(st.integers(1, 4), LINES), max_size=8), min_size=1, max_size=4), as_parquet=st.booleans())
def test_the_store_answers_like_the_intake(tmp_path_factory, files: list[list[tuple[int, str]]], as_parquet: bool) -> None:
    """Rows of any file, repeated within and across files, plain or not, in files that are taken together, alone or in pieces."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop.toml").write_text('[shop]\nname = "s"\ncurrency = "EUR"\ntime_zone = "UTC"\nfirst_day = 2024-03-01\n')
    (folder / "daily_sales").mkdir()
    for number, lines in enumerate(files):
        path = folder / "daily_sales" / f"{number}.csv"
        path.write_text(HEADER + "".join(f"2024-03-{day:02d},{line}\n" for day, line in lines))
        if as_parquet and number % 2:
            rows = {"business_day": [f"2024-03-{day:02d}" for day, _ in lines], "product_id": [line for _, line in lines]}
            pl.DataFrame({**rows, "units": [1.0] * len(lines)}).write_parquet(path.with_suffix(".parquet"), row_group_size=1)
            path.unlink()
    shop = load_shop(folder)
    stored = stored_intake(shop, "daily_sales", KEY, folder / "store")
    assert_like_the_intake(stored, shop, "daily_sales", KEY)
    for (day,), rows in stored.accepted().group_by("known_on"):
        assert_frame_equal(stored.accepted(day, day), rows)
    some = stored.accepted()["known_on"].unique().sort().gather_every(2)
    assert_frame_equal(stored.accepted_on(some.to_list()), stored.accepted().filter(pl.col("known_on").is_in(some.implode())))
    assert_frame_equal(stored.like(stored.accepted().head(3), ["product_id", "units"]), _alike(stored.accepted()))


def _alike(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.join(rows.head(3), on=["product_id", "units"], how="semi", nulls_equal=True)
