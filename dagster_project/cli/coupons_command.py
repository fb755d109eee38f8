"""`countinghouse coupons`: the day's coupons and hold-outs as the file that the shop hands out and hands back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.cli import shop_commands
from dagster_project.cli.published_files import published_database, stops
from dagster_project.cli.shop_commands import ShopOption
from shops.erased import load_erased
from shops.pseudonym import load_or_create_key
from shops.shop import load_shop


def coupons(
    output: Annotated[Path, typer.Option("--output", help="CSV file to write.")] = Path("coupon_assignments.csv"),
    day: Annotated[
        datetime | None,
        typer.Option(
            "--day", formats=["%Y-%m-%d"], help="As of this business day. Default: the newest one with a plan.", show_default=False
        ),
    ] = None,
    shop: ShopOption = None,
) -> None:
    """Write the day's coupons and hold-outs in the form of the shop's own coupon_assignments, with customer numbers; nothing is sent."""
    from assets.published.coupon_file import NoSuchPlanError, write_coupon_file

    settings = shop_commands.settings_with_a_shop(shop, may_simulate=False)
    database = published_database(settings)
    loaded = load_shop(settings.shop_folder)
    key = load_or_create_key(settings.key_file)
    erased = load_erased(settings.key_file, key, loaded.name)
    with stops(output, NoSuchPlanError):
        written = write_coupon_file(database, output, loaded, key, erased, None if day is None else day.date())
    typer.echo(
        f"{written.path}: {written.given:,} coupons to give, {written.held_out:,} held out, {written.by_lot:,} of both drawn by lot."
    )
    if written.without_number:
        typer.echo(f"{written.without_number:,} customers are left out: their number is in no file of the shop, or they were erased.")
