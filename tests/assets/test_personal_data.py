"""No personal data behind landing: names, e-mails, telephones, streets and the shop's customer numbers are in no file of the state."""

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

from shops.pseudonym import load_or_create_key, pseudonymise

pytestmark = pytest.mark.xdist_group("chain")
PERSONAL = ("customer_id", "full_name", "email", "phone", "street")


@pytest.fixture(scope="module")
def needles(past_week) -> list[str]:
    """Every personal value of the shop, the planted ones among them."""
    customers = pl.read_csv(past_week.shop / "customers.csv", infer_schema=False, truncate_ragged_lines=True)
    values = pl.concat([customers[name].rename("value") for name in PERSONAL]).drop_nulls().unique().sort().to_list()
    assert len(values) > 1000
    assert {"Quirina Zweifel", "quirina@zweifel.example", "C7777777", "C0000001"} <= set(values)
    return values


@pytest.fixture(scope="module")
def pattern(needles: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, needles)))


def found_in(frame: pl.DataFrame, pattern: re.Pattern[str]) -> set[str]:
    """Personal values anywhere in the text columns."""
    texts = [frame[name].drop_nulls().unique() for name, kind in frame.schema.items() if kind == pl.String]
    return {match for text in texts for value in text for match in pattern.findall(value)}


def test_the_search_finds_what_is_there(past_week, pattern: re.Pattern[str]) -> None:
    assert len(found_in(pl.read_parquet(past_week.shop / "order_lines.parquet"), pattern)) > 100


def test_no_parquet_file_holds_any(past_week, pattern: re.Pattern[str]) -> None:
    """Landing's many files are read table by table."""
    folders = {file.parent for file in past_week.state.rglob("*.parquet")}
    assert {folder.name for folder in folders} >= {"order_lines", "customers", "_quarantine", "published", "intake"}
    spoiled = {}
    for folder in sorted(folders):
        frames = [pl.read_parquet(file) for file in sorted(folder.glob("*.parquet"))]
        texts = [frame.select(pl.col(pl.String)) for frame in frames]
        spoiled[folder.name] = found_in(
            pl.concat([text for text in texts if text.width], how="diagonal") if any(t.width for t in texts) else pl.DataFrame(), pattern
        )
    assert {name: values for name, values in spoiled.items() if values} == {}


def test_the_warehouse_holds_none(past_week, pattern: re.Pattern[str]) -> None:
    spoiled = {}
    with duckdb.connect(str(past_week.state / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        assert len(tables) > 40
        for (table,) in tables:
            spoiled[table] = found_in(connection.execute(f"select * from {table}").pl(), pattern)
    assert {name: values for name, values in spoiled.items() if values} == {}


def test_no_other_file_holds_any(past_week, needles: list[str]) -> None:
    """Logs, manifests, model files, Dagster's and MLflow's databases, byte by byte."""
    pattern = re.compile(b"|".join(re.escape(value.encode()) for value in needles))
    others = [file for file in past_week.state.rglob("*") if file.is_file() and file.suffix not in (".parquet", ".duckdb", ".msgpack")]
    assert any(file.suffix == ".db" for file in others)
    spoiled = {str(file.relative_to(past_week.state)): pattern.findall(file.read_bytes())[:3] for file in others}
    assert {name: values for name, values in spoiled.items() if values} == {}


def test_what_the_command_line_said_holds_none(last_day, past_week, pattern: re.Pattern[str]) -> None:
    assert pattern.findall(last_day.said + past_week.said) == []


def test_customers_are_known_by_their_keyed_pseudonym(past_week) -> None:
    ids = pl.read_parquet(past_week.shop / "order_lines.parquet")["customer_id"].drop_nulls().unique()
    keys = pseudonymise(ids, load_or_create_key(past_week.key_file))
    told = past_week.published("customer_profile")["customer_key"]
    assert set(told) <= set(keys)
    assert told.str.len_chars().unique().to_list() == [32]


def test_the_refused_rows_of_a_person_are_shown_without_the_person(past_week) -> None:
    refused = past_week.published("quarantine").filter(table_name="customers")
    assert sorted(refused["reason_code"]) == ["not_a_date", "ragged_line"]
    assert all("<withheld>" in raw for raw in refused["raw"].drop_nulls())


def test_the_key_lies_outside_the_state(past_week) -> None:
    key = load_or_create_key(past_week.key_file)
    assert not [file for file in past_week.state.rglob("*") if isinstance(file, Path) and file.name.endswith(".key")]
    pattern = re.compile(re.escape(key.hex().encode()))
    others = [file for file in past_week.state.rglob("*") if file.is_file() and file.suffix in (".json", ".txt", ".log", ".db")]
    assert not [file.name for file in others if pattern.search(file.read_bytes())]
