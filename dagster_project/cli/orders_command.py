"""`countinghouse orders`: the day's orders as CSV files, one per supplier, as a supplier could receive them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli import shop_commands
from dagster_project.cli.published_files import one_character, published_database, stops
from dagster_project.cli.shop_commands import ShopOption
from shops.shop import load_shop


def orders(
    output: Annotated[Path, typer.Option("--output", help="Folder for the files; made where it is not there.")] = Path("orders"),
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="As of this business day. Default: the newest day decided.", show_default=False),
    ] = None,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Only this supplier. Default: all.", show_default=False)] = None,
    shop: ShopOption = None,
    delimiter: Annotated[str, typer.Option(help="Where the spreadsheet wants another, such as `;`.")] = ",",
) -> None:
    """Write the day's orders as CSV files that suppliers could receive: one per supplier and order day, nothing sent anywhere."""
    from assets.published.supplier_files import NoSuchOrdersError, write_supplier_files

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    database = published_database(settings)
    currency = load_shop(settings.shop_folder).currency
    with stops(output, NoSuchOrdersError):
        files = write_supplier_files(database, output, currency, None if day is None else day.date(), supplier, one_character(delimiter))
    for each in files:
        missing = f"; {each.without_cost} lines without a known cost are not in the value" if each.without_cost else ""
        typer.echo(f"{each.path}: {each.lines:,} lines, {each.units:,.6g} units, {each.value:,.2f} {currency}{missing}")
    typer.echo(f"{len(files):,} files." if files else "Nothing is ordered: no file was written.")
