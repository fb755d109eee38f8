"""`countinghouse explain`: why a number of the house is what it is, for one product, from the state folder alone.

Decides how an explanation is shown: sentences first, then the tables they rest on, in columns that a merchandiser can multiply. Several
locations are listed in one table; the three largest are told in full. Off a terminal the same page is plain text; `--format json` gives
every row and every digit.
"""

import json
import sys
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import expm1
from typing import Annotated, Any

import polars as pl
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from assets.demand.explanation import ForecastExplanation, ItemExplanation, NotExplainedError, NothingDecidedError, explain_forecast
from assets.demand.explanation_words import amount, feature_in_words, whole
from dagster_project.cli import shop_commands
from dagster_project.cli.shop_commands import ShopOption

DAYS_SHOWN, DRIVERS_SHOWN, LOCATIONS_SHOWN = 14, 6, 3
FACTORS = ("weekday", "promotion", "event", "open", "model", "course")
QUANTILES = {"q05": "5 %", "q25": "25 %", "q50": "50 %", "q75": "75 %", "q90": "90 %", "q95": "95 %", "q99": "99 %"}

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown")
console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 118)
errors = Console(stderr=True, highlight=False, markup=False, emoji=False)


class Format(StrEnum):
    """How an explanation is printed."""

    text = "text"
    json = "json"


@app.callback()
def explain() -> None:
    """Say why a number is what it is."""


@app.command()
def forecast(
    product: Annotated[str, typer.Argument(help="The product's id, or its name.")],
    location: Annotated[str | None, typer.Option(help="Only this location. Default: all.", show_default=False)] = None,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of this business day. Default: the newest day decided.", show_default=False),
    ] = None,
    shop: ShopOption = None,
    output: Annotated[Format, typer.Option("--format", help="A page to read, or everything as JSON.")] = Format.text,
) -> None:
    """Explain a product's forecast: its level, weekdays, promotions and events, what the models add, and how sure it is."""
    from assets.house import House
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    served = resources(shop_commands.settings_with_a_shop(shop, may_simulate=False))
    house, warehouse = served["house"], served["warehouse"]
    assert isinstance(house, House)
    assert isinstance(warehouse, Warehouse)
    try:
        with errors.status("forecasting again …"):
            found = explain_forecast(house, warehouse, product, location, None if day is None else day.date())
    except NotExplainedError as error:
        errors.print(str(error), style="red", soft_wrap=True)
        raise typer.Exit(1 if isinstance(error, NothingDecidedError) else 2) from None
    if output is Format.json:
        typer.echo(json.dumps(as_values(found), indent=1, default=_as_text, ensure_ascii=False))
    else:
        print_explanation(found)


def as_values(found: ForecastExplanation) -> dict[str, Any]:
    """The explanation as plain values, frames as lists of rows."""
    return {
        **{name: value for name, value in vars(found).items() if name != "items"},
        "items": [
            {name: value.to_dicts() if isinstance(value, pl.DataFrame) else value for name, value in vars(item).items()}
            for item in found.items
        ],
    }


def print_explanation(found: ForecastExplanation) -> None:
    """The page of one product."""
    name = found.product_id if found.product_name == found.product_id else f"{found.product_id}, {found.product_name}"
    console.print(f"{name} ({found.category}), as of {found.as_of_day}", style="bold")
    console.print(f"model {found.model_version}, trained on what was known on {found.trained_as_of}")
    for note in found.notes:
        console.print(f"! {note}", style="yellow")
    if len(found.items) > 1:
        _show("by location", locations_table(found.items))
    for item in found.items[:LOCATIONS_SHOWN]:
        _print_item(item, found.as_of_day)
    if rest := [item.location_id for item in found.items[LOCATIONS_SHOWN:]]:
        console.print(f"\nIn full with --location: {', '.join(rest)}")


