"""`make bench-replenishment`: programs at four sizes, textbook cases, and twelve windows in closed loop; one table each, one verdict.

The parts run one after the other, each heavy run in a process of its own; CPU seconds and peak memory are its own. `--only` runs some parts
and replaces theirs in the results.
"""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.replenishment import closed_loop, horizon, one_cycle, textbook
from benchmarks.report import conclude
from benchmarks.targets import Target, earlier_parts, parts_asked, print_targets

PARTS = {"one-cycle": one_cycle.measure, "horizon": horizon.measure, "textbook": textbook.measure, "closed-loop": closed_loop.measure}
LEAST_WINDOW_SHARE = 10 / 12
console = Console(width=140)


def main(
    size: Annotated[str, typer.Option(help="full, or small: up to 1,000 items, two windows")] = "full",
    only: Annotated[str, typer.Option(help="some of: " + ", ".join(PARTS))] = "",
) -> None:
    """Run, judge, print, write results/replenishment.json."""
    wanted = parts_asked(size, only, tuple(PARTS))
    found: dict[str, Any] = {}
    targets: list[Target] = []
    for name in wanted:
        console.print(f"{name} …")
        part = PARTS[name](size == "small")
        judged = JUDGES[name](part)
        targets += judged
        told = [{"name": each.name, "value": each.value, "target": each.target, "at_least": each.at_least} for each in judged]
        found[name] = {**part, "targets": told}
    print_targets(targets, console)
    short = [target.words for target in targets if not target.holds]
    conclude("replenishment", {"size": size}, {**earlier_parts("replenishment", tuple(PARTS)), **found}, short, write=size == "full")


def _programs(part: str, found: dict[str, Any]) -> None:
    table = Table(title=part)
    for column in ("method", "item-locations", "CPU s", "wall s", "peak GB", "value", "bound", "gap", "status"):
        table.add_column(column, justify="left" if column in ("method", "status") else "right")
    for run in found["runs"]:
        method = run["method"] + (", suppliers' terms" if run.get("terms") else "")
        if "failed" in run:
            table.add_row(method, f"{run['items']:,}", "", "", "", "", "", "", str(run["failed"])[:50])
            continue
        numbers = (
            _number(run.get(name), digits) for name, digits in (("cpu_s", 1), ("wall_s", 1), ("peak_gb", 2), ("value", 1), ("bound", 1))
        )
        gap = "" if run.get("gap") is None else f"{run['gap']:.5%}"
        table.add_row(method, f"{run['items']:,}", *numbers, gap, str(run.get("status", "")))
    console.print(table)


def _one_cycle(found: dict[str, Any]) -> list[Target]:
    _programs("one cycle", found)
    proof = found["proof"]
    console.print(f"proof: {proof}; peers stop after {found['time_limit_s']} s")
    targets = [Target(f"one cycle: {each['name']}", each["value"], each["target"]) for each in found.pop("targets")]
    unequal = proof["instances"] - proof["equal_to_highs_at_gap_0"]
    unchecked = proof["instances"] - proof["checker_passes"]
    return [*targets, Target("one cycle: instances unlike HiGHS at gap 0", unequal, 0), Target("one cycle: checker", unchecked, 0)]


def _horizon(found: dict[str, Any]) -> list[Target]:
    _programs("rolling horizon, 8 periods", found)
    proof = found["correctness"]
    console.print(f"proof: {proof}; peers stop after {horizon.LIMIT_S} s")
    prices = found["shadow_prices"]
    console.print(f"shadow prices beside planning again at 1 % more and less: {prices}")
    targets = []
    for run in found["runs"]:
        if "failed" in run:
            if run["method"] == "ours":
                targets.append(
                    Target(f"8 periods: a plan at {run['items']:,}" + (" with suppliers' terms" if run["terms"] else ""), None, 0)
                )
            continue
        if run["method"] == "ours" and not run["terms"] and run["items"] >= 10_000:
            name = f"8 periods: {{}} at {run['items']:,}"
            targets.append(Target(name.format("gap"), run["gap"], 5e-4))
            if run["items"] == 10_000:
                targets.append(Target(name.format("CPU seconds"), run["cpu_s"], 10.0))
            else:
                targets.append(Target(name.format("seconds"), run["wall_s"], 120.0))
    unequal, outside = proof["problems"] - proof["equal"], proof["problems"] - proof["enclosed"]
    counts = ("unlike HiGHS at gap 0", unequal), ("bounds not around HiGHS", outside), ("plans that break a limit", proof["broken"])
    counts = (*counts, ("shadow prices unlike planning again", prices["apart"]))
    return [*targets, *(Target(f"8 periods: {name}", count, 0) for name, count in counts)]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _textbook(found: dict[str, Any]) -> list[Target]:
    lots = found["wagner_whitin"]
    console.print(f"Wagner-Whitin: {lots}")
    unequal = 0
    for kind, told in found["policies"].items():
        console.print(f"{kind}: {told['equal']} of {told['cases']} equal to stockpyl {found['stockpyl']}")
        unequal += told["cases"] - told["equal"]
    return [
        Target("Wagner-Whitin: largest difference from stockpyl", lots["largest_difference"], 1e-6),
        Target("Wagner-Whitin: times faster per item", lots["ratio"], 20, at_least=True),
        Target("textbook policies unlike stockpyl", unequal, 0),
    ]


def _closed_loop(found: dict[str, Any]) -> list[Target]:
    table = Table(title=f"closed loop, mean of {found['windows']} windows of {found['items']} items, budgets {found['budgets']}")
    columns = ("policy", "cost", "95 %", "holding", "lost margin", "fill rate", "turns", "lines", "bullwhip", "cost A / B / C")
    for column in columns:
        table.add_column(column, justify="left" if column == "policy" else "right")
    for name, told in sorted(found["figures"].items(), key=lambda one: one[1]["cost"]):
        interval = "" if told["cost_interval"] is None else " – ".join(f"{value:,.0f}" for value in told["cost_interval"])
        money = (f"{told[measure]:,.0f}" for measure in ("holding", "shortage"))
        classes = " / ".join(f"{value:,.0f}" for value in told["cost_by_class"])
        rates = f"{told['fill_rate']:.1%}", f"{told['turns']:.2f}", f"{told['order_lines']:,.0f}", f"{told['bullwhip']:.2f}"
        table.add_row(name, f"{told['cost']:,.0f}", interval, *money, *rates, classes)
    console.print(table)
    best = found["best_rule"]
    console.print(
        f"against the best rule ({best}): {found['ratio_to_best_rule']:.3f} {found['ratio_interval']}, better in {found['better_in']}; "
        f"against each window's best: {found['ratio_to_each_windows_best_rule']:.3f}, better in {found['better_than_each_windows_best_in']}"
    )
    return [
        Target("closed loop: cost / best rule", found["ratio_to_best_rule"], 0.88),
        Target("closed loop: share of windows better", found["better_in"] / found["windows"], round(LEAST_WINDOW_SHARE, 4), at_least=True),
        Target("closed loop: cost at equal fill / z sigma sqrt(L)", found["ratio_at_equal_fill_to_reorder_point"], 0.85),
        Target("closed loop: orders outside limits", found["limits_broken"], 0),
    ]


JUDGES = {
    "one-cycle": _one_cycle,
    "horizon": _horizon,
    "textbook": _textbook,
    "closed-loop": _closed_loop,
}


if __name__ == "__main__":
    typer.run(main)
