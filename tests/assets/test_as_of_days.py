"""The promise of as-of: a day decided later, in another shop folder or twice gives the rows that were right that evening.

Compared is every table of learning, decisions and review for a day a month before the shop's last one (lineage apart), decided (a) after
the last day, in the full shop; (b) in the shop cut back to that evening; (c) in a shop of which everything recorded later is other.
"""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.as_of import in_force_on
from assets.table_contracts import table_contracts

pytestmark = pytest.mark.xdist_group("chain")
DAY = date(2025, 11, 28)
DAY_BEFORE = date(2025, 11, 27)
OUTLIVED, MONTH_END = date(2025, 8, 15), date(2025, 7, 31)  # of `decided_again`
TABLES = sorted(table_contracts())
# a trial is known, so no pilot is proposed; the shop moves nothing between locations; orders were never calibrated; neither an outlook nor
# a promotion calendar was made; no coupon plan is old enough to be judged; 84 days before there were too few customers to judge segments;
# no outlook of 28 days before was made
EMPTY_HERE = {
    "customers.segment_scores",
    "customers.outlook_outcomes",
    "review.promised_realised",
    "response.pilot_plan",
    "decisions.coupon_overrides",
    "decisions.coupon_collisions",
    "decisions.transfers",
    "decisions.order_calibration",
    "decisions.order_outlook",
    "decisions.order_outlook_limits",
    "decisions.order_outlook_certificates",
    "decisions.promotion_calendar",
    "decisions.promotion_calendar_limits",
    "decisions.promotion_calendar_decisions",
    "decisions.promotion_calendar_certificates",
}


@pytest.fixture(scope="session")
def after_the_last_day(past_week, tables_of_day) -> dict[str, pl.DataFrame]:
    return tables_of_day(past_week, DAY)


@pytest.fixture(scope="session")
def that_evening(in_cut_shop, tables_of_day) -> dict[str, pl.DataFrame]:
    return tables_of_day(in_cut_shop, DAY)


@pytest.fixture(scope="session")
def in_another_future(among_later_records, tables_of_day) -> dict[str, pl.DataFrame]:
    return tables_of_day(among_later_records, DAY)


@pytest.mark.parametrize("table", TABLES)
def test_there_is_something_to_compare(after_the_last_day: dict[str, pl.DataFrame], table: str) -> None:
    assert after_the_last_day[table].is_empty() == (table in EMPTY_HERE)


@pytest.mark.parametrize("table", TABLES)
def test_the_shop_as_it_stood_that_evening_gives_the_same_rows(after_the_last_day, that_evening, table: str) -> None:
    assert_frame_equal(that_evening[table], after_the_last_day[table], check_exact=True)


@pytest.mark.parametrize("table", TABLES)
def test_other_records_later_change_nothing(after_the_last_day, in_another_future, table: str) -> None:
    assert_frame_equal(in_another_future[table], after_the_last_day[table], check_exact=True)


def known_facts(house) -> dict[str, pl.DataFrame]:
    """Marts as of DAY: versions in force, profiles of the day, campaigns settled by then."""
    columns = house.read("select table_name, column_name from information_schema.columns where table_schema = 'marts'")
    names = columns.group_by("table_name").agg("column_name").sort("table_name")
    facts = {}
    for table, present in names.rows():
        frame = house.read(f"select * from marts.{table}")
        if "superseded_on" in present:
            frame = frame.filter(in_force_on(DAY)).drop("superseded_on")
        elif "as_of_day" in present:
            frame = frame.filter(pl.col("as_of_day") == DAY)
        else:
            frame = frame.filter(pl.col("known_on") <= DAY)
        facts[table] = frame.sort(pl.all())
    return facts


def test_marts_know_the_same_of_that_evening(past_week, in_cut_shop, among_later_records) -> None:
    full, cut, disturbed = (known_facts(house) for house in (past_week, in_cut_shop, among_later_records))
    assert sum(frame.height for frame in full.values()) > 1000
    different = [
        (name, other)
        for name, frame in full.items()
        for other, facts in (("cut", cut), ("disturbed", disturbed))
        if not facts[name].equals(frame)
    ]
    assert different == []


def test_later_records_were_there_to_be_ignored(past_week, among_later_records) -> None:
    """The disturbed shop is another shop: its records after the day differ in every table."""
    for name in ("order_lines", "products", "suppliers", "stock_levels", "promotions", "coupons", "purchase_orders"):
        mine, other = (pl.read_parquet(house.shop / f"{name}.parquet") for house in (past_week, among_later_records))
        assert not mine.equals(other)


def test_a_day_decided_twice_alone_or_in_a_range_has_the_same_rows(decided_again, tables_of_day) -> None:
    """The day was decided within a week; now alone, in the same house. The day before keeps its rows."""
    for day in (DAY_BEFORE, DAY):
        for name, frame in tables_of_day(decided_again.house, day).items():
            assert_frame_equal(frame, decided_again.before[day][name], check_exact=True)


def test_a_run_removes_what_has_been_kept_of_each_customer_for_long_enough(decided_again) -> None:
    """Month ends stay, and places drawn by lot for a year."""
    left = decided_again.left
    assert set(left) >= {"customers.purchase_outlook", "customers.recommendations", "customers.segments", "decisions.audiences"}
    for name, frame in left.items():
        of_day = decided_again.before[DAY][name]
        outlived = frame.filter(pl.col("as_of_day") == OUTLIVED)
        assert frame.filter(pl.col("as_of_day") == MONTH_END).height == of_day.height > 0
        if name == "customers.recommendations":
            assert outlived.height == of_day["is_explored"].sum() > 0
            assert outlived["is_explored"].all()
        else:
            assert outlived.is_empty(), name
