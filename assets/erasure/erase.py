"""Erasing a person: out of every room of the house, for good, and proven.

The order matters. The person is put on the list of erased persons first, so that whatever happens afterwards nobody lands them again; then
landing, warehouse, published tables and all other files follow, and at the end everything is searched. An erasure that was killed half way
leaves a mark in `erasing/` (by which the next page says so) and is finished by starting it again. The caller holds the shop's turn.
docs/decisions/0008 says why sales stay as sales of nobody.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.erasure.files import erase_from_files
from assets.erasure.finding import Finding, Person, person
from assets.erasure.landed import erase_from_landing
from assets.erasure.search import Search, search_state
from assets.erasure.warehoused import erase_from_warehouse
from assets.house import House
from assets.published.tables import publish
from assets.warehouse import Warehouse
from assets.windows import Window
from shops.erased import note_erased

ROOM = "published"


@dataclass(frozen=True)
class Erasure:
    """What was found where and done with it, and what a search of everything found afterwards."""

    findings: tuple[Finding, ...]
    search: Search


def erase_person(house: House, warehouse: Warehouse, number: str, say: Callable[[str], None]) -> Erasure:
    """Erase the person with this customer number. Raises ValueError on an empty number."""
    key = house.pseudonym_key()
    gone = person(number, key)
    erased = note_erased(Path(house.key_file), house.erased(), number)
    begun = house.state / "erasing" / erased.mark(gone.pseudonym)
    begun.parent.mkdir(parents=True, exist_ok=True)
    begun.touch()
    say("landing")
    findings = list(erase_from_landing(house, gone))
    say("warehouse")
    findings += erase_from_warehouse(warehouse, gone)
    say("published tables")
    findings += _publish_again(house, warehouse, gone)
    say("models, logs and run history")
    findings += erase_from_files(house.state, gone, done=(house.warehouse, house.landing, house.intake_cache, house.published_versions))
    say("searching everything")
    search = search_state(house.state, warehouse, gone)
    if not search.remains:
        begun.unlink()
        if not any(begun.parent.iterdir()):
            begun.parent.rmdir()
    return Erasure(tuple(findings), search)


def unfinished_erasures(state: Path) -> int:
    """How many persons are half erased: the command was killed, or its search still found them."""
    folder = state / "erasing"
    return len(list(folder.iterdir())) if folder.exists() else 0


def _publish_again(house: House, warehouse: Warehouse, gone: Person) -> list[Finding]:
    """Publish a version without the person and remove every version before it, at once."""
    told = house.published / "_published.parquet"
    if not told.exists():
        return []
    found = [Finding(ROOM, name, rows, "removed") for name, rows in _rows_by_table(house.published, gone).items()]
    before = pl.read_parquet(told, memory_map=False).row(0, named=True)
    for _ in range(2):  # the first carries the data of the version before it for those who are reading, unseen but there (overlaps.py)
        publish(house, warehouse, "erasure", Window(before["window_start"], before["window_end"]))
    newest = Path(os.path.realpath(house.published))
    for old in house.published_versions.iterdir():
        if old != newest:
            shutil.rmtree(old, ignore_errors=True)
    return found


def _rows_by_table(folder: Path, gone: Person) -> dict[str, int]:
    found = {}
    for file in sorted(folder.glob("*.parquet")):
        frame = pl.read_parquet(file, memory_map=False)
        texts = [
            frame[name].str.contains(gone.pseudonym, literal=True).fill_null(False)
            for name, kind in frame.schema.items()
            if kind == pl.String
        ]
        rows = int(pl.DataFrame(texts).select(pl.any_horizontal(pl.all())).to_series().sum()) if texts else 0
        if rows:
            found[file.stem] = rows
    return found
