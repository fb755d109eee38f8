"""`countinghouse shop`: simulate a shop, convert public data sets, check a folder against the input contract."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dagster_project.settings import Settings, export_settings, load_settings
from shops.pseudonym import key_file_warnings

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
errors = Console(stderr=True, highlight=False)
ShopOption = Annotated[
    Path | None,
    typer.Option("--shop", help="Folder of the shop. Default: $COUNTINGHOUSE_SHOP, else the simulated shop.", show_default=False),
]


class Size(StrEnum):
    """Sizes of the simulated shop."""

    small = "small"
    medium = "medium"
    large = "large"


class Format(StrEnum):
    """Public data sets with a reader."""

    online_retail = "online-retail"
    m5 = "m5"
    complete_journey = "complete-journey"


FOLDERS = {Format.online_retail: "online_retail_uci", Format.m5: "m5_walmart", Format.complete_journey: "complete_journey_sample"}


@app.command()
def simulate(
    size: Annotated[
        Size, typer.Option(help="small: 112 items; medium: 1,500 items, 6,000 customers; large: 100,000 items, 1 million customers.")
    ] = Size.medium,
    to: Annotated[Path | None, typer.Option(help="Folder to write. Default: `var/shops/simulated-SIZE`.", show_default=False)] = None,
    seed: Annotated[int, typer.Option(help="Another seed, another shop.")] = 7,
    last_day: Annotated[str, typer.Option(help="Last day of the records.")] = "2025-12-31",
) -> None:
    """Write the simulated shop; what is true in it (demand, uplift, elasticities) goes to a folder beside it that only benchmarks read."""
    folder = to or load_settings().var_folder / "shops" / f"simulated-{size}"
    write_simulated(size, folder, seed, date.fromisoformat(last_day))
    typer.echo(f"Wrote {folder}. Decide its last day with: countinghouse run --shop {folder}")


@app.command()
def convert(
    source: Annotated[Format, typer.Argument(help="Which public data set.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder of the data set. Default: its folder in $COUNTINGHOUSE_DATA.", show_default=False)
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Folder to write. Default: `var/shops/NAME`.", show_default=False)] = None,
    stores: Annotated[str, typer.Option(help="M5 only: stores to take.")] = "CA_1,CA_2",
) -> None:
    """Turn a public data set into a shop folder."""
    from shops.readers import convert_complete_journey, convert_m5, convert_online_retail

    settings = load_settings()
    if data is None and settings.data_folder is None:
        errors.print("Say where the data set lies: --data FOLDER, or set COUNTINGHOUSE_DATA to the folder that holds it.", style="red")
        raise typer.Exit(2)
    found = data or settings.data_folder / FOLDERS[source]
    folder = to or settings.var_folder / "shops" / source.value
    if source is Format.m5:
        convert_m5(found, folder, tuple(stores.split(",")))
    else:
        {Format.online_retail: convert_online_retail, Format.complete_journey: convert_complete_journey}[source](found, folder)
    typer.echo(f"Wrote {folder}. Check it with: countinghouse shop check {folder}")


@app.command()
def check(path: Annotated[Path, typer.Argument(help="Folder with shop.toml.")]) -> None:
    """Say what is understood of a shop folder, what is wrong in it, and which decisions will and will not be possible."""
    from shops.check import check_shop, render

    found = check_shop(path)
    typer.echo(render(found))
    if not found.is_usable:
        raise typer.Exit(1)


def settings_with_a_shop(shop: Path | None, may_simulate: bool = True) -> Settings:
    """Settings for `shop`; without one the built-in simulated shop, made on first use."""
    if shop is not None:
        export_settings(shop)
    settings = load_settings()
    is_built_in = settings.shop_folder == settings.var_folder / "shops" / "simulated-medium"
    if is_built_in and may_simulate and not (settings.shop_folder / "shop.toml").exists():
        write_simulated(Size.medium, settings.shop_folder, 7, date(2025, 12, 31))
    for warning in key_file_warnings(settings.key_file):
        errors.print(f"  ! {warning}", style="yellow", markup=False)
    return settings


def write_simulated(size: Size, folder: Path, seed: int, last_day: date) -> None:
    """Simulate with a word on what is happening."""
    from shops.simulated import simulate as simulate_shop

    with errors.status(f"simulating a {size} shop …") if errors.is_terminal else _said(f"simulating a {size} shop …"):
        simulate_shop(size.value, folder, folder.with_name(f"{folder.name}-truth"), seed, last_day)


class _said:
    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> None:
        errors.print(self.text)

    def __exit__(self, *_: object) -> None:
        return None
