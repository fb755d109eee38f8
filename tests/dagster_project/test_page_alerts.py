"""The day's page: its alerts, the gravest first and at most a few, and a review of days on which nothing was sold."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from dagster_project.cli.page import Page

TODAY = date(2025, 6, 27)
BEFORE = TODAY - timedelta(days=1)


@pytest.fixture
def page() -> Iterator[Page]:
    """A page over empty tables."""
    with duckdb.connect() as connection:
        connection.execute("create table replenishment_orders as select date '2025-06-27' as as_of_day")
        connection.execute(
            "create table alerts (as_of_day date, kind varchar, subject varchar, message varchar, severity varchar, first_seen date)"
        )
        connection.execute(
            "create table decision_value (promised_lost_sales_avoided_units double, realised_lost_sales_avoided_units double)"
        )
        connection.execute(
            "create table forecast_accuracy (as_of_day date, horizon_days bigint, wape double, wape_seasonal_naive double, units double)"
        )
        shop: Any = None
        yield Page(connection, shop)


def raise_alert(page: Page, kind: str, severity: str, day: date = TODAY, first: date | None = None) -> None:
    page.connection.execute("insert into alerts values (?, ?, 'all', 'Look.', ?, ?)", [day, kind, severity, first or day])


def test_no_alert_is_said(page: Page) -> None:
    raise_alert(page, "stale_data", "error", BEFORE)
    assert page.alerts() == ["none"], "yesterday's are yesterday's"


def test_the_gravest_come_first_and_say_since_when_they_stand(page: Page) -> None:
    raise_alert(page, "doubtful_stock", "info")
    raise_alert(page, "quarantine", "warning")
    raise_alert(page, "stale_data", "error", first=BEFORE)
    assert page.alerts() == [
        "error: Look. (stale_data, all, since 2025-06-26)",
        "warning: Look. (quarantine, all)",
        "info: Look. (doubtful_stock, all)",
    ]


def test_a_run_that_failed_after_the_newest_decided_day_is_shown(page: Page) -> None:
    raise_alert(page, "run_failed", "error", TODAY + timedelta(days=1))
    assert page.alerts() == ["error: Look. (run_failed, all)"]


def test_many_alerts_are_counted(page: Page) -> None:
    for number in range(7):
        raise_alert(page, f"check_failed_{number}", "warning")
    assert len(page.alerts()) == 5
    assert page.alerts()[-1] == "and 3 more in view alerts"


def test_days_on_which_nothing_was_sold_are_judged_without_a_share(page: Page) -> None:
    page.connection.execute("insert into forecast_accuracy values (date '2025-06-27', 1, null, null, 0.0)")
    assert page.review() == ["forecasts up to 7 days ahead, 1 days judged: error unknown against unknown seasonal naive"]
