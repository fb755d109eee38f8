"""What the day's page and the run log say where there is little to say: unknown scores, nobody to write to, no trial, a failed step."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dagster_project.cli.page import Page
from dagster_project.run_log import failure_reason

DAY = "date '2025-06-27'"


@pytest.fixture
def page() -> Iterator[Page]:
    """A page over tables with nothing in them but the day."""
    with duckdb.connect() as connection:
        connection.execute(f"create table replenishment_orders as select {DAY} as as_of_day")
        connection.execute(
            "create table training_runs_latest (wape_item double, wape_item_seasonal_naive double, skill_against_seasonal_naive double, "
            "skill_low double, skill_high double, bias_total double, coverage_q95 double, trained_as_of date, model_version varchar)"
        )
        connection.execute("create table demand_forecast (forecast_units double, horizon_days bigint)")
        connection.execute("create table coupon_assignments (as_of_day date, sentence varchar)")
        connection.execute("create table pilot_plan (as_of_day date, customers bigint, expected_cost double, sentence varchar)")
        connection.execute("create table customer_profile (customer_key varchar)")
        shop: Any = SimpleNamespace(currency="EUR")
        yield Page(connection, shop)


def test_scores_that_nobody_can_give_are_called_unknown(page: Page) -> None:
    page.connection.execute(f"insert into training_runs_latest values (0.5, null, null, null, null, null, null, {DAY}, 'm1')")
    page.connection.execute("insert into demand_forecast values (10.0, 1)")
    told = " ".join(page.forecast())
    assert "error per item and day 50.0% of units, seasonal naive unknown" in told
    assert "skill unknown [unknown to unknown]" in told
    assert "None" not in told


def test_a_shop_without_replayed_forecasts_says_why(page: Page) -> None:
    page.connection.execute(f"insert into training_runs_latest values (null, null, null, null, null, null, null, {DAY}, 'm1')")
    assert "too short or shows no sale" in page.forecast()[0]


def test_where_nobody_can_be_offered_a_coupon_the_commonest_reason_is_told(page: Page) -> None:
    page.connection.execute(f"insert into coupon_assignments select {DAY}, 'No consent.' from range(3)")
    page.connection.execute(f"insert into coupon_assignments values ({DAY}, 'Another reason.')")
    assert page.no_coupons() == ["no plan: nobody can be offered a coupon. No consent. (3 customers)"]


def test_an_impossible_pilot_says_why_and_a_possible_one_is_counted(page: Page) -> None:
    page.connection.execute(f"insert into pilot_plan values ({DAY}, 0, 0.0, 'No pilot: the pilot budget is 0.')")
    assert page.no_coupons()[1] == "No pilot: the pilot budget is 0."
    page.connection.execute(f"insert into pilot_plan values ({DAY}, 40, 12.5, 'x')")
    assert "40 customers, expected cost 12.50 EUR" in page.no_coupons()[1]


def test_a_failure_with_a_sentence_is_told_without_the_name_of_its_class() -> None:
    error = SimpleNamespace(message="dagster._core.definitions.events.Failure: Hand in order_lines.", cause=None)
    told = SimpleNamespace(user_failure_data=SimpleNamespace(description="Hand in order_lines."), error=error)
    event: Any = SimpleNamespace(step_failure_data=told)
    assert failure_reason(event) == "Hand in order_lines."
    told.user_failure_data = None
    assert failure_reason(event) == "dagster._core.definitions.events.Failure: Hand in order_lines."
