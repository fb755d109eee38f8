"""Writing a shop folder whole: the tables as Parquet, then the shop.toml that makes it a shop.

Decides only the order: tables left over from an earlier conversion go first, each file is written beside and swapped in, and
shop.toml comes last, so that a folder cut short is no shop.
"""

import os
from pathlib import Path

import polars as pl

from shops.contract import TABLES


def write_shop_folder(folder: Path, shop_toml: str, tables: dict[str, pl.DataFrame]) -> None:
    """Write `tables` and `shop_toml` into `folder`; raises ValueError for tables or columns that are not in the contract."""
    for name, frame in tables.items():
        unknown = sorted(set(frame.columns) - set(TABLES[name].by_name)) if name in TABLES else [name]
        if unknown:
            raise ValueError(f"Expected tables and columns of the contract; {name} has {unknown}.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.toml").unlink(missing_ok=True)
    for name in TABLES:
        (folder / f"{name}.parquet").unlink(missing_ok=True)
    for name, frame in tables.items():
        fresh = folder / f".{name}.parquet"
        frame.write_parquet(fresh, compression="zstd")
        os.replace(fresh, folder / f"{name}.parquet")
    fresh = folder / ".shop.toml"
    fresh.write_text(shop_toml, encoding="utf-8")
    os.replace(fresh, folder / "shop.toml")
