"""The intake of a table kept as Parquet, so that an unchanged table is read and checked once.

Decides when an earlier outcome still holds: the table's files (path, size, time of change, inode), what shop.toml says about reading
them, the contract, the intake's own code, the pseudonym key and the list of erased persons must all be the same. One *entry* per table is
kept; it is written beside and renamed, so that a reader sees a whole entry or none. An entry that cannot be read is made anew.
"""

import hashlib
import json
import os
import shutil
from functools import cache
from pathlib import Path

import polars as pl

from shops.contract import TABLES
from shops.erased import Erased, names_customers
from shops.intake import Intake, read_table
from shops.intake_files import file_columns, table_files
from shops.shop import Shop

PARTS = ("accepted", "quarantine", "counts")


def cached_intake(shop: Shop, table_name: str, key: bytes, cache_folder: Path, erased: Erased | None = None) -> Intake:
    """Same as `shops.intake.read_table`, from `cache_folder` where an entry still holds. The folder belongs to this cache alone."""
    entry = Path(cache_folder) / f"{table_name}-{intake_fingerprint(shop, table_name, key, erased)}"
    kept = _read_entry(entry)
    if kept is not None:
        return kept
    intake = read_table(shop, table_name, key, erased)
    _write_entry(entry, intake)
    _remove_other_entries(entry, table_name)
    return intake


def intake_fingerprint(shop: Shop, table_name: str, key: bytes, erased: Erased | None = None) -> str:
    """32 hex digits that change with anything the intake of the table depends on; the key itself cannot be told from them."""
    files, unmatched = table_files(shop, table_name)
    parts = {
        "files": [_file_state(path, shop.path) for path in files],
        "unmatched": unmatched,
        "columns": file_columns(shop, TABLES[table_name]),
        "reading": repr((shop.csv, shop.currency, shop.time_zone, shop.first_day, shop.last_day)),
        "contract": repr(TABLES[table_name]),
        "code": _code_digest(),
        "polars": pl.__version__,
        "erased": erased.digest if erased and names_customers(TABLES[table_name]) else "",
        "key": hashlib.blake2b(b"intake cache", key=key[:64], digest_size=16).hexdigest(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _file_state(path: Path, folder: Path) -> tuple[str, int, int, int]:
    try:
        state = path.stat()
    except OSError:  # a broken link, or a file that has just gone: the intake says so
        return path.relative_to(folder).as_posix(), -1, -1, -1
    return path.relative_to(folder).as_posix(), state.st_size, state.st_mtime_ns, state.st_ino


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _read_entry(entry: Path) -> Intake | None:
    if not entry.is_dir():
        return None
    try:
        return Intake(*(pl.read_parquet(entry / f"{part}.parquet", memory_map=False) for part in PARTS))
    except (OSError, pl.exceptions.PolarsError):
        shutil.rmtree(entry, ignore_errors=True)
        return None


def _write_entry(entry: Path, intake: Intake) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    fresh = entry.with_name(f".{entry.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for part in PARTS:
        getattr(intake, part).write_parquet(fresh / f"{part}.parquet", compression="lz4")
    try:
        os.replace(fresh, entry)
    except OSError:  # another process made the same entry first
        shutil.rmtree(fresh, ignore_errors=True)
        if not entry.is_dir():
            raise


def _remove_other_entries(entry: Path, table_name: str) -> None:
    for other in entry.parent.glob(f"{table_name}-*"):
        if other.name != entry.name and other.name.rpartition("-")[0] == table_name:
            shutil.rmtree(other, ignore_errors=True)
