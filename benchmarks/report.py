"""What every benchmark ends with: one table on the screen, one JSON file with versions and sizes, one line of verdict."""

import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
LIBRARIES = (
    "dagster",
    "dagster-dbt",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "polars",
    "mlflow-skinny",
    "prophet",
    "lightgbm",
    "pulp",
    "highspy",
)


@dataclass(frozen=True)
class Figure:
    """One measured figure; `target` is what it must not exceed (None: no target)."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def holds(self) -> bool:
        return self.target is None or self.value <= self.target


def installed(libraries: Sequence[str]) -> dict[str, str]:
    """Versions of those of the libraries that are installed."""
    found = {}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def finish(name: str, size: Mapping[str, Any], figures: Sequence[Figure]) -> None:
    """Print the table, write `results/NAME.json` and leave with 0 or 1."""
    table = Table(title=f"{name}: " + ", ".join(f"{key} {value}" for key, value in size.items()))
    for column in ("figure", "value", "unit", "target", ""):
        table.add_column(column)
    for figure in figures:
        target = "" if figure.target is None else f"≤ {figure.target:g}"
        table.add_row(figure.name, f"{figure.value:,.3g}", figure.unit, target, "" if figure.holds else "falls short")
    Console(width=120).print(table)
    told = [{"name": each.name, "value": round(each.value, 4), "unit": each.unit, "target": each.target} for each in figures]
    short = [f"{each.name} {each.value:.3g} {each.unit} against {each.target:g}" for each in figures if not each.holds]
    conclude(name, size, {"figures": told}, short)


def write_results(name: str, size: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Write `results/NAME.json`."""
    content = {
        "benchmark": name,
        "size": dict(size),
        **told,
        "versions": {"python": platform.python_version(), **{library: version(library) for library in LIBRARIES}},
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def conclude(name: str, size: Mapping[str, Any], told: Mapping[str, Any], short: Sequence[str], write: bool = True) -> NoReturn:
    """Write `results/NAME.json`, print the verdict and leave with 0 or 1."""
    if write:
        write_results(name, size, told)
    print("holds" if not short else "falls short: " + "; ".join(short))
    sys.exit(1 if short else 0)
