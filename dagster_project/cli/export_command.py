"""`countinghouse export`: a published table as CSV for a spreadsheet."""

from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli import shop_commands
from dagster_project.cli.published_files import one_character, published_database, stops
from dagster_project.cli.shop_commands import ShopOption


def export(
    table: Annotated[str, typer.Argument(help="A published table or view, such as replenishment_orders_latest.")],
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
    shop: ShopOption = None,
    delimiter: Annotated[str, typer.Option(help="Where the spreadsheet wants another, such as `;`.")] = ",",
) -> None:
    """Write a published table as CSV for a spreadsheet.

    Text that would be taken for a formula gets an apostrophe in front. Of tables of customers, values by which somebody could be singled
    out are blanked, and told.
    """
    from assets.published.spreadsheet import UnknownTableError, export_csv

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    database = published_database(settings)
    with stops(file, UnknownTableError):
        exported = export_csv(database, table, file, one_character(delimiter))
    typer.echo(f"Wrote {exported.rows:,} rows of {table} to {file}.")
    if exported.note:
        typer.echo(exported.note)
