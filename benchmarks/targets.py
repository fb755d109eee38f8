"""What a benchmark of several parts shares: targets and their table, a part's tables, the parts asked for, the parts of earlier runs.

Public: `Target`, `print_targets`, `print_part`, `as_number`, `run_parts`, `parts_asked`, `earlier_parts`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.report import RESULTS, conclude, installed, write_results


@dataclass(frozen=True)
class Target:
    """A figure that must not exceed (or, `at_least`, not fall below) its target; None where it could not be measured."""

    name: str
    value: float | None
    target: float
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """True where the figure was measured and keeps its target."""
        if self.value is None:
            return False
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def words(self) -> str:
        """The figure against its target."""
        told = "not measured" if self.value is None else f"{self.value:.4g}"
        return f"{self.name} {told} against {self.target:g}"


def print_targets(targets: Sequence[Target], console: Console) -> None:
    """Print one row per target."""
    table = Table(title="targets")
    for column in ("figure", "value", "target", ""):
        table.add_column(column)
    for each in targets:
        value = "not measured" if each.value is None else f"{each.value:.5g}"
        table.add_row(each.name, value, f"{'≥' if each.at_least else '≤'} {each.target:.4g}", "" if each.holds else "falls short")
    console.print(table)


def print_part(name: str, part: Mapping[str, Any], console: Console) -> None:
    """Print every list of records of a part as a table; other figures stand in the results."""
    for title, rows in part.items():
        if title == "targets" or not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
            continue
        columns = list(dict.fromkeys(key for row in rows for key in row))
        table = Table(title=f"{name}: {title}")
        for column in columns:
            table.add_column(column)
        for row in rows:
            cells = (row.get(column) for column in columns)
            table.add_row(*(as_number(cell, 4) if isinstance(cell, float) else str(cell) for cell in cells))
        console.print(table)


def as_number(value: float | None, digits: int) -> str:
    """A figure as tables show it, nothing where there is none."""
    return "" if value is None else f"{value:,.{digits}f}"


def run_parts(
    benchmark: str,
    size: str,
    only: str,
    parts: Sequence[str],
    console: Console,
    libraries: Mapping[str, Sequence[str]] | None = None,
    printers: Mapping[str, Callable[[str, dict[str, Any]], None]] | None = None,
) -> NoReturn:
    """Run the parts asked for, print each, judge their targets, leave with 0 or 1.

    What is measured in full size is written to `results/<benchmark>.json` after each part.

    A part is a module of `benchmarks.<benchmark>` with `measure(small) -> dict`. libraries: beside those of every benchmark, whose versions
    a part keeps. printers: for parts whose tables are their own.
    """
    found: dict[str, Any] = {}
    earlier = earlier_parts(benchmark, parts)
    targets: list[Target] = []
    for name in parts_asked(size, only, parts):
        console.print(f"{name} …")
        part = import_module(f"benchmarks.{benchmark}.{name}").measure(size == "small")
        found[name] = part | {"versions": installed((libraries or {}).get(name, ()))}
        targets += [Target(each["name"], each["value"], each["target"], each.get("at_least", False)) for each in part["targets"]]
        if printers and name in printers:
            printers[name](name, part)
        else:
            print_part(name, part, console)
        if size == "full":  # a part takes minutes to an hour: what is measured is kept should a later one fail
            write_results(benchmark, {"size": size}, {**earlier, **found})
    print_targets(targets, console)
    short = [target.words for target in targets if not target.holds]
    conclude(benchmark, {"size": size}, {**earlier, **found}, short, write=size == "full")


def parts_asked(size: str, only: str, parts: Sequence[str]) -> list[str]:
    """Return the parts to run; refuse sizes and names that nobody knows."""
    if size not in ("full", "small"):
        raise typer.BadParameter("Expected --size full or small.")
    wanted = [name.strip() for name in only.split(",") if name.strip()] or list(parts)
    unknown = [name for name in wanted if name not in parts]
    if unknown:
        raise typer.BadParameter(f"Expected some of {', '.join(parts)}; got {', '.join(unknown)}.")
    return wanted


def earlier_parts(benchmark: str, parts: Sequence[str]) -> dict[str, Any]:
    """Parts of the results as they stand, of which those run now take their place."""
    file = RESULTS / f"{benchmark}.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {name: known[name] for name in parts if name in known}
