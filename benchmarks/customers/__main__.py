"""`make bench-customers`: recommendations, basket rules, purchase outlook, segments, a shop of a million customers, erasure; one verdict.

The parts run one after the other, each heavy run in a process of its own; CPU seconds and peak memory are its own. `--only` runs some parts
and replaces theirs in the results. A part is a module of this package with `measure(small) -> dict`, whose `targets` are judged.
"""

from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.report import conclude
from benchmarks.targets import Target, earlier_parts, parts_asked, print_part, print_targets

PARTS = ("recommendations", "basket_rules", "outlook", "segments", "scale", "erasure")
console = Console(width=140)


def main(
    size: Annotated[str, typer.Option(help="full, or small: one window, few draws, a small shop")] = "full",
    only: Annotated[str, typer.Option(help="some of: " + ", ".join(PARTS))] = "",
) -> None:
    """Run, judge, print, write results/customers.json."""
    wanted = parts_asked(size, only, PARTS)
    found: dict[str, Any] = {}
    targets: list[Target] = []
    for name in wanted:
        console.print(f"{name} …")
        part = import_module(f"benchmarks.customers.{name}").measure(size == "small")
        found[name] = part
        targets += [Target(each["name"], each["value"], each["target"], each.get("at_least", False)) for each in part["targets"]]
        print_part(name, part, console)
    print_targets(targets, console)
    short = [target.words for target in targets if not target.holds]
    conclude("customers", {"size": size}, {**earlier_parts("customers", PARTS), **found}, short, write=size == "full")


if __name__ == "__main__":
    typer.run(main)
