"""`make bench-coupons`: assignment, simpler rules, policies and their gate, calendar, ads and read-outs; one table each, one verdict.

The parts run one after the other, each heavy run in a process of its own; CPU seconds and peak memory are its own. `--only` runs some parts
and replaces theirs in the results. A part is a module of this package with `measure(small) -> dict`, whose `targets` are judged; its
results keep the versions of the libraries it was measured with.
"""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.targets import as_number, run_parts

PARTS = ("assignment", "rules", "policy", "gate", "calendar", "ads", "readout")
LIBRARIES = {  # of each part, beside those of every benchmark
    "assignment": ("ortools", "scipy"),
    "policy": ("causalml", "econml", "scikit-learn", "scikit-uplift"),
    "gate": ("scikit-learn",),
    "ads": ("scipy",),
    "readout": ("scipy", "tea-tasting"),
}
console = Console(width=140)


def main(
    size: Annotated[str, typer.Option(help="full, or small: up to 10,000 customers")] = "full",
    only: Annotated[str, typer.Option(help="some of: " + ", ".join(PARTS))] = "",
) -> None:
    """Run, judge, print, write results/coupons.json."""
    run_parts("coupons", size, only, PARTS, console, LIBRARIES, PRINTERS)


def _print_assignment(name: str, part: dict[str, Any]) -> None:
    table = Table(title=f"{name}: one coupon or none of eight per customer, fourteen limits; peers stop after {part['time_limit_s']} s")
    for column in ("method", "customers", "CPU s", "wall s", "peak GB", "value", "gap", "status"):
        table.add_column(column, justify="left" if column in ("method", "status") else "right")
    for run in part["runs"]:
        gap = "" if run.get("gap") is None else f"{run['gap']:.5%}"
        numbers = (as_number(run.get(key), digits) for key, digits in (("cpu_s", 2), ("wall_s", 2), ("peak_gb", 2), ("value", 1)))
        table.add_row(run["method"], f"{run['customers']:,}", *numbers, gap, str(run.get("failed", run.get("status", "")))[:50])
    console.print(table)
    console.print(f"proof: {part['proof']}")


def _print_rules(name: str, part: dict[str, Any]) -> None:
    table = Table(title=f"{name}: {part['customers']:,} customers, all limits; the certified plan earns {part['ours']['value']:,.1f}")
    for column in ("rule", "value", "loss", "keeps all limits"):
        table.add_column(column, justify="left" if column == "rule" else "right")
    for rule in part["rules"]:
        kept = "yes" if rule["keeps_all_limits"] else "no: " + ", ".join(rule["broken"])[:40]
        table.add_row(rule["rule"], as_number(rule["value"], 1), f"{rule['loss']:.2%}", kept)
    console.print(table)


PRINTERS: dict[str, Callable[[str, dict[str, Any]], None]] = {"assignment": _print_assignment, "rules": _print_rules}


if __name__ == "__main__":
    typer.run(main)
