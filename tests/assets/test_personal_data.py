"""No personal data behind landing: names, e-mails, telephones, streets and the shop's customer numbers are in no file of the state.

Nor are secrets: the pseudonym key, the webhook's address, any other variable of the environment.
"""

import sqlite3
from contextlib import closing

import duckdb
import polars as pl
import pytest

from shops.pseudonym import load_or_create_key, pseudonymise

pytestmark = pytest.mark.xdist_group("chain")
CANARIES = ("canary-in-the-webhooks-address", "canary-in-another-secret")  # planted by tests/conftest.py
PERSONAL = ("customer_id", "full_name", "email", "phone", "street")


@pytest.fixture(scope="module")
def needles(past_week) -> list[str]:
    """Every personal value of the shop, the planted ones among them."""
    customers = pl.read_csv(past_week.shop / "customers.csv", infer_schema=False, truncate_ragged_lines=True)
    values = pl.concat([customers[name].rename("value") for name in PERSONAL]).drop_nulls().unique().sort().to_list()
    assert len(values) > 1000
    assert {"Quirina Zweifel", "quirina@zweifel.example", "C7777777", "C0000001"} <= set(values)
    return values


def found_in(frame: pl.DataFrame, needles: list[str]) -> list[str]:
    """Texts in which a personal value stands, at most three."""
    texts = [frame[name].drop_nulls().unique() for name, kind in frame.schema.items() if kind == pl.String]
    return [value for text in texts for value in text.filter(text.str.contains_any(needles)).head(3)]


def spoiled(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in found.items() if values}


def test_the_search_finds_what_is_there(past_week, needles: list[str]) -> None:
    assert found_in(pl.read_parquet(past_week.shop / "order_lines.parquet"), needles)


def test_no_parquet_file_holds_any(past_week, needles: list[str]) -> None:
    """Landing's many files are read table by table."""
    folders = sorted({file.parent for file in past_week.state.rglob("*.parquet")})
    names = {part for folder in folders for part in folder.relative_to(past_week.state).parts}
    assert names >= {"order_lines", "customers", "_quarantine", "published_versions", "intake"}
    found = {}
    for folder in folders:
        texts = [pl.read_parquet(file).select(pl.col(pl.String)) for file in sorted(folder.glob("*.parquet"))]
        found[str(folder)] = found_in(pl.concat(texts, how="diagonal"), needles)
    assert spoiled(found) == {}


def test_the_warehouse_holds_none(past_week, needles: list[str]) -> None:
    found = {}
    with duckdb.connect(str(past_week.state / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        assert len(tables) > 40
        for (table,) in tables:
            found[table] = found_in(connection.execute(f"select * from {table}").pl(), needles)
    assert spoiled(found) == {}


def test_no_other_file_holds_any(past_week, needles: list[str]) -> None:
    """Logs, manifests, model files, Dagster's and MLflow's databases, byte by byte."""
    others = [file for file in past_week.state.rglob("*") if file.is_file() and file.suffix not in (".parquet", ".duckdb")]
    assert any(file.suffix == ".db" for file in others)
    as_bytes = [needle.encode().decode("latin-1") for needle in needles]
    contents = pl.DataFrame({"file": [str(file) for file in others], "content": [file.read_bytes().decode("latin-1") for file in others]})
    assert contents.filter(pl.col("content").str.contains_any(as_bytes))["file"].to_list() == []


def test_what_the_command_line_said_holds_none(last_day, past_week, needles: list[str]) -> None:
    assert found_in(pl.DataFrame({"said": [last_day.said, past_week.said]}), needles) == []


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
    assert not [file for file in past_week.state.rglob("*") if file.name.endswith((".key", ".erased"))]


def test_no_secret_stands_anywhere(last_day, past_week) -> None:
    """Bytes of every file, cells of every Parquet file and database: logs, event log, metadata, MLflow, warehouse, published tables."""
    key = load_or_create_key(past_week.key_file)
    canaries = [*CANARIES, key.hex()]
    as_bytes = [key, *(text.encode() for text in canaries)]
    contents = ((file, file.read_bytes()) for file in past_week.state.rglob("*") if file.is_file())
    spoiled_files = [str(file) for file, content in contents if any(each in content for each in as_bytes)]
    assert spoiled_files == []
    for folder in ("landing", "published_versions", "learning", "mlflow"):
        for file in (past_week.state / folder).rglob("*.parquet"):
            assert not found_in(pl.read_parquet(file), canaries), file
    with duckdb.connect(str(past_week.state / "warehouse.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall():
            assert not found_in(connection.execute(f"select * from {table}").pl(), canaries), table
    for database in (file for file in past_week.state.rglob("*.db") if file.is_file()):
        with closing(sqlite3.connect(database)) as connection:
            assert not [line for line in connection.iterdump() if any(each in line for each in canaries)], database
    assert not [each for each in canaries if each in last_day.said + past_week.said]


def test_the_canaries_were_in_the_environment_of_the_runs(past_week) -> None:
    assert all(any(each in value for value in past_week.environment.values()) for each in CANARIES)
