"""What the commands that write a file of published tables share: where the tables lie, and what stops such a command.

A stop is one red line on stderr: exit code 1 where nothing is published yet, 2 where what was asked for cannot be given or written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from dagster_project.settings import Settings

errors = Console(stderr=True, highlight=False, markup=False)  # what is printed may hold names of the shop that look like markup

__all__ = ["errors", "one_character", "published_database", "stops"]


def published_database(settings: Settings) -> Path:
    """Return the database of the published tables, or stop."""
    from dagster_project.resources import state_folder

    database = state_folder(settings) / "bi.duckdb"
    if not database.exists():
        errors.print(f"Nothing is published yet for {settings.shop_folder}. Run `countinghouse run` first.")
        raise typer.Exit(1)
    return database


def one_character(delimiter: str) -> str:
    """Return the delimiter of a CSV file if it is one."""
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n':
        raise typer.BadParameter("--delimiter is one character, such as , or ;")
    return delimiter


@contextmanager
def stops(file: Path, *refusals: type[Exception]) -> Iterator[None]:
    """Stop on a refusal with its own words, and on a file that cannot be written with the reason."""
    try:
        yield
    except refusals as error:
        errors.print(str(error), style="red")
        raise typer.Exit(2) from None
    except OSError as error:
        errors.print(f"{file} cannot be written ({error.strerror}).", style="red")
        raise typer.Exit(2) from None
