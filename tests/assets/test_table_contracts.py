"""Contracts of the tables that Python writes."""

from importlib.resources import files

import duckdb
import polars as pl
import pytest
import yaml

from assets.table_contracts import TYPES, TableContract, table_contracts

CONTRACTS = table_contracts()


def test_every_file_is_read_and_every_table_is_in_a_room() -> None:
    written = [
        name
        for file in files("assets.contracts").iterdir()
        if file.name.endswith(".yaml")
        for name in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]
    assert sorted(written) == sorted(CONTRACTS)
    assert {name.split(".")[0] for name in written} == {"demand", "customers", "response", "decisions", "review"}


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_a_contract_says_everything(contract: TableContract) -> None:
    names = [column.name for column in contract.columns]
    assert len(names) == len(set(names))
    assert contract.day_column in names
    assert contract.grain.startswith("one row per ")
    assert all(column.kind in TYPES and column.meaning for column in contract.columns)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS.keys())
def test_the_statement_makes_the_table_of_the_contract(contract: TableContract) -> None:
    with duckdb.connect() as connection:
        connection.execute(contract.create_statement())
        assert connection.execute(f"select * from {contract.name}").pl().schema == contract.empty().schema


@pytest.fixture
def contract() -> TableContract:
    return CONTRACTS["demand.feature_importance"]


def test_conforming_orders_and_types_the_columns(contract: TableContract) -> None:
    frame = contract.empty().with_columns(pl.col("splits").cast(pl.Int32))
    shuffled = frame.select(frame.columns[::-1])
    assert contract.conform(shuffled).schema == contract.empty().schema


def test_a_frame_with_another_column_is_refused(contract: TableContract) -> None:
    with pytest.raises(ValueError, match=r"demand.feature_importance: .*missing \['splits'\], unknown \['extra'\]"):
        contract.conform(contract.empty().rename({"splits": "extra"}))


def test_a_value_of_another_kind_is_refused(contract: TableContract) -> None:
    row = {name: [None] for name in contract.empty().columns}
    with pytest.raises(pl.exceptions.InvalidOperationError):
        contract.conform(pl.DataFrame({**row, "splits": ["many"]}))
