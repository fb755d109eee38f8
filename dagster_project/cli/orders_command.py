"""`countinghouse orders`: the day's orders as CSV files, one per supplier, as a supplier could receive them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project.cli import shop_commands
from shops.shop import load_shop

errors = Console(stderr=True, highlight=False, markup=False)


def orders(
    output: Annotated[Path, typer.Option("--output", help="Folder for the files; made where it is not there.")] = Path("orders"),
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="As of this business day. Default: the newest day decided.", show_default=False),
    ] = None,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Only this supplier. Default: all.", show_default=False)] = None,
    shop: Annotated[
        Path | None,
        typer.Option("--shop", help="Folder of the shop. Default: $COUNTINGHOUSE_SHOP, else the simulated shop.", show_default=False),
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Where the spreadsheet wants another, such as `;`.")] = ",",
) -> None:
    """Write the day's orders as CSV files that suppliers could receive: one per supplier and order day, nothing sent anywhere."""
    from assets.published.supplier_files import NoSuchOrdersError, write_supplier_files
    from dagster_project.resources import state_folder

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    database = state_folder(settings) / "bi.duckdb"
    if not database.exists():
        errors.print(f"Nothing is published yet for {settings.shop_folder}. Run `countinghouse run` first.")
        raise typer.Exit(1)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise typer.BadParameter("--delimiter is one character, such as , or ;")
    currency = load_shop(settings.shop_folder).currency
    try:
        files = write_supplier_files(database, output, currency, None if day is None else day.date(), supplier, delimiter)
    except NoSuchOrdersError as error:
        errors.print(str(error), style="red")
        raise typer.Exit(2) from None
    except OSError as error:
        errors.print(f"{output} cannot be written ({error.strerror}).", style="red")
        raise typer.Exit(2) from None
    for each in files:
        missing = f"; {each.without_cost} lines without a known cost are not in the value" if each.without_cost else ""
        typer.echo(f"{each.path}: {each.lines:,} lines, {each.units:,.6g} units, {each.value:,.2f} {currency}{missing}")
    typer.echo(f"{len(files):,} files." if files else "Nothing is ordered: no file was written.")
