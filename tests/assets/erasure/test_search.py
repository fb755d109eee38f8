"""What the closing search finds, and how files other than tables are mended: each kind of file for itself."""

import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.erasure.files import erase_from_files, leftovers
from assets.erasure.finding import Person
from assets.erasure.search import search_state
from assets.erasure.warehoused import erase_from_warehouse
from assets.warehouse import Warehouse

PSEUDONYM = "0123456789abcdef" * 2
DISTINCT, SHORT = Person("C0004711", PSEUDONYM), Person("17850", PSEUDONYM)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def found(state: Path, gone: Person = DISTINCT) -> list[tuple[str, str]]:
    """(place, what) of every hit that counts."""
    return [(hit.place, hit.what) for hit in search_state(state, warehouse_of(state), gone).remains]


def warehouse_of(state: Path) -> Warehouse:
    return Warehouse(path=str(state / "warehouse.duckdb"), threads=1)


def sqlite_file(file: Path, *cells: object) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("create table event_logs (id integer primary key, event text, body blob)")
        connection.executemany("insert into event_logs (event) values (?)", [(cell,) for cell in cells if isinstance(cell, str)])
        connection.executemany("insert into event_logs (body) values (?)", [(cell,) for cell in cells if isinstance(cell, bytes)])
        connection.commit()
    return file


def mend(state: Path) -> dict[str, tuple[int, str]]:
    return {finding.place: (finding.rows, finding.done) for finding in erase_from_files(state, DISTINCT, done=())}


def test_an_empty_state_holds_nobody(state: Path) -> None:
    assert found(state) == []


