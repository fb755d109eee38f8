"""What customers of a campaign did, by hand: three customers of one campaign, a handful of orders, on the days around it."""

from datetime import date, timedelta

import duckdb
import polars as pl
import pytest

from assets.review.campaign_outcomes import campaigns_on, read_outcomes
from assets.review.campaign_readout import PROMISED, READOUT, CampaignReader, plan_due_on
from assets.table_contracts import table_contracts

GIVEN = date(2025, 6, 1)
WINDOW_DAYS = 10
VERSION = "known_on date, superseded_on date"
TABLES = {
    "intermediate.int_orders": "business_day date, order_id varchar, customer_key varchar, sale_lines bigint, net_revenue double,"
    f" margin double, {VERSION}",
    "marts.fct_order_lines": "business_day date, order_id varchar, customer_key varchar, line_type varchar, coupon_id varchar,"
    f" discount_amount double, {VERSION}",
    "marts.fct_coupon_assignments": "campaign_id varchar, customer_key varchar, coupon_id varchar, assigned_on date,"
    f" propensity double, {VERSION}",
    "marts.fct_coupon_redemptions": "coupon_id varchar, customer_key varchar, order_id varchar, redeemed_on date,"
    f" discount_amount double, {VERSION}",
    "marts.dim_coupons": f"coupon_id varchar, face_value double, {VERSION}",
    "staging.stg_web_events": "customer_key varchar, business_day date, known_on date",
}


def day(offset: int) -> date:
    return GIVEN + timedelta(days=offset)


@pytest.fixture
def facts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for schema in ("intermediate", "marts", "staging", "decisions"):
        connection.execute(f"create schema {schema}")
    for name, columns in TABLES.items():
        connection.execute(f"create table {name} ({columns})")
    for customer, coupon, chance in (("anna", "c5", 0.5), ("bert", None, 0.5), ("cleo", "c5", 0.5)):
        insert(connection, "marts.fct_coupon_assignments", "k", customer, coupon, GIVEN, chance, GIVEN, None)
    insert(connection, "marts.dim_coupons", "c5", 5.0, day(-9), None)
    return connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, *values: object) -> None:
    connection.execute(f"insert into {table} values ({', '.join('?' for _ in values)})", list(values))


def order(
    connection, customer: str, offset: int, revenue: float, margin: float, known: int | None = None, until: int | None = None
) -> None:
    known_on, superseded_on = day(offset if known is None else known), None if until is None else day(until)
    insert(
        connection, "intermediate.int_orders", day(offset), f"o{customer}{offset}", customer, 1, revenue, margin, known_on, superseded_on
    )


def told(connection, known: int, *columns: str) -> dict[str, tuple]:
    frame = read_outcomes(connection, "campaign", "k", day(known), WINDOW_DAYS)
    return {row[0]: row[1:] for row in frame.select("customer_key", *columns).rows()}


def test_orders_count_from_the_day_after_to_the_windows_end(facts) -> None:
    for offset in (-40, -3, 0, 1, 10, 11, 20, 21):
        order(facts, "anna", offset, 20.0, 8.0)
    columns = ("orders", "revenue", "gain", "orders_after", "orders_28", "orders_84", "margin_84")
    assert told(facts, 30, *columns)["anna"] == (2.0, 40.0, 16.0, 2.0, 1.0, 2.0, 16.0)
    assert told(facts, 5, *columns)["anna"] == (1.0, 20.0, 8.0, 0.0, 1.0, 2.0, 16.0)
    assert told(facts, 30, *columns)["bert"] == (0.0,) * 7


def test_a_correction_counts_from_the_day_it_is_known(facts) -> None:
    order(facts, "anna", 2, 20.0, 8.0, until=6)
    order(facts, "anna", 2, 15.0, 3.0, known=6)
    assert told(facts, 5, "orders", "profit")["anna"] == (1.0, 8.0)
    assert told(facts, 6, "orders", "profit")["anna"] == (1.0, 3.0)


def test_the_time_before_is_as_it_was_known_on_the_evening_before(facts) -> None:
    """A return of an earlier order that became known after the coupon cannot reach the pre-period."""
    order(facts, "anna", -5, 20.0, 8.0, until=3)
    order(facts, "anna", -5, 0.0, 0.0, known=3)
    assert told(facts, 30, "orders_28", "margin_28")["anna"] == (1.0, 8.0)


