"""`countinghouse export`: a published table as CSV for a spreadsheet."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project.cli import shop_commands

errors = Console(stderr=True, highlight=False)


def export(
    table: Annotated[str, typer.Argument(help="A published table or view, such as replenishment_orders_latest.")],
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
    shop: Annotated[
        Path | None,
        typer.Option("--shop", help="Folder of the shop. Default: $COUNTINGHOUSE_SHOP, else the simulated shop.", show_default=False),
    ] = None,
    delimiter: Annotated[str, typer.Option(help="Where the spreadsheet wants another, such as `;`.")] = ",",
) -> None:
    """Write a published table as CSV for a spreadsheet.

    Text that would be taken for a formula gets an apostrophe in front. Of tables of customers, values by which somebody could be singled
    out are blanked, and told.
    """
    from assets.published.spreadsheet import UnknownTableError, export_csv
    from dagster_project.resources import state_folder

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    database = state_folder(settings) / "bi.duckdb"
    if not database.exists():
        errors.print(f"Nothing is published yet for {settings.shop_folder}. Run `countinghouse run` first.", markup=False)
        raise typer.Exit(1)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise typer.BadParameter("--delimiter is one character, such as , or ;")
    try:
        exported = export_csv(database, table, file, delimiter)
    except UnknownTableError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    except OSError as error:
        errors.print(f"{file} cannot be written ({error.strerror}).", style="red", markup=False)
        raise typer.Exit(2) from None
    typer.echo(f"Wrote {exported.rows:,} rows of {table} to {file}.")
    if exported.note:
        typer.echo(exported.note)
