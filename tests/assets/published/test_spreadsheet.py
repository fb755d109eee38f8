"""CSV for spreadsheets: nothing in it can be executed, and everything in it is what was published."""

import csv
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.published.spreadsheet import UnknownTableError, export_csv, guarded

FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", "  =1", "\t=1", "\r1", "\n1"]
HARMLESS = ["Rye bread", "a=b", "'=1", "", "5-pack", "Café – crème", "1+1"]


def test_text_that_would_be_a_formula_gets_an_apostrophe_and_nothing_else_does() -> None:
    frame = pl.DataFrame({"name": [*FORMULAS, *HARMLESS, None], "value": [-1.5] * (len(FORMULAS) + len(HARMLESS) + 1)})
    found = guarded(frame)
    assert found["name"].to_list() == [*(f"'{text}" for text in FORMULAS), *HARMLESS, None]
    assert found["value"].to_list() == frame["value"].to_list(), "numbers are not touched"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    pl.DataFrame({"product_id": ["=1+1", 'tée, "green"'], "order_units": [-3, 4]}).write_parquet(tmp_path / "orders.parquet")
    with duckdb.connect(str(tmp_path / "bi.duckdb")) as connection:
        connection.execute(f"create view \"odd 'name\" as from read_parquet('{tmp_path}/orders.parquet')")
    return tmp_path / "bi.duckdb"


def test_a_view_is_written_as_csv_that_a_spreadsheet_reads(database: Path, tmp_path: Path) -> None:
    assert export_csv(database, "odd 'name", tmp_path / "out.csv", ";").rows == 2
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf"), "else a spreadsheet takes it for text of the machine's own encoding"
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert rows == [["product_id", "order_units"], ["'=1+1", "-3"], ['tée, "green"', "4"]]


@pytest.mark.parametrize("name", ["orders", "odd 'name\"; drop view x; --", ""])
def test_a_table_that_is_not_published_is_an_error_that_lists_those_that_are(database: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UnknownTableError, match="choose one of odd 'name"):
        export_csv(database, name, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()