def test_plain_bytes_are_searched_also_across_chunks(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.erasure.search.CHUNK_BYTES", 50)
    (state / "dump.bin").write_bytes(b"\xff" * 37 + PSEUDONYM.encode() + b"\xff" * 200)
    (state / "other.bin").write_bytes(b"\xff" * 47 + b" c0004711;" + b"\xff" * 90)
    assert found(state) == [("dump.bin", "pseudonym"), ("other.bin", "customer number")]


def test_a_number_within_another_word_is_another_word(state: Path) -> None:
    (state / "log.txt").write_text("C00047110 AC0004711 xC0004711x")
    assert found(state) == []


def test_compressed_cells_are_read(state: Path) -> None:
    """Neither Parquet nor DuckDB shows its texts as bytes; Dagster's snapshots are zlib streams."""
    rows = [PSEUDONYM[::-1], *(f"{number:032x}" for number in range(5000)), PSEUDONYM]
    pl.DataFrame({"customer_key": rows}).write_parquet(state / "frame.parquet", compression="zstd")
    with warehouse_of(state).connect() as connection:
        connection.execute("create schema marts; create table marts.facts as select unnest(?::varchar[]) as customer_key", [rows])
    with duckdb.connect(str(state / "copy.duckdb")) as connection:
        connection.execute("create table kept as select unnest(?::varchar[]) as note", [rows])
    sqlite_file(state / "runs.db", zlib.compress(json.dumps({"key": PSEUDONYM}).encode()))
    assert {place for place, _ in found(state)} >= {
        "frame.parquet: customer_key",
        "marts.facts: customer_key",
        "copy.duckdb: main.kept: note",
        "runs.db: event_logs.body",
    }


def test_a_file_that_cannot_be_read_proves_nothing(state: Path) -> None:
    (state / "torn.parquet").write_bytes(b"PAR1 torn")
    assert found(state) == [("torn.parquet", "cannot be read (ComputeError)")]


def test_a_short_number_counts_only_as_a_customers(state: Path) -> None:
    pl.DataFrame({"product_id": ["17850"], "units": [17850]}).write_parquet(state / "products.parquet")
    (state / "run.log").write_text("17850 rows")
    assert found(state, SHORT) == []
    told = search_state(state, warehouse_of(state), SHORT).hits
    assert [(hit.place, hit.counts) for hit in told] == [("products.parquet: product_id", False)]
    pl.DataFrame({"customer_id": [" 17850"]}).write_parquet(state / "customers.parquet")
    assert found(state, SHORT) == [("customers.parquet: customer_id", "customer number")]


def test_texts_and_databases_get_a_placeholder_and_no_page_keeps_the_old_text(state: Path) -> None:
    (state / "run.log").write_text(f"scored {PSEUDONYM} twice: {PSEUDONYM}\n", encoding="utf-8")
    long_text = "x" * 5000 + PSEUDONYM + "y" * 5000
    database = sqlite_file(state / "events.db", long_text, f'{{"key": "{PSEUDONYM}"}}', "another")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("insert into event_logs (event) values (?)", (f"deleted {PSEUDONYM}",))
        connection.execute("delete from event_logs where event like 'deleted%'")
        connection.commit()
    assert mend(state) == {"events.db": (2, "replaced"), "run.log": (2, "replaced")}
    assert found(state) == []
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select count(*) from event_logs where event like '%<erased>%'").fetchone() == (2,)


def test_frames_lose_the_persons_rows_and_models_that_hold_them_are_removed(state: Path) -> None:
    model = state / "learning" / "models" / "2025-01-05"
    model.mkdir(parents=True)
    pl.DataFrame({"who": [PSEUDONYM, "b", None], "n": [1, 2, 3]}).write_parquet(model / "rows.parquet")
    (model / "forest.bin").write_bytes(b"\xff\xfe" + PSEUDONYM.encode())
    (state / "learning" / "models" / "kept").mkdir()
    pl.DataFrame({"who": ["b"]}).write_parquet(state / "learning" / "models" / "kept" / "rows.parquet")
    assert mend(state) == {"learning/models/2025-01-05/forest.bin": (1, "model removed")}
    assert not model.exists()
    assert found(state) == []
    pl.DataFrame({"who": [PSEUDONYM, "b", None]}).write_parquet(state / "rows.parquet")
    assert mend(state) == {"rows.parquet": (1, "removed")}
    assert pl.read_parquet(state / "rows.parquet")["who"].to_list() == ["b", None]


def test_what_killed_processes_left_is_removed(state: Path) -> None:
    (state / "landing").mkdir()
    (state / "landing" / ".known_on=2025-01-01.parquet.4711").write_text(PSEUDONYM)
    (state / "published_versions" / ".partial-20260101T000000.000").mkdir(parents=True)
    (state / ".hidden").write_text("stays")
    assert len(leftovers(state)) == 2
    mend(state)
    assert leftovers(state) == []
    assert (state / ".hidden").exists()


def test_the_warehouse_is_written_anew_with_everything_else_in_it(state: Path) -> None:
    warehouse = warehouse_of(state)
    with warehouse.connect() as connection:
        connection.execute(
            "create schema marts; create schema staging; create table marts.profile (customer_key varchar, note varchar);"
            "create table staging.stg_order_lines (customer_key varchar, units double); create table marts.days (day date primary key);"
            "create view marts.seen as select count(*) as n from marts.profile; insert into marts.days values (date '2025-01-01')"
        )
        connection.execute("insert into marts.profile values ($1, 'a'), ('other', 'b'), ('third', 'like ' || $1)", [PSEUDONYM])
        connection.execute("insert into staging.stg_order_lines values ($1, 2.0), ('other', 3.0)", [PSEUDONYM])
    before = (state / "warehouse.duckdb").stat().st_ino
    told = {finding.place: (finding.rows, finding.done) for finding in erase_from_warehouse(warehouse, DISTINCT)}
    assert told == {
        "marts.profile": (1, "removed"),
        "marts.profile.note": (1, "replaced"),
        "staging.stg_order_lines": (1, "made anonymous"),
    }
    assert (state / "warehouse.duckdb").stat().st_ino != before
    assert sorted(path.name for path in state.iterdir()) == ["warehouse.duckdb", "warehouse.lock"]
    assert found(state) == []
    assert warehouse.read("select * from staging.stg_order_lines order by units").rows() == [(None, 2.0), ("other", 3.0)]
    assert warehouse.read("select n from marts.seen").rows() == [(2,)]
    with warehouse.connect() as connection, pytest.raises(duckdb.ConstraintException):
        connection.execute("insert into marts.days values (date '2025-01-01')")


def test_a_rewrite_that_fails_leaves_the_warehouse_as_it_was(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = warehouse_of(state)
    with warehouse.connect() as connection:
        connection.execute("create table kept as select 1 as one")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("assets.warehouse.os.replace", full)
        with pytest.raises(OSError, match="no space"):
            warehouse.rewrite()
    assert sorted(path.name for path in state.iterdir()) == ["warehouse.duckdb", "warehouse.lock"]
    assert warehouse.read("select one from kept").rows() == [(1,)]
