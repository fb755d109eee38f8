"""The written folders: complete, within the contract, the same every time, with the truth apart."""

import hashlib
import tomllib
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from shops.contract import TABLES
from shops.intake import read_table
from shops.shop import load_shop
from shops.simulated import simulate


def fingerprints(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_seed_writes_the_same_bytes_and_another_seed_others(small, tmp_path) -> None:
    simulate("small", tmp_path / "again", tmp_path / "again-truth")
    simulate("small", tmp_path / "other", tmp_path / "other-truth", seed=8)
    assert fingerprints(tmp_path / "again") == fingerprints(small.shop)
    assert fingerprints(tmp_path / "again-truth") == fingerprints(small.truth)
    assert fingerprints(tmp_path / "other")["order_lines.parquet"] != fingerprints(small.shop)["order_lines.parquet"]


# sums of order lines; decisions about orders, coupons and promotions that nobody has proposed yet
NOT_SIMULATED = ("daily_sales", "order_overrides", "coupon_overrides", "promotion_decisions")


def test_every_contract_table_is_there_with_contract_columns_only(small) -> None:
    for name, table in TABLES.items():
        if name in (*NOT_SIMULATED, "competitor_prices"):
            continue
        columns = set(small.table(name).columns)
        assert columns <= set(table.by_name), name
        assert set(table.required_columns) <= columns, name
        assert "recorded_at" in columns, name
    assert (small.shop / "competitor_prices.csv").exists()


def test_nothing_is_recorded_after_the_last_day(small) -> None:
    for name in TABLES:
        if name not in (*NOT_SIMULATED, "competitor_prices"):
            assert small.table(name)["recorded_at"].max().date() <= date(2025, 12, 31), name


def test_another_last_day_moves_the_whole_history(tmp_path) -> None:
    simulate("small", tmp_path / "shop", tmp_path / "truth", last_day=date(2024, 3, 10))
    facts = tomllib.loads((tmp_path / "shop" / "shop.toml").read_text())["shop"]
    assert (facts["last_day"], (facts["last_day"] - facts["first_day"]).days) == (date(2024, 3, 10), 269)


def test_truth_inside_the_shop_folder_and_unknown_sizes_are_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="outside the shop folder"):
        simulate("small", tmp_path / "shop", tmp_path / "shop" / "truth")
    with pytest.raises(ValueError, match="size"):
        simulate("tiny", tmp_path / "shop", tmp_path / "truth")


@pytest.mark.parametrize("name", [name for name in TABLES if name not in NOT_SIMULATED])
def test_the_intake_accepts_all_but_the_spoilt_rows(small, name) -> None:
    intake = read_table(load_shop(small.shop), name, b"k" * 32)
    read, accepted, quarantined = intake.counts.select(pl.col("rows_read", "rows_accepted", "rows_quarantined").sum()).row(0)
    assert read == accepted + quarantined
    assert accepted > 0
    if name in ("order_lines", "competitor_prices"):
        assert 0 < quarantined < 0.01 * read
        assert intake.quarantine["reason_code"].n_unique() >= 3
    else:
        assert quarantined == 0
