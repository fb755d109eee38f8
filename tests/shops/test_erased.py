"""Erased persons: what is kept of them, and that they never land again."""

import stat
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shops.erased import Erased, erased_file, load_erased, note_erased, pseudonym_of
from shops.intake import read_table
from shops.intake_store import stored_intake

CUSTOMERS = "customer_id,region\nC1,north\nC2,south\n c1 ,east\n"
LINES = """order_id,line_id,order_ts,product_id,units,unit_price,customer_id
1,1,2024-03-02 10:00,tea,2,3.5,C1
1,2,2024-03-02 10:00,cup,1,8.0,C1
2,1,2024-03-03 11:00,cup,1,8.0,C2
3,1,2024-03-03 12:00,cup,many,8.0,C1
"""
EVENTS = "event_id,event_ts,customer_id,event_type\n1,2024-03-02 10:00,C1,view\n2,2024-03-02 10:01,,view\n"


@pytest.fixture
def key_file(tmp_path: Path, key: bytes) -> Path:
    return tmp_path / "keys" / "pseudonym.key"


@pytest.fixture
def erased(key_file: Path, key: bytes) -> Erased:
    """C1 of the shop `tiny`, noted under another spelling."""
    key_file.parent.mkdir()
    return note_erased(key_file, Erased("tiny", key), " c1")


def test_neither_number_nor_pseudonym_can_be_told_from_the_list(key_file: Path, key: bytes, erased: Erased) -> None:
    file = erased_file(key_file)
    written = file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert pseudonym_of("C1", key) not in written
    assert len(written.split()) == 1
    assert load_erased(key_file, key, "tiny") == erased
    assert "key" not in repr(erased), "the key is not printed by accident"


def test_a_person_is_noted_once_and_beside_those_noted_before(key_file: Path, key: bytes, erased: Erased) -> None:
    both = note_erased(key_file, Erased("tiny", key), "C2")
    assert len(both.marks) == 2
    assert note_erased(key_file, Erased("tiny", key), "C1").marks == both.marks


def test_a_number_erased_in_one_shop_is_another_person_in_another(key_file: Path, key: bytes, erased: Erased) -> None:
    pseudonyms = pl.Series([pseudonym_of("C1", key), None, pseudonym_of("C2", key)])
    assert erased.among(pseudonyms).to_list() == [True, False, False]
    assert load_erased(key_file, key, "other").among(pseudonyms).to_list() == [False, False, False]


def test_a_damaged_list_is_no_empty_list(key_file: Path, key: bytes, erased: Erased) -> None:
    erased_file(key_file).write_text("abc\n")
    with pytest.raises(ValueError, match="restore it from a backup"):
        load_erased(key_file, key, "tiny")


def test_an_empty_number_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="customer number"):
        pseudonym_of("  ", key)


def test_rows_of_an_erased_person_are_refused_openly_and_without_their_values(make_shop, key, erased: Erased) -> None:
    intake = read_table(make_shop({"customers.csv": CUSTOMERS}), "customers", key, erased)
    assert intake.accepted["region"].to_list() == ["south"]
    assert intake.quarantine["reason_code"].to_list() == ["erased", "erased"]
    assert intake.quarantine.select("source_row", "business_day", "raw").unique().rows() == [(None, None, "{}")]
    assert intake.counts.select("rows_read", "rows_accepted", "rows_quarantined").rows() == [(3, 1, 2)]


def test_sales_of_an_erased_person_stay_as_sales_of_nobody(make_shop, key, erased: Erased) -> None:
    shop = make_shop({"order_lines.csv": LINES})
    before, after = read_table(shop, "order_lines", key), read_table(shop, "order_lines", key, erased)
    assert after.accepted["customer_key"].to_list() == [None, None, pseudonym_of("C2", key)]
    assert_frame_equal(after.accepted.drop("customer_key"), before.accepted.drop("customer_key"))
    assert_frame_equal(after.counts, before.counts)
    assert after.quarantine["reason_code"].to_list() == ["not_a_number"]


def test_events_without_a_customer_stay(make_shop, key, erased: Erased) -> None:
    intake = read_table(make_shop({"web_events.csv": EVENTS}), "web_events", key, erased)
    assert intake.accepted["event_id"].to_list() == ["2"]


def test_an_intake_kept_from_before_the_erasure_is_not_used_again(make_shop, key, erased: Erased, tmp_path: Path) -> None:
    shop, cache = make_shop({"customers.csv": CUSTOMERS, "products.csv": "product_id\ntea\n"}), tmp_path / "cache"
    assert stored_intake(shop, "customers", key, cache).accepted().height == 3
    stored_intake(shop, "products", key, cache)
    products = sorted(path.name for path in cache.glob("products/batch-*"))
    assert stored_intake(shop, "customers", key, cache, erased).accepted().height == 1
    assert len(list(cache.glob("customers/batch-*"))) == 1, "the entry with the person is gone"
    stored_intake(shop, "products", key, cache, erased)
    assert sorted(path.name for path in cache.glob("products/batch-*")) == products, "tables without customers are not read again"
