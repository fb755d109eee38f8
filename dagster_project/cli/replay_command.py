"""`countinghouse replay`: a shop, or a folder of past sales, replayed in closed loop, ours beside the rules that shops order by."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from dagster_project.cli import shop_commands
from optimization.closed_loop.baselines import BASELINES
from shops.replay_folder import ReplayFolderError, read_replay_folder

if TYPE_CHECKING:
    from assets.closed_loop.replay import ReplayResult, Told

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
errors = Console(stderr=True, highlight=False, markup=False)
ORDERS, FIGURES = "orders.csv", "figures.csv"
COLUMNS = ("policy", "cost", "/ best rule", "holding", "shortage", "units missed", "fill rate", "turns", "settings, chosen on the past")
MEASURES = ("cost", "holding", "shortage", "missed_units", "fill_rate", "turns", "mean_stock", "ordered_units", "order_lines")


def replay(
    folder: Annotated[
        Path, typer.Argument(help="A shop's folder, or one with sales, initial_state and replay.toml (docs/guides/replay.md).")
    ],
    output: Annotated[Path | None, typer.Option("--output", help="Where orders and figures go. Default: FOLDER/replay.")] = None,
    day: Annotated[
        datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Shops only: the last day known. Default: the newest decided.")
    ] = None,
) -> None:
    """Order round by round as if it were then: settings from the past alone, costs beside baselines and perfect information."""
    if (folder / "shop.toml").is_file():
        title, found = _replayed_shop(folder, day)
    else:
        title, found = _replayed_folder(folder)
    target = output or (folder / "replay")
    target.mkdir(parents=True, exist_ok=True)
    found.orders.write_csv(target / ORDERS)
    console.print(_table(title, found))
    pl.DataFrame([_figures(each) for each in found.policies]).write_csv(target / FIGURES)
    windows = ", ".join(str(day) for day in found.windows) or "none: the history is too short, textbook settings hold"
    console.print(f"settings chosen on windows after {windows}")
    console.print(f"orders of every round: {target / ORDERS}; figures: {target / FIGURES}")


def _replayed_folder(folder: Path) -> tuple[str, "ReplayResult"]:
    from assets.closed_loop.replay import replay as run

    try:
        told = read_replay_folder(folder)
    except ReplayFolderError as error:
        errors.print(str(error))
        raise typer.Exit(2) from error
    terms = told.terms
    return f"{terms.order_rounds} rounds, scored from {terms.score_from} to {terms.score_to}", run(told, lambda text: errors.print(text))


def _replayed_shop(folder: Path, day: datetime | None) -> tuple[str, "ReplayResult"]:
    from assets.closed_loop.shop_case import NothingToReplayError, shop_case
    from assets.closed_loop.shop_replay import ROUNDS, replay_shop
    from assets.demand.panels import read_demand_inputs
    from assets.house import House
    from assets.supply_terms import read_supply
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    served = resources(shop_commands.settings_with_a_shop(folder))
    house, warehouse = served["house"], served["warehouse"]
    assert isinstance(house, House)
    assert isinstance(warehouse, Warehouse)
    newest = warehouse.read("select max(as_of_day) from demand.training_runs").item() if warehouse.is_there else None
    if newest is None:
        errors.print(f"No day of this shop was decided yet; run: countinghouse run --shop {folder}")
        raise typer.Exit(2)
    last = newest if day is None else day.date()
    try:
        case = shop_case(house, read_demand_inputs(house, warehouse, last), read_supply(house, warehouse, last), last)
    except NothingToReplayError as error:
        errors.print(str(error))
        raise typer.Exit(2) from error
    found = replay_shop(case, lambda text: errors.print(text))
    if found is None:
        errors.print(f"The history up to {last} is too short to replay {ROUNDS} weekly rounds.")
        raise typer.Exit(2)
    return f"{house.shop.name}: {ROUNDS} weekly rounds that end on {last}, made-up opening stock", found


def _figures(told: "Told") -> dict[str, Any]:
    return {"policy": told.name, "settings": told.settings, **{name: getattr(told.outcome, name) for name in MEASURES}}


def _table(title: str, found: "ReplayResult") -> Table:
    table = Table(title=title)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in (COLUMNS[0], COLUMNS[-1]) else "right")
    best = min(each.outcome.cost for each in found.policies[1 : 1 + len(BASELINES)])
    for each in found.policies:
        told = each.outcome
        money = (f"{value:,.1f}" for value in (told.holding, told.shortage))
        shares = f"{told.cost:,.1f}", f"{told.cost / best:.3f}" if best > 0 else "", *money
        table.add_row(each.name, *shares, f"{told.missed_units:,.0f}", f"{told.fill_rate:.1%}", f"{told.turns:.2f}", each.settings)
    return table