def test_redemptions_by_list_or_by_line(facts) -> None:
    """Anna's is in both: the list knows the amount. Cleo's is on two lines only: no more than the face value."""
    order(facts, "anna", 2, 20.0, 8.0)
    order(facts, "cleo", 3, 20.0, 8.0)
    order(facts, "cleo", 4, 20.0, 8.0)
    insert(facts, "marts.fct_coupon_redemptions", "c5", "anna", "oanna2", day(2), 4.5, day(2), None)
    insert(facts, "marts.fct_order_lines", day(2), "oanna2", "anna", "sale", "c5", 5.0, day(2), None)
    for discount in (4.0, 3.0):
        insert(facts, "marts.fct_order_lines", day(3), "ocleo3", "cleo", "sale", "c5", discount, day(3), None)
    columns = ("redeemed", "coupon_orders", "cost", "gain", "profit", "orders_without_coupon")
    assert told(facts, 30, *columns) == {
        "anna": (1.0, 1.0, 4.5, 12.5, 8.0, 0.0),
        "bert": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "cleo": (1.0, 1.0, 5.0, 21.0, 16.0, 1.0),
    }


def test_a_visit_is_participation(facts) -> None:
    order(facts, "anna", 2, 20.0, 8.0)
    insert(facts, "staging.stg_web_events", "bert", day(4), day(4))
    insert(facts, "staging.stg_web_events", "cleo", day(11), day(11))
    assert told(facts, 30, "participated", "ordered") == {"anna": (1.0, 1.0), "bert": (1.0, 0.0), "cleo": (0.0, 0.0)}
    assert told(facts, 3, "participated")["bert"] == (0.0,)


def test_campaigns_are_listed_as_known_and_for_a_while(facts) -> None:
    assert campaigns_on(facts, GIVEN, 91).is_empty()
    assert campaigns_on(facts, day(3), 91).rows() == [("k", GIVEN, GIVEN, 3.0)]
    assert campaigns_on(facts, day(92), 91).is_empty()


def test_a_campaign_runs_is_settled_and_keeps_its_figures(facts) -> None:
    order(facts, "anna", 2, 20.0, 8.0)
    order(facts, "anna", 12, 20.0, 8.0)
    order(facts, "anna", 5, 99.0, 99.0, known=18)  # a week after the window: too late to count
    reader = CampaignReader(facts, WINDOW_DAYS)
    table_contracts()[READOUT].conform(reader.of_day(day(20)))

    def figure(offset: int, metric: str) -> tuple:
        rows = reader.of_day(day(offset)).filter(
            (pl.col("metric") == metric) & (pl.col("segment") == "all") & (pl.col("coupon_id") == "any")
        )
        return rows.select("stage", "treated_value", "control_value").row(0) if rows.height else ()

    assert figure(2, "orders_per_customer") == ("running", 0.5, 0.0)
    assert figure(16, "orders_per_customer") == ("running", 0.5, 0.0)
    assert figure(17, "orders_per_customer") == figure(60, "orders_per_customer") == ("settled", 0.5, 0.0)
    assert figure(26, "orders_after_window") == ()
    assert figure(27, "orders_after_window") == ("settled", 0.5, 0.0)
    assert reader.of_day(day(92)).is_empty()


def test_a_plan_is_judged_on_the_day_its_window_is_settled(facts) -> None:
    facts.execute(
        "create table decisions.coupon_assignments (as_of_day date, customer_key varchar, coupon_id varchar, expected_gain double,"
        " expected_cost double, is_holdout boolean, propensity double)"
    )
    decided_on = day(-1)  # the plan's coupons went out on GIVEN
    for number in range(80):
        key, held = f"p{number:02d}", number % 4 == 0
        coupon = None if held or number % 4 == 1 else "c5"
        insert(facts, "decisions.coupon_assignments", decided_on, key, coupon, 3.0 if coupon else 0.0, 1.0, held, 0.25 if held else 0.75)
        if coupon and number % 8 != 2:
            insert(facts, "marts.fct_coupon_assignments", "own", key, coupon, GIVEN, None, GIVEN, None)
        order(facts, key, 3, 10.0 + number % 5, 4.0 + number % 5 + (2.0 if coupon else 0.0))
    insert(facts, "decisions.coupon_assignments", decided_on, "no_offer", None, 0.0, 0.0, False, None)
    row = plan_due_on(facts, day(WINDOW_DAYS + 7), WINDOW_DAYS)
    table_contracts()[PROMISED].conform(row)
    found = row.row(0, named=True)
    assert (found["decided_on"], found["coupons_planned"], found["promised_gain"], found["verdict"]) == (
        decided_on,
        40,
        120.0,
        "no_control",
    )
    assert (found["planned_customers"], found["holdout_customers"]) == (60, 20)
    assert (found["given_share"], found["holdout_given_share"]) == (0.75, 0.0)
    assert plan_due_on(facts, day(WINDOW_DAYS + 8), WINDOW_DAYS).is_empty()
