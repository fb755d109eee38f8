"""`make bench-customers`: recommendations, basket rules, purchase outlook, its uses, segments, a million customers, erasure: one verdict.

The parts run one after the other, each heavy run in a process of its own; CPU seconds and peak memory are its own. `--only` runs some parts
and replaces theirs in the results. A part is a module of this package with `measure(small) -> dict`, whose `targets` are judged.
"""

from typing import Annotated

import typer
from rich.console import Console

from benchmarks.targets import run_parts

PARTS = ("recommendations", "basket_rules", "outlook", "outlook_uses", "segments", "scale", "erasure")
LIBRARIES = {  # of each part, beside those of every benchmark
    "recommendations": ("implicit", "scikit-learn"),
    "basket_rules": ("efficient-apriori", "mlxtend"),
    "outlook": ("lifetimes", "scikit-learn"),
    "segments": ("scikit-learn",),
}


def main(
    size: Annotated[str, typer.Option(help="full, or small: one window, few draws, a small shop")] = "full",
    only: Annotated[str, typer.Option(help="some of: " + ", ".join(PARTS))] = "",
) -> None:
    """Run, judge, print, write results/customers.json."""
    run_parts("customers", size, only, PARTS, Console(width=140), LIBRARIES)


if __name__ == "__main__":
    typer.run(main)
