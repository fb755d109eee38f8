"""Files and settings damaged by lot: read to the last row, refused with a reason, never raised.

The same mutations run by the hundred thousand in `make bench-reliability`.
"""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.reliability.bad_input.dialects import DIALECTS, PARQUET_OPTIONS, sound_parquet, sound_text
from benchmarks.reliability.bad_input.judge import broken_rules
from benchmarks.reliability.bad_input.mutated_worker import OUTCOMES, Reader
from benchmarks.reliability.bad_input.mutations import mutant
from benchmarks.reliability.bad_input.nasty import NASTY
from benchmarks.reliability.bad_input.odd_columns import odd_columns
from benchmarks.reliability.bad_input.sound_shop import ROWS, as_csv_line, sound_tables
from shops.contract_doc import EXAMPLE_TOML
from shops.shop import ShopError, load_shop


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("mutated"))


@settings(max_examples=150, deadline=None)
@given(number=st.integers(0, 10**9))
def test_a_damaged_file_loses_nothing_and_breaks_nothing(reader: Reader, number: int) -> None:
    case = mutant(1, number)
    found, complaints = reader.judge(case)
    assert complaints == [], (case.table, case.dialect, case.done)
    assert found in OUTCOMES


def test_the_same_number_is_the_same_file() -> None:
    assert [mutant(1, number) for number in range(200)] == [mutant(1, number) for number in range(200)]
    assert len({mutant(1, number).content for number in range(200)}) > 190


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_what_is_damaged_was_sound(reader: Reader, dialect) -> None:
    for table in ("order_lines", "products", "suppliers", "calendar"):
        assert len(reader.sound(table, dialect)) == ROWS


@pytest.mark.parametrize("option", range(len(PARQUET_OPTIONS)))
def test_sound_parquet_is_read_however_it_was_written(reader: Reader, option: int) -> None:
    assert reader.read("customers", DIALECTS["parquet"], sound_parquet("customers", option)).accepted.height == ROWS


CELLS = st.one_of(st.sampled_from(NASTY), st.text(max_size=12))


@settings(max_examples=60, deadline=None)
@given(table=st.sampled_from(sorted(sound_tables())), rows=st.lists(st.lists(CELLS, min_size=1, max_size=16), max_size=6))
def test_rows_of_anything_are_all_accounted_for(reader: Reader, table: str, rows: list[list[str]]) -> None:
    header = sound_text(table, DIALECTS["plain"]).splitlines()[0]
    content = "\n".join([header, *(as_csv_line(row) for row in rows)]) + "\n"
    intake = reader.read(table, DIALECTS["plain"], content.encode("utf-8", "surrogatepass"))
    assert broken_rules(intake, table) == []
    if not any(mark in cell for mark in "\r\n" for row in rows for cell in row):
        assert intake.counts["rows_read"].sum() == len(rows)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300), suffix=st.sampled_from(["plain", "parquet"]))
@example(content=b"PAR1" + bytes(8) + b"PAR1", suffix="parquet")
def test_bytes_of_anything_are_read_or_refused(reader: Reader, content: bytes, suffix: str) -> None:
    assert broken_rules(reader.read("order_lines", DIALECTS[suffix], content), "order_lines") == []


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(sorted(odd_columns())), seed=st.randoms(use_true_random=False))
def test_odd_columns_can_be_made(kind: str, seed) -> None:
    assert len(odd_columns()[kind](seed)) == ROWS


SETTINGS = st.sampled_from(
    ["=", "[", "]", '"', "\n", ".", "-1", "1e9", "nan", "true", "2024-01-01", "[shop]\n", "x = 1\n", "\0", "é", '""', "{}"]
)


@settings(max_examples=150, deadline=None)
@given(start=st.integers(0, len(EXAMPLE_TOML)), length=st.integers(0, 40), text=st.lists(SETTINGS, max_size=3))
def test_settings_of_anything_are_a_shop_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, text: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "settings"
    folder.mkdir(exist_ok=True)
    (folder / "shop.toml").write_text(EXAMPLE_TOML[:start] + "".join(text) + EXAMPLE_TOML[start + length :], encoding="utf-8")
    told = error_about(folder)
    assert told is None or ("shop.toml" in told and told.endswith(".") and "\n" not in told)


def error_about(folder: Path) -> str | None:
    try:
        load_shop(folder)
    except ShopError as error:
        return str(error)
    return None
