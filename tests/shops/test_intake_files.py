"""Files that change or go away while they are read, and what stands in a table's folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from shops import intake, intake_files
from shops.intake import Intake, read_table
from shops.intake_csv import UnreadableFileError, csv_header, read_csv_pieces
from shops.intake_store import StoredIntake, stored_intake

PRODUCTS = "product_id,brand\np1,oak\np2,elm\n"
LINE = "order_id,line_id,order_ts,line_type,product_id,customer_id,units,unit_price,currency,recorded_at\n"
LINE += "o1,1,2024-03-02 10:00:00,sale,p1,c1,2,3.50,EUR,2024-03-02 10:00:05\n"


def refusal(intake: Intake | StoredIntake) -> tuple[str, int | None, str]:
    assert (intake.accepted() if isinstance(intake, StoredIntake) else intake.accepted).is_empty()
    ((file, row, reason),) = intake.quarantine.select("source_file", "source_row", "reason").rows()
    assert intake.counts["rows_read"].to_list() == [1]
    return file, row, reason


@pytest.mark.parametrize("name", ["products.csv", "products.parquet"])
def test_a_file_that_goes_away_after_it_was_listed_is_refused(make_shop, key, monkeypatch, name: str) -> None:
    shop = make_shop({name: PRODUCTS if name.endswith("csv") else pl.DataFrame({"product_id": ["p1"]})})
    listed = intake_files.table_files(shop, "products")
    (shop.path / name).unlink()
    monkeypatch.setattr(intake, "table_files", lambda *_: listed)
    assert refusal(read_table(shop, "products", key)) == (name, None, "The file is no longer there; hand it in again.")


@pytest.mark.parametrize("reader", ["read_csv_pieces", "read_parquet_pieces"])
def test_a_file_that_goes_away_after_its_header_was_read_is_refused(make_shop, key, monkeypatch, reader: str) -> None:
    name = "products.csv" if reader == "read_csv_pieces" else "products.parquet"
    shop = make_shop({name: PRODUCTS if name.endswith("csv") else pl.DataFrame({"product_id": ["p1"]})})
    read = getattr(intake_files, reader)

    def gone(path: Path, *rest: object) -> Iterator[object]:
        path.unlink()
        yield from read(path, *rest)

    monkeypatch.setattr(intake_files, reader, gone)
    file, row, reason = refusal(read_table(shop, "products", key))
    assert (file, row) == (name, None)
    assert "No such file" in reason


def test_a_file_whose_header_changes_while_it_is_read_is_refused(tmp_path) -> None:
    file = tmp_path / "products.csv"
    file.write_text(PRODUCTS)
    wanted = list(csv_header(file, ",", "utf-8"))
    file.write_text("product_id\np1\n")
    with pytest.raises(UnreadableFileError, match="column 'brand' is gone"):
        list(read_csv_pieces(file, wanted, ",", "utf-8"))


def test_what_cannot_be_read_can_be_remembered(make_shop, key, tmp_path) -> None:
    shop = make_shop()
    (shop.path / "products.csv").symlink_to(shop.path / "gone.csv")
    for _ in range(2):
        assert "points to nothing" in refusal(stored_intake(shop, "products", key, tmp_path / "cache"))[2]
    (shop.path / "gone.csv").write_text(PRODUCTS)
    assert stored_intake(shop, "products", key, tmp_path / "cache").accepted().height == 2, "and is read once it is there"


def test_folders_are_read_through_links_once_and_hidden_names_are_passed_over(make_shop, key) -> None:
    shop = make_shop({"products/a.csv": PRODUCTS, "products/.b.csv": PRODUCTS, "products/_tmp/c.csv": PRODUCTS})
    elsewhere = shop.path / "_archive"
    elsewhere.mkdir()
    (elsewhere / "old.csv").write_text(PRODUCTS.replace("\np", "\nq"))
    os.symlink(elsewhere, shop.path / "products" / "archive")
    os.symlink(shop.path / "products", shop.path / "products" / "again")
    intake = read_table(shop, "products", key)
    assert intake.counts["source_file"].to_list() == ["products/a.csv", "products/archive/old.csv"]
    assert intake.accepted.height == 4


def test_endings_in_capitals_are_known(make_shop, key) -> None:
    shop = make_shop({"products.CSV": PRODUCTS, "customers/EXPORT.CSV": "customer_id\nc1\n"})
    assert read_table(shop, "products", key).accepted.height == 2
    assert read_table(shop, "customers", key).accepted.height == 1


def test_faulty_rows_in_some_of_several_files_are_told(make_shop, key: bytes) -> None:
    """Between files with a faulty row lies one without: an empty chunk, of which polars' `format` dies."""
    files = {f"order_lines/{name}.csv": LINE if name == "b" else LINE.replace("3.50", "dear") for name in "abc"}
    taken = read_table(make_shop(files), "order_lines", key)
    faulty = taken.quarantine.filter(pl.col("reason_code") == "not_a_number")
    assert faulty["source_file"].to_list() == ["order_lines/a.csv", "order_lines/c.csv"]
    assert all("'dear'" in reason for reason in faulty["reason"])
