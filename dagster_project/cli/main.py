"""`countinghouse`: run the day's decisions, backfill, open the UI, look at a shop."""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project.cli import explain_command, shop_commands
from dagster_project.cli.calendar_command import calendar
from dagster_project.cli.coupons_command import coupons
from dagster_project.cli.erase_command import erase
from dagster_project.cli.export_command import export
from dagster_project.cli.orders_command import orders
from dagster_project.cli.published_files import published_database
from dagster_project.cli.replay_command import replay
from dagster_project.cli.shop_commands import ShopOption
from dagster_project.cli.trouble import sentence_of, write_details
from dagster_project.settings import Settings, export_settings, load_settings
from shops.shop import ShopError, load_shop

console = Console(highlight=False, width=None if sys.stdout.isatty() else 118)
errors = Console(stderr=True, highlight=False, markup=False)  # what is printed may hold names of the shop that look like markup
app = typer.Typer(
    name="countinghouse",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    help="""A merchant's counting house: a shop's raw records in, the day's coupon budgets and purchase orders out, with reasons.

A *shop* is a folder with CSV or Parquet files and a `shop.toml` (docs/input_contract.md). Without `--shop` the
built-in simulated shop is used. All state lies in `var/`; delete it and everything can be made again.""",
)
app.command()(calendar)
app.command()(erase)
app.command()(export)
app.command()(coupons)
app.command()(orders)
app.command()(replay)
app.add_typer(explain_command.app, name="explain", help="Say why a number is what it is.")
app.add_typer(shop_commands.app, name="shop", help="Make, convert and check shop folders.")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
DayOption = Annotated[
    datetime | None,
    typer.Option(
        "--day", formats=["%Y-%m-%d"], help="Business day to decide for. Default: the shop's last day, or yesterday.", show_default=False
    ),
]


@app.command()
def run(shop: ShopOption = None, day: DayOption = None) -> None:
    """Decide one business day, importing whatever history is missing, and print the day's page."""
    from dagster_project.runs import run_days

    settings = shop_commands.settings_with_a_shop(shop)
    last = chosen_day(settings.shop_folder, day)
    errors.print(f"{load_shop(settings.shop_folder).name}: deciding as of {last}", style="bold")
    finish(run_days(settings, last, last), settings)


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First business day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last business day, included.")],
    shop: ShopOption = None,
) -> None:
    """Decide a range of past days in one run, each with what was known that day."""
    from dagster_project.runs import run_days

    settings = shop_commands.settings_with_a_shop(shop)
    if last < first:
        raise typer.BadParameter("--to lies before --from.")
    for day in (first, last):
        chosen_day(settings.shop_folder, day)
    finish(run_days(settings, first.date(), last.date()), settings)


@app.command()
def calibrate(shop: ShopOption = None, day: DayOption = None) -> None:
    """Replay the last weeks in closed loop and set how often a lost sale's cost counts in orders (monthly by schedule)."""
    from dagster_project.jobs import CALIBRATION_JOB
    from dagster_project.runs import run_days

    settings = shop_commands.settings_with_a_shop(shop)
    last = chosen_day(settings.shop_folder, day)
    errors.print(f"{load_shop(settings.shop_folder).name}: calibrating orders as of {last}", style="bold")
    outcome = run_days(settings, last, last, CALIBRATION_JOB.name)
    if not outcome.is_success:
        errors.print(
            f"The calibration stopped; the reason stands above. Orders go on with the last one. Run {outcome.run_id[:8]}.", style="red"
        )
        raise typer.Exit(1)
    for line in calibration_lines(settings, last):
        console.print(line)


@app.command()
def outlook(shop: ShopOption = None, day: DayOption = None) -> None:
    """Plan the orders of the coming weeks from mean demand and print them by week (weekly by schedule); sets no order."""
    from dagster_project.cli.outlook_lines import outlook_lines
    from dagster_project.jobs import OUTLOOK_JOB
    from dagster_project.runs import run_days

    settings = shop_commands.settings_with_a_shop(shop)
    last = chosen_day(settings.shop_folder, day)
    errors.print(f"{load_shop(settings.shop_folder).name}: looking ahead from {last}", style="bold")
    outcome = run_days(settings, last, last, OUTLOOK_JOB.name)
    if not outcome.is_success:
        errors.print(f"The outlook stopped; the reason stands above. No order depends on it. Run {outcome.run_id[:8]}.", style="red")
        raise typer.Exit(1)
    for line in outlook_lines(settings, last):
        console.print(line, markup=False)


