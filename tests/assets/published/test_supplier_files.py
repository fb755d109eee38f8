"""Order files for suppliers: complete, the same bytes every time, and harmless whatever a supplier is called."""

import csv
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.published.supplier_files import COLUMNS, NoSuchOrdersError, file_name, write_supplier_files
from benchmarks.reliability.hostile_names import HOSTILE

DAY, ORDER_DAY, ARRIVAL = date(2025, 6, 15), date(2025, 6, 16), date(2025, 6, 18)


def line(supplier: str, product: str, units: float, cost: float | None = 2.5, **changes: object) -> dict:
    row = {"as_of_day": DAY, "supplier_id": supplier, "product_id": product, "location_id": "main", "order_day": ORDER_DAY}
    row |= {"expected_arrival_on": ARRIVAL, "order_units": units, "pack_units": 6, "unit_cost": cost, "sentence": "Because."}
    packs = int(units / 6) if units % 6 == 0 else None
    return row | {"order_packs": packs, "order_value": None if cost is None else units * cost} | changes


def database(folder: Path, *rows: dict, names: dict[str, str] | None = None) -> Path:
    kinds = {"order_packs": pl.Int64, "unit_cost": pl.Float64, "order_value": pl.Float64}
    pl.DataFrame(list(rows), schema_overrides=kinds).write_parquet(folder / "replenishment_orders.parquet")
    described = [{"product_id": product, "product_name": name} for product, name in (names or {}).items()]
    products = pl.DataFrame(described, schema={"product_id": pl.String, "product_name": pl.String})
    products.write_parquet(folder / "products.parquet")
    file = folder / "bi.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        for name in ("replenishment_orders", "products"):
            connection.execute(f"create view {name} as from read_parquet('{folder}/{name}.parquet')")
    return file


def read(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    return rows


def test_a_file_by_hand(tmp_path: Path) -> None:
    rows = [line("NORTH", "tea", 12.0), line("NORTH", "cup", 7.5, 0.1), line("NORTH", "pot", 0.0), line("SOUTH", "jar", 6.0)]
    files = write_supplier_files(database(tmp_path, *rows, names={"tea": "Green tea, loose"}), tmp_path / "out", "EUR")
    assert [(each.supplier_id, each.lines, each.units, each.value) for each in files] == [
        ("NORTH", 2, 19.5, 30.75),
        ("SOUTH", 1, 6.0, 15.0),
    ]
    head = {
        "supplier_id": "NORTH",
        "order_day": "2025-06-16",
        "expected_arrival_on": "2025-06-18",
        "location_id": "main",
        "currency": "EUR",
    }
    assert read(files[0].path) == [
        head
        | {"line": "1", "product_id": "cup", "product_name": "", "packs": "", "pack_units": "6", "units": "7.5", "unit_cost": "0.1"}
        | {"line_value": "0.75"},
        head
        | {"line": "2", "product_id": "tea", "product_name": "Green tea, loose", "packs": "2", "pack_units": "6", "units": "12"}
        | {"unit_cost": "2.5", "line_value": "30"},
        dict.fromkeys(COLUMNS, "")
        | {"supplier_id": "NORTH", "order_day": "2025-06-16", "line": "total", "units": "19.5", "line_value": "30.75", "currency": "EUR"},
    ]
    assert "Because" not in files[0].path.read_text(encoding="utf-8")


def test_the_same_orders_are_the_same_bytes_in_whatever_order_they_are_published(tmp_path: Path) -> None:
    rows = [line("NORTH", product, 6.0, location_id=place) for product in ("b", "a", "c") for place in ("web", "main")]
    written = []
    for turned in (rows, rows[::-1]):
        (file,) = write_supplier_files(database(tmp_path, *turned), tmp_path / "out", "EUR")
        written.append((file.path.name, file.path.read_bytes()))
    assert written[0] == written[1]
    assert [(row["location_id"], row["product_id"]) for row in read(file.path)][:2] == [("main", "a"), ("main", "b")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [written[0][0]], "no temporary file is left"


def test_a_line_without_a_cost_has_no_value_and_is_counted(tmp_path: Path) -> None:
    (file,) = write_supplier_files(database(tmp_path, line("N", "tea", 12.0), line("N", "cup", 6.0, None)), tmp_path / "out", "EUR")
    assert (file.value, file.without_cost) == (30.0, 1)
    assert [row["line_value"] for row in read(file.path)] == ["", "30", "30"]


def test_hostile_names_stay_in_the_folder_and_run_no_formula(tmp_path: Path) -> None:
    rows = [line(name, name, 6.0, location_id=name) for name in HOSTILE]
    folder = tmp_path / "deep" / "out"
    files = write_supplier_files(database(tmp_path, *rows, names=dict(zip(HOSTILE, HOSTILE, strict=True))), folder, "EUR")
    assert sorted(path.name for path in folder.iterdir()) == sorted(each.path.name for each in files)
    assert len(files) == len(set(HOSTILE))
    assert not (tmp_path / "owned").exists()
    for each in files:
        with each.path.open(encoding="utf-8-sig", newline="") as opened:
            cells = [cell for row in csv.reader(opened) for cell in row]
        assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=@＝＠")]
        assert not [cell for cell in cells if cell.startswith(("-", "+", "\t", "\r", "\n"))]


@given(one=st.text(max_size=60), other=st.text(max_size=60))
def test_file_names_are_plain_and_never_shared(one: str, other: str) -> None:
    name = file_name(one, ORDER_DAY)
    assert name.isascii()
    assert len(name) < 100
    assert not set(name) & set('/\\:*?"<>| \n\0%')
    assert name.startswith("order_2025-06-16_")
    assert name.endswith(".csv")
    assert (name == file_name(other, ORDER_DAY)) == (one == other)


def test_one_supplier_or_an_older_day_can_be_asked_for(tmp_path: Path) -> None:
    older = date(2025, 6, 10)
    bi = database(
        tmp_path, line("N", "tea", 12.0), line("S", "tea", 6.0), line("N", "tea", 18.0, as_of_day=older, order_day=date(2025, 6, 11))
    )
    (south,) = write_supplier_files(bi, tmp_path / "a", "EUR", supplier="S")
    assert (south.supplier_id, south.units) == ("S", 6.0)
    (north,) = write_supplier_files(bi, tmp_path / "b", "EUR", day=older)
    assert (north.units, north.order_day) == (18.0, date(2025, 6, 11))


def test_days_and_suppliers_that_are_not_there_are_said(tmp_path: Path) -> None:
    bi = database(tmp_path, line("N", "tea", 12.0))
    with pytest.raises(NoSuchOrdersError, match="No orders were decided as of 2025-06-14; decided are 1 days from 2025-06-15"):
        write_supplier_files(bi, tmp_path / "out", "EUR", day=date(2025, 6, 14))
    with pytest.raises(NoSuchOrdersError, match="No orders are planned with supplier 'X' that day; it has 'N'"):
        write_supplier_files(bi, tmp_path / "out", "EUR", supplier="X")
    assert not (tmp_path / "out").exists()


def test_nothing_ordered_writes_no_file(tmp_path: Path) -> None:
    assert write_supplier_files(database(tmp_path, line("N", "tea", 0.0)), tmp_path / "out", "EUR") == []
