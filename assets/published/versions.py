"""Versions of the published tables: all tables of a publication appear at one moment.

`published` is a link to the newest folder below `published_versions`. A new version is written beside and the link is swapped, so whoever
opens `published/<table>.parquet`, directly or through a view of `bi.duckdb`, gets a whole table, and tables opened one after another belong
together unless the swap happens between them. The version before is kept for readers still at it; what a killed run left is removed.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assets.house import House

KEPT_VERSIONS = 2
PARTIAL = ".partial-"


@contextmanager
def new_version(house: House) -> Iterator[Path]:
    """A folder to write the next version into; it becomes `house.published` when the block ends well, and vanishes when it fails.

    The caller holds the shop's turn, so there is one publisher at a time. The folder's name is the version, later than every one before.
    """
    versions = house.published_versions
    versions.mkdir(parents=True, exist_ok=True)
    for leftover in versions.glob(f"{PARTIAL}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    name = next_name(versions, datetime.now(UTC))
    partial = versions / f"{PARTIAL}{name}"
    partial.mkdir()
    try:
        yield partial
        for file in partial.iterdir():
            _to_disk(file)
        partial.rename(versions / name)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _point_to(house.published, versions / name)
    for old in _versions(versions)[:-KEPT_VERSIONS]:
        shutil.rmtree(versions / old, ignore_errors=True)


def version_name(folder: Path) -> str:
    """The version a folder handed out by `new_version` holds."""
    return folder.name.removeprefix(PARTIAL)


def next_name(versions: Path, now: datetime) -> str:
    """A name that sorts after every version there is, also where the clock was moved back: `20260101T023000.000`, counted up at the end."""
    wanted = f"{now:%Y%m%dT%H%M%S}.000"
    newest = max(_versions(versions), default="")
    if wanted > newest:
        return wanted
    stamp, _, count = newest.partition(".")
    return f"{stamp}.{int(count) + 1:03d}"


def _versions(versions: Path) -> list[str]:
    return sorted(folder.name for folder in versions.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _point_to(link: Path, folder: Path) -> None:
    if link.is_dir() and not link.is_symlink():  # a copy of the state made by a tool that follows links
        shutil.rmtree(link)
    beside = link.with_name(f".{link.name}.link")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(folder, link.parent), target_is_directory=True)
    os.replace(beside, link)


def _to_disk(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
