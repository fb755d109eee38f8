"""A tiny shop folder made on the spot: two weeks, euros, Berlin."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from shops.intake import read_table
from shops.shop import Shop, load_shop

KEY = b"0123456789abcdef0123456789abcdef"  # pragma: allowlist secret
SHOP_TOML = """[shop]
name = "tiny"
currency = "EUR"
time_zone = "Europe/Berlin"
first_day = 2024-03-01
last_day = 2024-03-14
"""

MakeShop = Callable[..., Shop]


@pytest.fixture
def key() -> bytes:
    return KEY


@pytest.fixture
def make_shop(tmp_path: Path) -> MakeShop:
    """Write files (frames as Parquet, text or bytes as they are) and shop.toml, and return the shop."""

    def make(files: dict[str, pl.DataFrame | str | bytes] | None = None, settings: str = "") -> Shop:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "shop.toml").write_text(SHOP_TOML + settings)
        for name, content in (files or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pl.DataFrame):
                content.write_parquet(path)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content)
        return load_shop(folder)

    return make


@pytest.fixture
def refusal_of_second(make_shop: MakeShop, key: bytes) -> Callable[[str, str], tuple[str, str]]:
    """Read a file of two decisions by Ann Example; return code and reason of why the second was refused, after a look for her name."""

    def read(table: str, text: str) -> tuple[str, str]:
        intake = read_table(make_shop({f"{table}.csv": text}), table, key)
        assert intake.counts.rows() == [(table, f"{table}.csv", 2, 1, 1)]
        row = intake.quarantine.row(0, named=True)
        assert row["source_row"] == 2
        assert "Ann" not in row["raw"]
        return row["reason_code"], row["reason"]

    return read
