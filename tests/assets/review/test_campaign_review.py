"""Campaigns in review, as the small shop's own days leave them."""

from datetime import date

import duckdb
import polars as pl
import pytest

from assets.review.campaign_outcomes import read_outcomes
from assets.table_contracts import table_contracts

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


def test_every_day_reads_the_campaigns_given_before_it(past_week) -> None:
    told = past_week.read("select * from review.campaign_readout where as_of_day between date '2025-11-23' and date '2025-11-28'")
    assert told["as_of_day"].n_unique() == 6
    assert (told["first_given_on"] < told["as_of_day"]).all()
    by_campaign = dict(told.group_by("campaign_id").agg(pl.col("causal").any()).rows())
    assert by_campaign == {"TRIAL-1": True, "MAILING-1": False}
    assert told.filter(pl.col("campaign_id") == "MAILING-1")["difference"].null_count() == told.filter(campaign_id="MAILING-1").height


def test_the_last_day_says_what_the_next_experiment_can_show(last_day) -> None:
    told = last_day.published("experiment_power").filter(pl.col("as_of_day") == LAST_DAY)
    assert set(told["known_on"]) == {date(2025, 12, 28)}
    customers = last_day.published("customer_profile").filter(pl.col("email_consent").fill_null(True)).height
    assert 0.9 * customers < told.filter(segment="all")["customers"].unique().item() <= customers
    assert (told.filter(segment="all")["customers_needed"] > 0).all()


def test_segments_and_the_time_before_are_those_of_the_profile(last_day) -> None:
    """The read-out computes them for days of which no profile is kept; on a day that has one they are the same."""
    with duckdb.connect(str(last_day.state / "warehouse.duckdb"), read_only=True) as connection:
        found = read_outcomes(connection, "rehearsal", "2026-01-01", LAST_DAY, 28)
    profile = last_day.read("select * from marts.customer_profile where as_of_day = ?", (LAST_DAY,))
    both = found.join(profile, on="customer_key", suffix="_profile")
    assert both.height == found.height > 100
    assert set(found["customer_key"]) == set(profile.filter(pl.col("email_consent").fill_null(True))["customer_key"])
    assert both["segment"].to_list() == both["rfm_segment"].to_list()
    for mine, theirs in (("orders_28", "orders_28_profile"), ("orders_365", "orders_365_profile"), ("revenue_84", "net_revenue_84")):
        assert both[mine].to_list() == pytest.approx(both[theirs].cast(pl.Float64).to_list())


def test_coupon_tables_say_whether_they_are_causal(last_day) -> None:
    for table in ("coupon_limits", "coupon_budget_curve", "coupon_budget", "coupon_assignments"):
        told = last_day.read(f"select causal from decisions.{table}")
        assert told.height > 0
        assert told["causal"].all()
    limits = last_day.read("select plan, causal from decisions.limits")
    assert limits.filter(pl.col("plan") == "replenishment")["causal"].null_count() == limits.filter(plan="replenishment").height
    assert table_contracts()["decisions.limits"].empty()["causal"].dtype == pl.Boolean
