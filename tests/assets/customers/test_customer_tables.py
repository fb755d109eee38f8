"""Segments and audiences of the small shop's last day, against profiles, contacts and consent."""

from datetime import date

import polars as pl
import pytest

from assets.published.k_anonymity import K, released, smallest_cell
from learning.segments import FROZEN, RFM, rfm_segments

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY, SUNDAY = date(2025, 12, 31), date(2025, 12, 28)


@pytest.fixture(scope="module")
def profiles(last_day) -> pl.DataFrame:
    return last_day.read("select * from marts.customer_profile where as_of_day = ? order by customer_key", (LAST_DAY,))


@pytest.fixture(scope="module")
def segments(last_day) -> pl.DataFrame:
    return last_day.read("select * from customers.segments where as_of_day = ? order by customer_key", (LAST_DAY,))


def test_the_rules_in_sql_and_in_python_name_the_same_segments(profiles: pl.DataFrame) -> None:
    frame = profiles.select("customer_key", *RFM)
    assert rfm_segments(frame).to_list() == profiles["rfm_segment"].to_list()
    assert profiles["rfm_segment"].n_unique() >= 5


def test_every_customer_is_in_a_segment_and_told_why(profiles: pl.DataFrame, segments: pl.DataFrame, last_day) -> None:
    assert segments["customer_key"].to_list() == profiles["customer_key"].to_list()
    assert segments["rfm_segment"].to_list() == profiles["rfm_segment"].to_list()
    assert segments["cluster_id"].null_count() == 0
    assert (segments["entered_on"] <= LAST_DAY).all()
    joined = segments.filter(pl.col("reason_code") == "joined")
    first = profiles.join(joined, on="customer_key", how="semi")["first_order_day"]
    assert (joined["decided_on"] == LAST_DAY).all()
    assert (first > SUNDAY).all()
    assert (segments.filter(pl.col("reason_code") != "joined")["decided_on"] == SUNDAY).all()
    assert (segments.filter(pl.col("reason_code") == "stays")["margin"] < 0).all()
    models = last_day.read("select * from customers.segment_models where as_of_day = ? order by tested_on", (LAST_DAY,))
    assert models["tested_on"].to_list()[-1] == LAST_DAY
    assert models["reason"][0] == "first"
    assert set(segments["model_version"]) <= set(models["model_version"])


def test_segments_are_described_and_judged(segments: pl.DataFrame, last_day) -> None:
    told = last_day.read("select * from customers.segment_profiles where as_of_day = ? order by all", (LAST_DAY,))
    clusters = told.filter(pl.col("scheme") == "cluster")
    assert set(clusters["segment"]) == set(segments.filter(pl.col("decided_on") == SUNDAY)["cluster_name"])
    for scheme in ("cluster", "rfm"):
        assert told.filter(pl.col("scheme") == scheme)["share"].sum() == pytest.approx(1)
    assert told["description"].str.starts_with("Typically ordered last").all()
    scores = last_day.read("select * from customers.segment_scores where as_of_day = ?", (LAST_DAY,))
    assert FROZEN in scores["method"]
    assert scores.height == 6


def test_lists_keep_consent_and_contacts(profiles: pl.DataFrame, last_day) -> None:
    lists = last_day.read("select * from decisions.audiences where as_of_day = ? order by all", (LAST_DAY,))
    assert set(lists["purpose"]) == {"likely_to_churn", "win_back", "due_to_rebuy", "high_value"}
    listed = lists.filter("is_in")
    assert listed.height > 10
    consent = profiles.filter("email_consent")["customer_key"]
    assert set(listed["customer_key"]) <= set(consent)
    assert not lists.filter(pl.col("customer_key").is_in(consent.implode()))["reason_code"].eq("no_consent").any()
    contacts = last_day.read(
        "select customer_key, count(*) as contacts from ("
        "select customer_key from marts.fct_coupon_assignments where coupon_id is not null and known_on <= $1 and assigned_on <= $1 "
        "and assigned_on > cast($1 as date) - 28 and (superseded_on is null or superseded_on > $1) "
        "union all select customer_key from decisions.ad_audiences where is_in and as_of_day = $1) group by 1",
        (LAST_DAY,),
    )
    both = lists.join(contacts, on="customer_key", how="left", suffix="_counted")
    assert both["contacts"].to_list() == both["contacts_counted"].fill_null(0).to_list()
    all_contacts = listed.group_by("customer_key").agg(total=pl.len() + pl.col("contacts").first())
    assert all_contacts["total"].max() <= 2


def test_lists_ask_the_outlook_of_the_day(last_day) -> None:
    asked = last_day.read(
        "select lists.purchase_probability, outlook.p_buy_28d, lists.model_version, outlook.model_version as outlook_version "
        "from decisions.audiences as lists left join customers.purchase_outlook as outlook using (as_of_day, customer_key) "
        "where as_of_day = ?",
        (LAST_DAY,),
    )
    assert asked.height > 10
    assert asked["p_buy_28d"].null_count() == 0
    assert asked["purchase_probability"].equals(asked["p_buy_28d"])
    assert asked["model_version"].equals(asked["outlook_version"])


def test_a_value_is_causal_only_where_the_coupons_effect_is(last_day) -> None:
    lists = last_day.read("select * from decisions.audiences where as_of_day = ?", (LAST_DAY,))
    scores = last_day.read("select customer_key, value from response.coupon_scores where as_of_day = ? and causal", (LAST_DAY,))
    best = scores.group_by("customer_key").agg(pl.col("value").max())
    causal = lists.filter("causal").join(best, on="customer_key", how="left")
    assert causal.height > 0
    assert causal["expected_value"].to_list() == pytest.approx(causal["value"].to_list())
    assumed = lists.filter(~pl.col("causal"))
    assert assumed.join(best, on="customer_key", how="semi").is_empty()
    assert (assumed["value_source"] == "assumed").all()


def test_published_tables_of_customers_leave_k_anonymous(last_day) -> None:
    for name in ("customer_profile", "customer_segments", "customer_audiences"):
        out = released(last_day.published(name))
        assert out.frame.height > 0, name
        assert smallest_cell(out.frame, out.checked) >= K, name
        assert out.blanked, name
