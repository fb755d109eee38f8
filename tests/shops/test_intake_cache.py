"""The cache answers like the intake, and forgets whatever no longer holds."""

import os
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from shops import intake_cache
from shops.intake import Intake, read_table
from shops.intake_cache import cached_intake

CONTENT = "product_id,unit_cost\np1,2.5\np2,dear\n"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tables that were read anew."""
    names: list[str] = []

    def counted(shop, table_name: str, *rest: object) -> Intake:
        names.append(table_name)
        return read_table(shop, table_name, *rest)

    monkeypatch.setattr(intake_cache, "read_table", counted)
    return names


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_unchanged_table_is_read_once_and_answered_alike(make_shop, key, tmp_path, reads) -> None:
    shop = make_shop({"products.csv": CONTENT})
    first = cached_intake(shop, "products", key, tmp_path / "cache")
    second = cached_intake(shop, "products", key, tmp_path / "cache")
    assert reads == ["products"]
    for part in ("accepted", "quarantine", "counts"):
        assert_frame_equal(getattr(first, part), getattr(second, part))


def test_a_changed_file_key_or_setting_is_read_anew(make_shop, key, tmp_path, reads) -> None:
    shop = make_shop({"products.csv": CONTENT})
    cached_intake(shop, "products", key, tmp_path / "cache")
    cached_intake(shop, "products", b"another key of enough bytes", tmp_path / "cache")
    shop = make_shop({"products.csv": CONTENT + "p3,1\n"})
    assert cached_intake(shop, "products", key, tmp_path / "cache").accepted["product_id"].to_list() == ["p1", "p3"]
    shop = make_shop(settings='[columns.products]\nregular_price = "unit_cost"\n')
    assert cached_intake(shop, "products", key, tmp_path / "cache").accepted["regular_price"].to_list() == [2.5, 1.0]
    assert len(reads) == 4


def test_only_the_newest_entry_of_a_table_is_kept(make_shop, key, tmp_path) -> None:
    shop = make_shop({"products.csv": CONTENT, "prices.csv": "product_id,valid_from,price\np1,2024-03-01,3\n"})
    cached_intake(shop, "prices", key, tmp_path / "cache")
    cached_intake(shop, "products", key, tmp_path / "cache")
    cached_intake(make_shop({"products.csv": CONTENT + "p3,1\n"}), "products", key, tmp_path / "cache")
    assert [name.rpartition("-")[0] for name in entries(tmp_path / "cache")] == ["prices", "products"]


def test_a_damaged_entry_is_made_anew(make_shop, key, tmp_path, reads) -> None:
    shop = make_shop({"products.csv": CONTENT})
    cached_intake(shop, "products", key, tmp_path / "cache")
    (entry,) = (tmp_path / "cache").iterdir()
    (entry / "accepted.parquet").write_bytes(b"half a file")
    assert cached_intake(shop, "products", key, tmp_path / "cache").accepted.height == 1
    assert len(reads) == 2
    assert pl.read_parquet(entry / "accepted.parquet").height == 1


def test_a_file_swapped_for_one_of_the_same_size_and_time_is_seen(make_shop, key, tmp_path) -> None:
    shop = make_shop({"products.csv": CONTENT})
    cached_intake(shop, "products", key, tmp_path / "cache")
    path = shop.path / "products.csv"
    state = path.stat()
    other = path.with_name("other")
    other.write_text(CONTENT.replace("2.5", "7.5"))
    os.utime(other, ns=(state.st_atime_ns, state.st_mtime_ns))
    os.replace(other, path)
    assert cached_intake(shop, "products", key, tmp_path / "cache").accepted["unit_cost"].to_list() == [7.5]
