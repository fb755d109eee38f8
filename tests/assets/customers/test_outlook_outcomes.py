"""What came of outlooks, by hand and against the outcomes that outlooks are trained on."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.customers.order_days import read_orders
from assets.customers.outlook_outcomes import MEASURES, OUTCOMES, outcomes_of, totals_check
from assets.table_contracts import table_contracts
from assets.warehouse import Warehouse
from assets.windows import Window
from learning.customer_value import OutlookSettings
from learning.customer_value.snapshots import outcomes_after

DAY = date(2025, 12, 29)
ONE_DAY = timedelta(days=1)
DAYS = {measure.name: measure.days for measure in MEASURES}
MARTS = """
create schema intermediate;
create table intermediate.int_orders (
    customer_key varchar, order_id varchar, business_day date, sale_lines bigint, sale_revenue decimal(18, 4),
    net_revenue decimal(18, 4), known_on date, superseded_on date
);
create schema marts;
create table marts.customer_profile (as_of_day date, customer_key varchar, lifecycle varchar)
"""
OUTLOOK_TYPES = {"p_buy_28d": pl.Float64, "expected_orders_28d": pl.Float64, "expected_net_84d": pl.Float64}
OUTLOOK_TYPES |= {"p_churn": pl.Float64, "churn_days": pl.Int64, "expected_net_365d": pl.Float64}


def made(folder: Path) -> Warehouse:
    warehouse = Warehouse(path=str(folder / "warehouse.duckdb"), threads=1)
    with warehouse.connect() as connection:
        connection.execute(MARTS)
    warehouse.append(table_contracts()["customers.purchase_outlook"], table_contracts()["customers.purchase_outlook"].empty())
    return warehouse


def expect(warehouse: Warehouse, day: date, **customers: dict) -> None:
    """Put the outlook of a day there."""
    rows = [{"as_of_day": day, "customer_key": name, "model_version": "one", **told} for name, told in customers.items()]
    contract = table_contracts()["customers.purchase_outlook"]
    frame = pl.DataFrame(rows, schema_overrides=OUTLOOK_TYPES)
    warehouse.append(contract, pl.concat([contract.empty(), frame], how="diagonal_relaxed"))


def order(warehouse: Warehouse, customer: str, day: date, net: float, known: date | None = None, until: date | None = None) -> None:
    """A sale, or a refund where net is below 0, known from its own day on unless told otherwise."""
    row = [customer, f"{customer}-{day}", day, int(net > 0), max(net, 0), net, known or day, until]
    with warehouse.connect() as connection:
        connection.execute("insert into intermediate.int_orders values (?, ?, ?, ?, ?, ?, ?, ?)", row)


def judged(warehouse: Warehouse, first: date = DAY, last: date = DAY) -> pl.DataFrame:
    """Judge the days and store what comes of it, as the asset does."""
    frame = outcomes_of(warehouse, Window(first, last + ONE_DAY))
    warehouse.replace_days(table_contracts()[OUTCOMES], frame, sorted({*frame["as_of_day"], first}))
    return warehouse.read(f"select * from {OUTCOMES} order by as_of_day, measure, lifecycle")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return made(tmp_path)


def test_the_days_are_those_the_outlook_speaks_of() -> None:
    told = OutlookSettings()
    assert {
        "buyers": told.horizon_days,
        "order_days": told.horizon_days,
        "net_revenue_84d": told.value_days,
        "churned": told.churn_days[1],
        "net_revenue_365d": told.far_days,
    } == DAYS


def test_buyers_and_order_days_of_four_weeks_by_hand(warehouse: Warehouse) -> None:
    before = DAY - timedelta(days=28)
    expect(
        warehouse,
        before,
        keen={"p_buy_28d": 0.75, "expected_orders_28d": 1.5},
        slow={"p_buy_28d": 0.5, "expected_orders_28d": 0.5},
        silent={"p_buy_28d": None, "expected_orders_28d": None},
    )
    with warehouse.connect() as connection:
        connection.execute("insert into marts.customer_profile values (?, 'keen', 'active')", [before])
    order(warehouse, "keen", before, 10)  # known when the outlook was made
    order(warehouse, "keen", before + ONE_DAY, 10)
    order(warehouse, "keen", DAY, 10)
    order(warehouse, "slow", DAY + ONE_DAY, 10)  # a day too late
    order(warehouse, "silent", DAY, 10)
    rows = judged(warehouse)
    told = {(row["measure"], row["lifecycle"]): row for row in rows.to_dicts()}
    assert sorted(told) == [(name, group) for name in ("buyers", "order_days") for group in ("active", "all", "not_known")]
    everybody = told["buyers", "all"]
    assert (everybody["customers"], everybody["expected"], everybody["came"]) == (2, 1.25, 1.0)
    assert everybody["expected_over_came"] == 1.25
    assert everybody["sd_by_chance"] == pytest.approx((0.25**2 + 0.5**2) ** 0.5)
    assert everybody["mean_absolute_error"] is None
    days = told["order_days", "all"]
    assert (days["expected"], days["came"], days["mean_absolute_error"]) == (2.0, 2.0, 0.5)
    assert told["buyers", "not_known"]["expected_over_came"] is None
    assert set(rows["predicted_on"]) == {before}
    assert set(rows["model_version"]) == {"one"}


def test_churn_is_each_customers_own_and_net_values_lose_refunds(warehouse: Warehouse) -> None:
    half_a_year, quarter, year = (DAY - timedelta(days=DAYS[name]) for name in ("churned", "net_revenue_84d", "net_revenue_365d"))
    expect(warehouse, half_a_year, weekly={"p_churn": 0.5, "churn_days": 28}, quarterly={"p_churn": 0.25, "churn_days": 182})
    for customer in ("weekly", "quarterly"):
        order(warehouse, customer, half_a_year + timedelta(days=29), 10)
    expect(warehouse, quarter, weekly={"expected_net_84d": 90.0})
    expect(warehouse, year, weekly={"expected_net_365d": 90.0})
    order(warehouse, "weekly", quarter + ONE_DAY, 100)
    order(warehouse, "weekly", DAY - ONE_DAY, -20)
    totals = judged(warehouse).filter(pl.col("lifecycle") == "all")
    assert totals.select("measure", "expected", "came").rows() == [
        ("churned", 0.75, 1.0),
        ("net_revenue_365d", 90.0, 90.0),
        ("net_revenue_84d", 90.0, 80.0),
    ]


def test_a_day_judges_with_what_it_knew(warehouse: Warehouse) -> None:
    before = DAY - timedelta(days=84)
    expect(warehouse, before, one={"expected_net_84d": 50.0})
    order(warehouse, "one", DAY - ONE_DAY, 40, until=DAY)
    order(warehouse, "one", DAY - ONE_DAY, 30, known=DAY, until=DAY + ONE_DAY)
    order(warehouse, "one", DAY - ONE_DAY, 0, known=DAY + ONE_DAY)
    order(warehouse, "one", DAY - 2 * ONE_DAY, 500, known=DAY + ONE_DAY)
    assert judged(warehouse)["came"].to_list() == [30.0, 30.0]


def test_days_in_any_order_end_in_the_same_rows_and_outlooks_thinned_out_keep_theirs(warehouse: Warehouse, tmp_path: Path) -> None:
    near, far = DAY - timedelta(days=28), DAY - timedelta(days=84)
    other = made(tmp_path / "other")
    for each in (warehouse, other):
        order(each, "one", DAY, 40)
    expect(warehouse, far, one={"expected_net_84d": 50.0})
    expect(warehouse, near, one={"p_buy_28d": 0.5, "expected_orders_28d": 0.5})
    expect(warehouse, DAY, one={"p_buy_28d": 0.5})
    in_order = judged(warehouse)
    expect(other, far, one={"expected_net_84d": 50.0})
    expect(other, DAY, one={"p_buy_28d": 0.5})
    assert set(judged(other)["measure"]) == {"net_revenue_84d"}
    with other.connect() as connection:  # a year later the quarter's outlook is no longer kept, and the day four weeks before is decided
        connection.execute("delete from customers.purchase_outlook where as_of_day = ?", [far])
    expect(other, near, one={"p_buy_28d": 0.5, "expected_orders_28d": 0.5})
    assert judged(other, near, near).equals(in_order)
    with other.connect() as connection:  # decided anew, the outlook of four weeks before has no expectation any more
        connection.execute("update customers.purchase_outlook set p_buy_28d = null where as_of_day = ?", [near])
    assert set(judged(other)["measure"]) == {"net_revenue_84d", "order_days"}


def test_a_total_warns_where_it_is_far_off_and_chance_does_not_explain_it(warehouse: Warehouse) -> None:
    key = dg.AssetKey(OUTCOMES.split("."))
    nothing = totals_check(judged(warehouse), key)
    assert nothing.passed
    assert nothing.metadata["judged"].value == "no outlook is old enough"
    before = DAY - timedelta(days=28)
    expect(warehouse, before, **{f"c{number}": {"p_buy_28d": 0.5, "expected_orders_28d": 0.5} for number in range(40)})
    for number in range(15):  # 20 were expected: a third too many, and no more than chance
        order(warehouse, f"c{number}", DAY, 10)
    assert totals_check(judged(warehouse), key).passed
    expect(warehouse, before, **{f"d{number}": {"p_buy_28d": 0.5, "expected_orders_28d": 0.5} for number in range(40)})
    off = totals_check(judged(warehouse), key)  # 40 were expected, still 15 came
    assert not off.passed
    assert off.severity == dg.AssetCheckSeverity.WARN
    assert "buyers of 2025-12-01: 40 expected, 15 came (off)" in off.metadata["judged"].value


ORDER = st.tuples(
    st.sampled_from("abc"),
    st.integers(-5, 90),
    st.integers(-50, 50).filter(bool),
    st.integers(0, 6),
    st.one_of(st.none(), st.integers(1, 9)),
)


@settings(max_examples=15, deadline=None)
@given(orders=st.lists(ORDER, max_size=12, unique_by=lambda each: each[:2]))
def test_orders_and_net_revenue_are_counted_as_in_training(orders: list[tuple]) -> None:
    """The rows that outlooks are learned from are the oracle."""
    with TemporaryDirectory() as folder:
        warehouse = made(Path(folder))
        for name in ("order_days", "net_revenue_84d"):
            told = {"p_buy_28d": 0.5, "expected_orders_28d": 1.0, "expected_net_84d": 25.0}
            expect(warehouse, DAY - timedelta(days=DAYS[name]), a=told, b=told)
        for customer, offset, net, late, lasts in orders:
            day = DAY - timedelta(days=84 - offset)
            known = day + timedelta(days=late)
            order(warehouse, customer, day, net, known, known + timedelta(days=lasts) if lasts else None)
        totals = judged(warehouse).filter(pl.col("lifecycle") == "all")
        known = read_orders(warehouse, DAY, DAY).as_of(DAY)
        for name, column in (("buyers", "has_bought"), ("order_days", "order_days_after"), ("net_revenue_84d", "net_revenue_after")):
            days = DAYS[name]
            came = outcomes_after(known, pl.Series(["a", "b"]), DAY - timedelta(days=days), days)[column].sum()
            row = totals.filter(pl.col("measure") == name).row(0, named=True)
            assert row["came"] == pytest.approx(came)
            assert row["customers"] == 2
