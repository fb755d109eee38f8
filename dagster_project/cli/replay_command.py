"""`countinghouse replay`: a folder of past sales replayed in closed loop, ours beside the rules that shops order by."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from optimization.closed_loop.baselines import BASELINES
from shops.replay_folder import ReplayFolderError, ReplayTerms, read_replay_folder

if TYPE_CHECKING:
    from assets.closed_loop.replay import ReplayResult, Told

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
errors = Console(stderr=True, highlight=False, markup=False)
ORDERS, FIGURES = "orders.csv", "figures.csv"
COLUMNS = ("policy", "cost", "/ best rule", "holding", "shortage", "units missed", "fill rate", "turns", "settings, chosen on the past")
MEASURES = ("cost", "holding", "shortage", "missed_units", "fill_rate", "turns", "mean_stock", "ordered_units", "order_lines")


def replay(
    folder: Annotated[Path, typer.Argument(help="Folder with sales, initial_state and replay.toml (docs/guides/replay.md).")],
    output: Annotated[Path | None, typer.Option("--output", help="Where orders and figures go. Default: FOLDER/replay.")] = None,
) -> None:
    """Order round by round as if it were then: settings from the past alone, costs beside baselines and perfect information."""
    from assets.closed_loop.replay import replay as run

    try:
        told = read_replay_folder(folder)
    except ReplayFolderError as error:
        errors.print(str(error))
        raise typer.Exit(2) from error
    found = run(told, lambda message: errors.print(message))
    target = output or folder / "replay"
    target.mkdir(parents=True, exist_ok=True)
    found.orders.write_csv(target / ORDERS)
    console.print(_table(told.terms, found))
    pl.DataFrame([_figures(each) for each in found.policies]).write_csv(target / FIGURES)
    windows = ", ".join(str(day) for day in found.windows) or "none: the history is too short, textbook settings hold"
    console.print(f"settings chosen on windows after {windows}")
    console.print(f"orders of every round: {target / ORDERS}; figures: {target / FIGURES}")


def _figures(told: "Told") -> dict[str, Any]:
    return {"policy": told.name, "settings": told.settings, **{name: getattr(told.outcome, name) for name in MEASURES}}


def _table(terms: ReplayTerms, found: "ReplayResult") -> Table:
    table = Table(title=f"{terms.order_rounds} rounds, scored from {terms.score_from} to {terms.score_to}")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    best = min(each.outcome.cost for each in found.policies[1 : 1 + len(BASELINES)])
    for each in found.policies:
        told = each.outcome
        money = (f"{value:,.1f}" for value in (told.holding, told.shortage))
        shares = f"{told.cost:,.1f}", f"{told.cost / best:.3f}" if best > 0 else "", *money
        table.add_row(each.name, *shares, f"{told.missed_units:,.0f}", f"{told.fill_rate:.1%}", f"{told.turns:.2f}", each.settings)
    return table
