"""`countinghouse calendar`: the promotions proposed for the coming weeks, and a file in which they can be approved."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from dagster_project.cli import shop_commands
from dagster_project.cli.published_files import errors, stops
from dagster_project.cli.shop_commands import ShopOption
from dagster_project.settings import Settings
from shops.shop import load_shop

APPROVAL_COLUMNS = ("product_id", "starts_on", "action", "ends_on", "promotion_name", "discount_share", "recorded_at")


def calendar(
    shop: ShopOption = None,
    day: Annotated[
        datetime | None,
        typer.Option("--day", formats=["%Y-%m-%d"], help="As of this business day. Default: the shop's last day.", show_default=False),
    ] = None,
    approvals: Annotated[
        Path | None,
        typer.Option("--approvals", help="CSV file to write, in the form of the table promotion_decisions: delete the lines not wanted."),
    ] = None,
) -> None:
    """Propose promotions for the coming weeks (weekly by schedule) and print them by week; announces nothing."""
    from dagster_project.cli.main import chosen_day
    from dagster_project.jobs import CALENDAR_JOB
    from dagster_project.runs import run_days

    settings = shop_commands.settings_with_a_shop(shop)
    last, declared = chosen_day(settings.shop_folder, day), load_shop(settings.shop_folder)
    if not declared.promotions.enabled:
        errors.print(f"{declared.name} has no promotion calendar: add `[promotions]` with `enabled = true` to its shop.toml.")
        raise typer.Exit(2)
    errors.print(f"{declared.name}: proposing promotions from {last}", style="bold")
    outcome = run_days(settings, last, last, CALENDAR_JOB.name)
    if not outcome.is_success:
        errors.print(f"The calendar stopped; the reason stands above. Nothing depends on it. Run {outcome.run_id[:8]}.", style="red")
        raise typer.Exit(1)
    rows, proof = _told(settings, last)
    for line in calendar_lines(rows, proof, declared.currency):
        typer.echo(line)
    if approvals is not None:
        with stops(approvals):
            approvals.write_text(approval_lines(rows, datetime.now()), encoding="utf-8")
        typer.echo(
            f"{approvals}: {rows.height:,} promotions to approve; delete the lines not wanted and hand it in as promotion_decisions."
        )


def calendar_lines(rows: pl.DataFrame, proof: dict, currency: str) -> list[str]:
    """One line per week, and how good the calendar is proven to be. rows: the promotions proposed; proof: their certificate."""
    weeks = rows.group_by("week_start", maintain_order=True).agg(
        pl.len(), pl.col("lift_units", "profit", "loss_together", "budget_use").sum(), best=pl.col("product_id").first()
    )
    lines = [f"{'week of':<12}{'promotions':>11}{'units more':>12}{'profit':>14}{'cuts':>14}  best"]
    for week, count, units, profit, loss, cuts, best in weeks.iter_rows():
        lines.append(f"{week.isoformat():<12}{count:>11,}{units:>12,.0f}{profit - loss:>14,.2f}{cuts:>14,.2f}  {best}")
    gap = "unknown" if proof["gap"] is None else f"{proof['gap']:.3%}"
    return [
        *lines,
        f"{rows.height:,} promotions, {proof['value']:,.2f} {currency} more profit expected; at most {gap} from the best.",
        str(proof["message"]),
        "A proposal: it announces nothing. Lifts come from past promotions, which were not drawn by lot.",
    ]


def approval_lines(rows: pl.DataFrame, now: datetime) -> str:
    """The promotions proposed as a CSV file of promotion_decisions, all approved as of `now`; the cut is the mean over the units sold."""
    told = rows.select(
        "product_id",
        starts_on="week_start",
        action=pl.lit("approve"),
        ends_on="week_end",
        promotion_name="promotion_name",
        discount_share=(pl.col("discount_share") * pl.col("take_up_share")).round(6),
        recorded_at=pl.lit(now.isoformat(timespec="seconds")),
    )
    return told.select(APPROVAL_COLUMNS).write_csv()


def _told(settings: Settings, day: date) -> tuple[pl.DataFrame, dict]:
    from assets.decisions.promotion_calendar import CERTIFICATES, proposed
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    warehouse = resources(settings)["warehouse"]
    assert isinstance(warehouse, Warehouse)
    return proposed(warehouse, day), warehouse.read(f"select * from {CERTIFICATES} where as_of_day = ?", [day]).to_dicts()[0]


__all__ = ["approval_lines", "calendar", "calendar_lines"]