@app.command()
def status(shop: ShopOption = None) -> None:
    """Print the page of the newest day decided: forecast, coupons, orders, quarantine, where the tables lie."""
    from dagster_project.cli.page import print_page

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    published_database(settings)
    print_page(settings, console)


@app.command()
def ui(
    shop: ShopOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Everything but the loopback default wants a proxy with login in front.")
    ] = "127.0.0.1",
) -> None:
    """Open Dagster's UI with its daemon: asset graph, schedule, backfills, checks."""
    from dagster_project.runs import serve_ui

    settings = shop_commands.settings_with_a_shop(shop)
    errors.print(f"Dagster's UI on http://{host}:{port} (stop with Ctrl-C)")
    if host not in LOOPBACK:
        errors.print(f"  ! {host} can be reached from outside and the UI asks nobody who they are: docs/guides/security.md", style="yellow")
    raise typer.Exit(serve_ui(settings, host, port))


@app.command(hidden=True)
def prepare(shop: ShopOption = None) -> None:
    """Set-up after installation: parse dbt's project and create MLflow's tables, so that no run has to."""
    from dagster_project.runs import prepare_state

    prepare_state(shop_commands.settings_with_a_shop(shop))


def calibration_lines(settings: Settings, day: date) -> list[str]:
    """One sentence per cost class."""
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    warehouse = resources(settings)["warehouse"]
    assert isinstance(warehouse, Warehouse)
    rows = warehouse.read("select * from decisions.order_calibration where as_of_day = ? order by cost_class", [day]).to_dicts()
    return [
        f"Class {row['cost_class']} ({row['items']} items): a lost sale's cost counts {row['shortage_weight']:.2f} times"
        + (f", from {row['windows']} past windows." if row["windows"] else ": textbook, the history is too short for a window.")
        for row in rows
    ]


def chosen_day(shop_folder: Path, day: datetime | None) -> date:
    """The business day to decide for; an error that says which days there are."""
    shop = load_shop(shop_folder)
    last = shop.newest_day()
    chosen = last if day is None else day.date()
    if last < shop.first_day or (shop.last_day or chosen) >= chosen > last:
        errors.print(
            f"By this machine's clock the newest day that has passed is {last}: {chosen} of {shop.name}, which begins on {shop.first_day}, "
            "cannot be decided yet. Set the clock right, or wait for the day to pass.",
            style="red",
        )
        raise typer.Exit(2)
    if not shop.first_day <= chosen <= last:
        errors.print(
            f"{shop.name} has records from {shop.first_day} to {last}; {chosen} lies outside. Choose a day in between.", style="red"
        )
        raise typer.Exit(2)
    return chosen


def finish(outcome: object, settings: object) -> None:
    """Print the page after a good run; after a failed one say what to do next."""
    from dagster_project.cli.page import print_page
    from dagster_project.resources import state_folder
    from dagster_project.runs import RunOutcome

    assert isinstance(outcome, RunOutcome)
    assert isinstance(settings, Settings)
    for check in outcome.failed_checks:
        errors.print(f"  ! check did not pass: {check}", style="yellow")
    send_alerts(settings)
    if not outcome.is_success:
        errors.print(
            f"The run stopped at {', '.join(outcome.failed_steps) or 'a check'}; nothing of it was published. The reason stands above. "
            f"Mend it and run again: what was done is kept. Details: `countinghouse ui`, run {outcome.run_id[:8]}, state "
            f"in {state_folder(settings)}.",
            style="red",
        )
        raise typer.Exit(1)
    print_page(settings, console)


def send_alerts(settings: Settings) -> None:
    """Send what is new to the webhook, if there is one; say how many went, never where."""
    from dagster_project.alerting import deliver_alerts
    from dagster_project.resources import state_folder

    done = deliver_alerts(state_folder(settings), load_shop(settings.shop_folder).name, settings.alert_webhook)
    if done.sent:
        errors.print(f"  alerts sent to the webhook: {done.sent}")
    if done.problem:
        errors.print(f"  ! {done.problem}; alerts that wait for the next run or the daemon: {done.waiting}", style="yellow")


def main() -> None:
    """Entry point; errors are one sentence each, tracebacks go to a file in `var/errors/`."""
    export_settings()
    try:
        settings = load_settings()
    except ValueError as error:
        errors.print(str(error), style="red", markup=False)
        sys.exit(2)
    try:
        app()
    except ShopError as error:
        errors.print(str(error), style="red", markup=False)
        sys.exit(2)
    except Exception as error:
        details = write_details(error, settings.var_folder / "errors")
        errors.print(sentence_of(error), style="red", markup=False)
        errors.print("The details could not be written either." if details is None else f"Details: {details}", style="red", markup=False)
        sys.exit(1)
