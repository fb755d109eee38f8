"""`countinghouse orders`: what it writes, what it says, and its exit status."""

from datetime import date
from importlib import import_module
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks.reliability.bad_input.sound_shop import write_sound_shop

command_line = import_module("dagster_project.cli.main")  # the package exports a function of the same name
ORDER = {
    "as_of_day": date(2024, 3, 14),
    "order_day": date(2024, 3, 15),
    "expected_arrival_on": date(2024, 3, 17),
    "location_id": "main",
    "supplier_id": "[NORTH]",
    "product_id": "tea",
    "order_units": 12.0,
    "order_packs": 2,
    "pack_units": 6,
    "unit_cost": 2.5,
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("COUNTINGHOUSE_SHOP", "COUNTINGHOUSE_KEY_FILE", "COUNTINGHOUSE_DATA", "COUNTINGHOUSE_VAR"):
        monkeypatch.setenv(name, "")  # so that what a command exports is taken back
    monkeypatch.setenv("COUNTINGHOUSE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "300")
    return write_sound_shop(tmp_path / "shop", ["products"])


@pytest.fixture
def published(shop: Path, tmp_path: Path) -> Path:
    state = tmp_path / "var" / "sound"
    state.mkdir(parents=True)
    pl.DataFrame([ORDER, {**ORDER, "product_id": "cup", "unit_cost": None}]).write_parquet(state / "orders.parquet")
    with duckdb.connect(str(state / "bi.duckdb")) as connection:
        connection.execute(f"create view replenishment_orders as from read_parquet('{state}/orders.parquet')")
        connection.execute("create view products as select 'tea' as product_id, 'Green tea' as product_name")
    return shop


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(command_line.app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_orders_are_written_and_summed(published: Path, tmp_path: Path) -> None:
    status, said = call("orders", "--shop", published, "--output", tmp_path / "out", "--day", "2024-03-14", "--delimiter", ";")
    assert status == 0, said
    (file,) = (tmp_path / "out").iterdir()
    assert f"{file}: 2 lines, 24 units, 30.00 EUR; 1 lines without a known cost are not in the value" in said
    assert file.name.startswith("order_2024-03-15_NORTH_")
    assert ";tea;Green tea;" in file.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--day", "2024-03-13"), "No orders were decided as of 2024-03-13"),
        (("--supplier", "SOUTH"), "No orders are planned with supplier 'SOUTH' that day; it has '[NORTH]'."),
        (("--delimiter", "ab"), "one character"),
    ],
)
def test_what_cannot_be_written_is_said(published: Path, tmp_path: Path, options: tuple[str, str], said: str) -> None:
    status, output = call("orders", "--shop", published, "--output", tmp_path / "out", *options)
    assert status == 2
    assert said in output
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_said(published: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    status, said = call("orders", "--shop", published, "--output", tmp_path / "file")
    assert status == 2
    assert "cannot be written" in said


def test_without_a_run_it_says_what_to_do(shop: Path, tmp_path: Path) -> None:
    status, said = call("orders", "--shop", shop, "--output", tmp_path / "out")
    assert status == 1
    assert "Run `countinghouse run` first." in said