def _print_item(item: ItemExplanation, as_of_day: date) -> None:
    console.print()
    console.rule(f"{item.location_id}: {item.segment}, {item.method}", characters="─" if console.is_terminal else "-", align="left")
    for sentence in item.sentences:
        console.print(sentence)
    _show(f"the next {DAYS_SHOWN} days: units = {' x '.join(('level', *FACTORS))}", days_table(item))
    _show("by week", weeks_table(item))
    if item.drivers.height:
        _show("what the gradient model used, against an average day of the shop's items (not what a change would do)", drivers_table(item))
    if item.deliveries.height:
        _show(
            f"demand until an order of {as_of_day + timedelta(days=1)} arrives and until the one after it: quantiles",
            deliveries_table(item),
        )


def _show(title: str, table: Table) -> None:
    console.print(f"\n{title}", style="bold")
    console.print(table)


def locations_table(items: tuple[ItemExplanation, ...]) -> Table:
    """One row per location."""
    table = _table("location", "segment", "method", "a day (level)", "next 7 days", f"next {items[0].days.height} days")
    for item in items:
        table.add_row(
            item.location_id,
            item.segment,
            item.method,
            *(amount(units) for units in (item.level_units, item.units_of(7), item.units_of(item.days.height))),
        )
    return table


def days_table(item: ItemExplanation) -> Table:
    """The next two weeks as products of their factors."""
    table = _table("day", "units", "level", *FACTORS, "")
    digits = 2 if item.level_units >= 0.5 else 3 if item.level_units >= 0.05 else 4
    for row in item.days.head(DAYS_SHOWN).to_dicts():
        factors = (_factor(row[f"{name}_factor"], row["is_closed"] and name == "open") for name in FACTORS)
        units = (f"{row[name]:.{digits}f}" for name in ("forecast_units", "level_units"))
        table.add_row(f"{row['business_day']:%a %Y-%m-%d}", *units, *factors, _why(row))
    return table


def weeks_table(item: ItemExplanation) -> Table:
    """Sales of the last weeks beside what is expected."""
    table = _table("seven days", "sold", "expected", "stock-out days", "promoted days")
    for row in item.weeks.to_dicts():
        units = amount(row["units"]) if row["is_forecast"] else whole(row["units"])
        table.add_row(
            f"{row['first_day']} to {row['last_day']}",
            *(("", units, "") if row["is_forecast"] else (units, "", str(row["stockout_days"] or ""))),
            str(row["promoted_days"] or ""),
        )
    return table


def drivers_table(item: ItemExplanation) -> Table:
    """What moved the gradient model most."""
    table = _table("driver", "up or down", "size", "share")
    for row in item.drivers.head(DRIVERS_SHOWN).to_dicts():
        mean, size = expm1(row["mean_contribution"]), expm1(row["mean_absolute_contribution"])
        table.add_row(feature_in_words(row["feature"]), _signed(mean), f"±{100 * size:.0f} %", f"{100 * row['share']:.0f} %")
    return table


def deliveries_table(item: ItemExplanation) -> Table:
    """How sure demand is until the next deliveries."""
    shown = {name: said for name, said in QUANTILES.items() if name in item.deliveries.columns}
    table = _table("days", "mean", *shown.values(), "rests on")
    for row in item.deliveries.to_dicts():
        units = ("" if row[name] is None else amount(row[name]) for name in ("mean_units", *shown))
        table.add_row(str(row["horizon_days"]), *units, row["calibration"])
    return table


def _table(*columns: str) -> Table:
    """A table with words to the left and numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=False, collapse_padding=console.is_terminal)
    for column in columns:
        words = column in ("day", "location", "segment", "method", "seven days", "driver", "rests on", "")
        table.add_column(column, justify="left" if words else "right", no_wrap=column not in ("method", ""))
    return table


def _why(row: dict[str, Any]) -> str:
    promotion = f"promotion -{row['discount_share']:.0%}" if row["discount_share"] else "promotion"
    said = (row["event_name"], "closed" if row["is_closed"] else "", promotion if row["on_promotion"] else "")
    return ", ".join(filter(None, said))


def _factor(value: float | None, is_closed: bool) -> str:
    return "0" if is_closed else "" if value is None else f"{value:.2f}"


def _signed(share: float) -> str:
    return f"{100 * share:+.0f} %"


def _as_text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON.")
