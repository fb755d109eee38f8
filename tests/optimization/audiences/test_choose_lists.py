"""Who is on which list: by hand, and for any customers."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.audiences import LISTS_SCHEMA, PURPOSES, ListSettings, choose_lists

PLAIN = ListSettings(holdout_share=0.0)
ANYBODY = {
    "lifecycle": "active",
    "segment": "Regulars",
    "recency_days": 20,
    "expected_gap_days": 20.0,
    "orders_lifetime": 8,
    "m_score": 3,
    "margin_per_order": 50.0,
    "purchase_probability": 0.4,
    "has_consent": True,
    "contacts": 0,
    "coupon_id": None,
    "coupon_value": None,
    "coupon_value_low": None,
    "coupon_value_high": None,
    "coupon_source": None,
}
TYPES = {"coupon_id": pl.String, "coupon_source": pl.String, "coupon_value": pl.Float64, "coupon_value_low": pl.Float64}
TYPES |= {"coupon_value_high": pl.Float64, "purchase_probability": pl.Float64, "has_consent": pl.Boolean, "margin_per_order": pl.Float64}


def customers(**changes: dict) -> pl.DataFrame:
    """One customer per name, anybody but for the changes."""
    rows = [{"customer_key": name, **ANYBODY, **change} for name, change in changes.items()]
    return pl.DataFrame(rows, schema_overrides=TYPES)


def told(frame: pl.DataFrame, options: ListSettings = PLAIN) -> dict[tuple[str, str], dict]:
    return {(row["purpose"], row["customer_key"]): row for row in choose_lists(frame, options).to_dicts()}


def test_each_purpose_has_those_it_is_for() -> None:
    lists = told(
        customers(
            due={},
            just_came={"recency_days": 3},
            two_orders={"orders_lifetime": 2},
            slipping={"lifecycle": "at_risk", "recency_days": 50},
            gone={"lifecycle": "lost", "recency_days": 300},
            gone_after_one={"lifecycle": "lost", "orders_lifetime": 1},
            best={"m_score": 5, "recency_days": 1},
        )
    )
    assert sorted(lists) == [("due_to_rebuy", "due"), ("high_value", "best"), ("likely_to_churn", "slipping"), ("win_back", "gone")]
    assert all(row["reason_code"] == "listed" for row in lists.values())
    assert lists["win_back", "gone"]["sentence"].startswith("Listed: came 8 times and has not ordered for 300 days; contacting is assumed")


def test_a_value_from_a_trial_is_causal_and_any_other_is_an_assumption() -> None:
    coupon = {"coupon_id": "five", "coupon_value": 2.5, "coupon_value_low": 0.5, "coupon_value_high": 4.5, "coupon_source": "average"}
    lists = told(customers(tried=coupon, assumed={}), replace(PLAIN, cost_per_contact=0.1))
    tried, assumed = lists["due_to_rebuy", "tried"], lists["due_to_rebuy", "assumed"]
    assert (tried["causal"], tried["value_source"], tried["coupon_id"]) == (True, "average", "five")
    assert [tried[name] for name in ("expected_value", "expected_value_low", "expected_value_high")] == pytest.approx([2.4, 0.4, 4.4])
    assert "with coupon five is worth 2.4 (from trials, the same for all customers)" in tried["sentence"]
    # 50 of margin, 60 % would not buy, 2 % of them do once contacted
    assert (assumed["causal"], assumed["value_source"], assumed["coupon_id"]) == (False, "assumed", None)
    assert assumed["expected_value"] == pytest.approx(50 * 0.6 * 0.02 - 0.1)
    assert assumed["expected_value_low"] is None


def test_who_is_not_listed_is_told_why() -> None:
    lists = told(
        customers(
            silent={"has_consent": False},
            unheard={"has_consent": None},
            often={"contacts": 2},
            unknown={"purchase_probability": None},
            dear={"margin_per_order": 1.0},
            no_margin={"margin_per_order": None},
        ),
        replace(PLAIN, cost_per_contact=0.1),
    )
    reasons = {name: row["reason_code"] for (_, name), row in lists.items()}
    assert reasons == {
        "silent": "no_consent",
        "unheard": "no_consent",
        "often": "frequency_cap",
        "unknown": "not_known",
        "dear": "not_worth_it",
        "no_margin": "not_worth_it",
    }
    assert not any(row["is_in"] for row in lists.values())
    assert all(row["sentence"].startswith("Not listed although") for row in lists.values())


def test_contacts_left_go_to_the_first_purposes_and_full_lists_to_those_worth_most() -> None:
    both = {"m_score": 5}
    lists = told(customers(one_left={**both, "contacts": 1}, two_left=both))
    assert lists["due_to_rebuy", "one_left"]["is_in"]
    assert lists["high_value", "one_left"]["reason_code"] == "frequency_cap"
    assert lists["high_value", "two_left"]["is_in"]
    capped = told(customers(small={"margin_per_order": 10.0}, big={"margin_per_order": 90.0}), replace(PLAIN, most=1))
    assert capped["due_to_rebuy", "big"]["is_in"]
    assert capped["due_to_rebuy", "small"]["reason_code"] == "size_cap"


def test_where_all_are_worth_the_same_the_dearest_orders_come_first() -> None:
    coupon = {"coupon_id": "five", "coupon_value": 2.5, "coupon_source": "average"}
    lists = told(
        customers(a={**coupon, "margin_per_order": 5.0}, b={**coupon, "margin_per_order": 9.0}, c=coupon | {"margin_per_order": None}),
        replace(PLAIN, most=1),
    )
    assert [name for (_, name), row in lists.items() if row["is_in"]] == ["b"]


def test_the_hold_out_is_one_for_all_lists_and_about_as_large_as_asked() -> None:
    names = {f"c{number}": {"m_score": 5} for number in range(2_000)}
    lists = choose_lists(customers(**names), ListSettings(holdout_share=0.2))
    held = lists.filter(pl.col("reason_code") == "holdout")
    by_purpose = [set(part["customer_key"]) for part in held.partition_by("purpose")]
    assert len(by_purpose) == 2
    assert by_purpose[0] == by_purpose[1]
    assert len(by_purpose[0]) == pytest.approx(400, abs=60)


def test_bad_customers_and_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="lack the columns contacts"):
        choose_lists(customers(a={}).drop("contacts"), PLAIN)
    with pytest.raises(ValueError, match="named twice"):
        choose_lists(pl.concat([customers(a={})] * 2), PLAIN)
    with pytest.raises(ValueError, match="outside 0 to 1"):
        choose_lists(customers(a={"purchase_probability": 1.5}), PLAIN)
    with pytest.raises(ValueError, match="assumed_lift"):
        ListSettings(assumed_lift=1.5)
    assert choose_lists(customers(a={}).clear(), PLAIN).schema == pl.Schema(LISTS_SCHEMA)


ONE = st.fixed_dictionaries(
    {
        "lifecycle": st.sampled_from(["new", "active", "at_risk", "lapsed", "lost"]),
        "recency_days": st.integers(0, 90),
        "orders_lifetime": st.integers(1, 6),
        "m_score": st.integers(1, 5),
        "margin_per_order": st.one_of(st.none(), st.floats(-10, 100)),
        "purchase_probability": st.one_of(st.none(), st.floats(0, 1)),
        "has_consent": st.one_of(st.none(), st.booleans()),
        "contacts": st.integers(0, 3),
        "coupon_value": st.one_of(st.none(), st.floats(-5, 5)),
    }
)


@settings(max_examples=60, deadline=None)
@given(drawn=st.lists(ONE, min_size=1, max_size=12), most=st.one_of(st.none(), st.integers(0, 4)), allowed=st.integers(0, 3))
def test_no_list_breaks_a_cap_or_a_refusal(drawn: list[dict], most: int | None, allowed: int) -> None:
    frame = customers(**{f"c{number}": {**one, "coupon_id": "five", "coupon_source": "individual"} for number, one in enumerate(drawn)})
    options = ListSettings(most_contacts=allowed, most=most, holdout_share=0.3)
    lists = choose_lists(frame, options)
    assert lists.equals(choose_lists(frame.sample(fraction=1.0, shuffle=True, seed=1), options)), "the order of rows changes nothing"
    assert not lists.select("purpose", "customer_key").is_duplicated().any()
    assert set(lists["purpose"]) <= set(PURPOSES)
    listed = lists.filter("is_in").join(frame.select("customer_key", "has_consent"), on="customer_key")
    assert listed["has_consent"].all()
    assert (listed["expected_value"] > 0).all()
    assert (listed.group_by("customer_key").agg(pl.len() + pl.col("contacts").first())["len"] <= allowed).all()
    if most is not None:
        assert (listed.group_by("purpose").len()["len"] <= most).all()
        for purpose, (fits, _) in PURPOSES.items():
            full = listed.filter(pl.col("purpose") == purpose)
            left = lists.filter((pl.col("purpose") == purpose) & (pl.col("reason_code") == "size_cap"))
            assert left.is_empty() or (full.height == most and (most == 0 or full["expected_value"].min() >= left["expected_value"].max()))
            assert lists.filter(pl.col("purpose") == purpose).height == frame.filter(fits).height
    assert lists["sentence"].null_count() == 0
    assert lists.filter(pl.col("causal")).select(pl.col("coupon_id").is_not_null().all()).item()
