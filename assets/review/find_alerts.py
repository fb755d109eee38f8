"""Reads what alerts are found in: decided plans, sales, quarantine, judged forecasts and the checks of the run."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import polars as pl

from assets.as_of import read_versions
from assets.house import House
from assets.landing.files import LandedFiles
from assets.review.alerts import (
    QUARANTINE_DAYS,
    SCHEMA,
    alerts_frame,
    failed_checks,
    forecast_drift,
    quarantine_of_reading,
    recent_quarantine,
    stale_data,
    with_standing,
)
from assets.review.failed_runs import failed_runs
from assets.warehouse import Warehouse
from assets.windows import Window

TABLE = "review.alerts"
PLAN_ALERTS = """
    select as_of_day, 'plan_relaxed' as kind, plan as subject,
        'Limits collide: ' || violations || ' See decisions.limits, column relaxed_by.' as message
    from decisions.plan_certificates where status = 'relaxed' and as_of_day between $1 and $2
    union all
    select as_of_day, 'plan_unproven', plan,
        'Stopped at a gap of ' || round(100 * gap, 2) || ' %; the plan keeps its limits but a better one may exist.'
    from decisions.plan_certificates where gap > 0.005 and as_of_day between $1 and $2
    union all
    select as_of_day, 'plan_unproven', plan, 'The search ended without a plan (' || status || ').'
    from decisions.plan_certificates where status in ('no_solution', 'unbounded') and as_of_day between $1 and $2
    union all
    select as_of_day, 'overdue_deliveries', 'all suppliers',
        count(*) || ' items wait for ' || round(sum(overdue_units)) || ' overdue units.'
    from decisions.stock_position where overdue_units > 0 and as_of_day between $1 and $2 group by as_of_day
    union all
    select as_of_day, 'doubtful_stock', on_hand_flag, count(*) || ' items have a doubtful stock (' || on_hand_flag || ').'
    from decisions.stock_position where on_hand_flag <> '' and on_hand_flag <> 'overdue_delivery' and as_of_day between $1 and $2
    group by as_of_day, on_hand_flag
    order by all
"""


def alerts_of_all_days(house: House, warehouse: Warehouse, window: Window, failed: Iterable[tuple[str, str]]) -> pl.DataFrame:
    """review.alerts of every day, with those of the window found anew. The window's forecasts are already judged.

    `failed`: (asset, name) of the checks that did not pass in this run.
    """
    landed = LandedFiles(house.landing)
    quarantine, counts = landed.read_all("_quarantine"), landed.read_all("_counts")
    found = [
        warehouse.read(PLAN_ALERTS, [window.start, window.last_day]).cast(dict(SCHEMA)),
        _stale(warehouse, window.days),
        _drift(warehouse, window),
    ]
    if quarantine is not None and counts is not None:
        found.append(recent_quarantine(quarantine, _accepted(landed, quarantine, window), window.days))
        newest = house.shop.newest_day()
        if newest in window.days:
            found += [quarantine_of_reading(quarantine, counts, newest), failed_checks(failed, newest)]
    elsewhere, decided = _elsewhere(warehouse, window)
    found += [elsewhere, failed_runs(house.state, window.days, elsewhere)]
    return with_standing(pl.concat(found), [*decided, *window.days])


def _stale(warehouse: Warehouse, days: Sequence[date]) -> pl.DataFrame:
    sales = warehouse.read("select business_day, min(known_on) as known_on from marts.fct_sales_daily where units > 0 group by all")
    calendar = read_versions(warehouse, "dim_calendar", days[-1], ("business_day", "is_open"))
    found = [alerts_frame([])]
    for day in days:
        announced = calendar.as_of(day).group_by("business_day").agg(pl.col("is_open").any())
        found.append(stale_data(sales, announced.filter(~pl.col("is_open"))["business_day"], [day]))
    return pl.concat(found)


def _drift(warehouse: Warehouse, window: Window) -> pl.DataFrame:
    accuracy = warehouse.read(
        "select as_of_day, horizon_days, units, forecast_units, wape from review.forecast_accuracy "
        "where as_of_day between ? and ? order by all",
        [window.start - timedelta(days=60), window.last_day],
    )
    promised = warehouse.read(
        "select as_of_day, wape_item, bias_total from demand.training_runs where as_of_day between ? and ? order by all",
        [window.start, window.last_day],
    )
    return forecast_drift(accuracy, promised, window.days)


def _accepted(landed: LandedFiles, quarantine: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Accepted rows by table, business day and day they became known, of tables with refused rows about the window."""
    since = window.start - timedelta(days=QUARANTINE_DAYS)
    tables = quarantine.filter(pl.col("business_day").is_between(since, window.last_day))["table_name"].unique().sort()
    key = ["table_name", "business_day", "known_on"]
    parts = [
        landed.rows_of(table, Window(since, window.end).days)
        .select("business_day", "known_on", table_name=pl.lit(table))
        .group_by(key)
        .agg(rows=pl.len().cast(pl.Int64))
        .select(*key, "rows")
        for table in tables
    ]
    schema = {"table_name": pl.String, "business_day": pl.Date, "known_on": pl.Date, "rows": pl.Int64}
    return pl.concat([pl.DataFrame(schema=schema), *parts])


def _elsewhere(warehouse: Warehouse, window: Window) -> tuple[pl.DataFrame, list[date]]:
    """The alerts of days outside the window, and every day decided so far."""
    with warehouse.connect() as connection:
        decided = [row[0] for row in connection.execute("select distinct as_of_day from decisions.plan_certificates").fetchall()]
        known = connection.execute("select 1 from duckdb_tables() where schema_name = 'review' and table_name = 'alerts'").fetchall()
        if not known:
            return alerts_frame([]), decided
        kept = connection.execute(
            "select as_of_day, kind, subject, message from review.alerts where as_of_day not between ? and ? order by all",
            [window.start, window.last_day],
        ).pl()
    return kept.cast(dict(SCHEMA)), decided
