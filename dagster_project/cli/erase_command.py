"""`countinghouse erase`: take one person out of the house, for good, and prove it."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dagster_project.cli import shop_commands
from dagster_project.cli.shop_commands import ShopOption

console = Console(highlight=False, width=None if sys.stdout.isatty() else 118)
errors = Console(stderr=True, highlight=False)


def erase(
    customer: Annotated[str, typer.Argument(help="The shop's own customer number; `-` reads it from standard input.")],
    shop: ShopOption = None,
) -> None:
    """Erase a person: from landing, warehouse, models, published tables and logs, for good; then search everything for what remains.

    The shop's own files are not touched; the next run refuses what they still hold of the person. Sales stay, as sales of nobody.
    """
    from assets.erasure.erase import erase_person
    from assets.house import House
    from assets.turn import turn
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    served = resources(settings)
    house, warehouse = served["house"], served["warehouse"]
    assert isinstance(house, House)
    assert isinstance(warehouse, Warehouse)
    number = sys.stdin.readline() if customer == "-" else customer
    if not number.strip():
        raise typer.BadParameter("give the shop's own number of the customer.")
    if not house.shop.path.is_dir():
        raise typer.BadParameter(f"{house.shop.path} is no shop folder.")
    with turn(house.state, "an erasure", errors.print):
        done = erase_person(house, warehouse, number, lambda where: errors.print(f"  {where} …"))
    table = Table(title="where the person stood")
    for column in ("room", "place", "rows", "done"):
        table.add_column(column, justify="right" if column == "rows" else "left")
    for finding in done.findings:
        table.add_row(finding.room, finding.place, f"{finding.rows:,}", finding.done)
    if done.findings:
        console.print(table)
    else:
        console.print("The person stood nowhere. They are noted all the same, so that later records never land. Is the number right?")
    searched = f"{done.search.files:,} files, {done.search.megabytes:,.1f} MB and every table"
    for hit in done.search.hits:
        kind = "still there" if hit.counts else "the same text, with another meaning"
        console.print(f"{kind}: {hit.what} in {hit.place}", style="red" if hit.counts else None, markup=False)
    if done.search.remains:
        errors.print(f"Searched {searched}: {len(done.search.remains)} places still name the person. The erasure is not done.", style="red")
        raise typer.Exit(1)
    console.print(f"Searched {searched} for pseudonym and customer number: 0 places left.")
    console.print("The shop's own files are as they were; what they still hold of the person is refused from now on.")
