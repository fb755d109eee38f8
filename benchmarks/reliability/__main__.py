"""`python -m benchmarks.reliability [--size small|full] [--only NAME ...]`: every promise under fire, one table, 0 wrong results wanted."""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.reliability.outcome import Outcome, one_trial
from benchmarks.report import conclude

# each module has `run(size, root) -> list[Outcome]`; size is "small" or "full", root an empty folder of its own; the longest come first
TRIALS = (
    "kills",
    "mutated_files",
    "as_of",
    "late_records",
    "degenerate_shops",
    "repeats",
    "erasure",
    "resources",
    "alerting",
    "named_faults",
    "readers",
    "worker",
    "clock",
    "hostile_names",
)
AT_ONCE = 3  # trials beside each other: some wait for locks and pauses


def main() -> None:
    """Run the trials and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="full")
    parser.add_argument("--only", nargs="*", choices=TRIALS, help="run these trials only; nothing is written then")
    chosen = parser.parse_args()
    outcomes: list[Outcome] = []
    cpu_seconds: dict[str, float] = {}
    names = chosen.only or TRIALS
    with tempfile.TemporaryDirectory(prefix="countinghouse-") as folder, ProcessPoolExecutor(AT_ONCE, get_context("spawn")) as pool:
        running = {name: pool.submit(one_trial, name, chosen.size, Path(folder) / name) for name in names}
        for name, future in running.items():
            found, cpu_seconds[name] = future.result()
            print(f"{name}: {cpu_seconds[name]:.0f} CPU s", flush=True)
            for outcome in found:
                print(f"  {outcome.promise}: {outcome.wrong} wrong of {outcome.tries}, {outcome.seconds:.0f} s", flush=True)
            outcomes += found
    show(outcomes)
    rows = [
        {
            "promise": each.promise,
            "tries": each.tries,
            "faults": each.faults,
            "wrong": each.wrong,
            "seconds": round(each.seconds, 1),
            "note": each.note,
        }
        for each in outcomes
    ]
    told = {"trials": rows, "cpu_seconds": {name: round(seconds) for name, seconds in cpu_seconds.items()}}
    short = [f"{each.promise}: {each.wrong} wrong" for each in outcomes if each.wrong]
    conclude("reliability", {"size": chosen.size}, told, short, write=not chosen.only)


def show(outcomes: list[Outcome]) -> None:
    """One table; below it what went wrong."""
    table = Table(title="reliability")
    for column in ("promise", "tries", "faults injected", "wrong results", "seconds", "measured beside it"):
        table.add_column(column)
    for each in outcomes:
        table.add_row(each.promise, f"{each.tries:,}", f"{each.faults:,}", str(each.wrong), f"{each.seconds:.0f}", each.note)
    Console(width=150).print(table)
    for each in outcomes:
        for complaint in each.complaints[:10]:
            print(f"wrong, {each.promise}: {complaint}")


if __name__ == "__main__":
    main()
