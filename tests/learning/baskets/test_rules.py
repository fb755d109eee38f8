"""Rules from counts: every figure by hand, and what no counts can break."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.baskets import RULE_SCHEMA, BasketSettings, basket_rules, with_words

PERIODS = ("holdout", "window_1", "window_2", "window_3")
SETTINGS = BasketSettings(fewest_counted=1, fewest_joint_orders=20, fewest_in_window=5)
NO_THREES = pl.DataFrame(schema={"first_id": pl.String, "second_id": pl.String, "third_id": pl.String, **dict.fromkeys(PERIODS, pl.Int64)})


def counts(keys: dict[str, list[str]], rows: list[list[int]]) -> pl.DataFrame:
    return pl.DataFrame({**keys, **{name: [row[n] for row in rows] for n, name in enumerate(PERIODS)}})


ORDERS = counts({}, [[100, 200, 200, 100]])
PRODUCTS = counts({"product_id": ["jam", "salt", "tea"]}, [[20, 40, 40, 20], [50, 100, 100, 50], [10, 20, 20, 10]])
PAIRS = counts(
    {"first_id": ["jam", "jam", "salt"], "second_id": ["salt", "tea", "tea"]}, [[10, 20, 20, 10], [8, 15, 15, 2], [5, 10, 10, 5]]
)


def test_a_rule_by_hand() -> None:
    rules = basket_rules(ORDERS, PRODUCTS, PAIRS, NO_THREES, SETTINGS)
    assert dict(rules.schema) == RULE_SCHEMA
    assert set(zip(rules["antecedent_id"], rules["consequent_id"], strict=True)) == {
        ("jam", "tea"),
        ("tea", "jam"),
    }  # salt goes with anything
    rule = rules.filter(pl.col("antecedent_id") == "tea").row(0, named=True)
    assert (rule["orders"], rule["antecedent_orders"], rule["consequent_orders"], rule["joint_orders"]) == (500, 50, 100, 32)
    assert (rule["support"], rule["confidence"], rule["lift"]) == pytest.approx((32 / 500, 32 / 50, 32 / 50 * 5))
    assert rule["windows_seen"] == 2  # two joint orders in the last window are too few
    assert (rule["holdout_orders"], rule["holdout_joint_orders"]) == (100, 8)
    assert rule["holdout_lift"] == pytest.approx(8 * 100 / (20 * 10))
    assert 1 < rule["lift_low"] < rule["lift"]


def test_threes_stand_on_their_pairs() -> None:
    threes = counts({"first_id": ["jam"], "second_id": ["salt"], "third_id": ["tea"]}, [[4, 9, 9, 2]])
    rules = basket_rules(ORDERS, PRODUCTS, PAIRS, threes, SETTINGS).filter(pl.col("products") == 3)
    of = {(row["antecedent_id"], row["antecedent_second_id"], row["consequent_id"]): row for row in rules.iter_rows(named=True)}
    assert set(of) == {("jam", "salt", "tea"), ("jam", "tea", "salt"), ("salt", "tea", "jam")}
    rule = of["jam", "salt", "tea"]
    assert (rule["antecedent_orders"], rule["consequent_orders"], rule["joint_orders"]) == (50, 50, 20)
    assert rule["lift"] == pytest.approx(20 * 500 / (50 * 50))
    with pytest.raises(ValueError, match="not counted"):
        basket_rules(ORDERS, PRODUCTS, PAIRS.head(1), threes, SETTINGS)


def test_published_is_what_is_proven_and_can_be_sold() -> None:
    rules = basket_rules(ORDERS, PRODUCTS, PAIRS, NO_THREES, SETTINGS).with_columns(
        antecedent_name="antecedent_id", consequent_name="consequent_id", are_sellable=pl.col("antecedent_id") == "tea"
    )
    told = with_words(rules, SETTINGS)
    assert dict(zip(told["antecedent_id"], told["reason_code"], strict=True)) == {"tea": "published", "jam": "not_sellable"}
    assert told.filter(pl.col("antecedent_id") == "tea")["reason"].item() == (
        "32 of 50 orders with tea also had jam: 3.2 times as often as by chance; 4.0 times in the weeks after."
    )
    for bars, code in (
        (BasketSettings(fewest_counted=1, fewest_joint_orders=40, fewest_in_window=5), "too_few_orders"),
        (BasketSettings(fewest_counted=1, fewest_joint_orders=20, fewest_in_window=5, fewest_windows=3), "not_lasting"),
        (BasketSettings(fewest_counted=1, fewest_joint_orders=20, fewest_in_window=5, least_lift=3.0), "weak"),
    ):
        again = with_words(rules, bars)
        assert not again["is_published"].any()
        assert set(again["reason_code"]) == {code}


baskets = st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("abcde"), min_size=1)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(baskets)
def test_shares_stay_shares_and_proven_rules_come_first(drawn: list[tuple[int, set[str]]]) -> None:
    def count(*wanted: str) -> list[int]:
        return [sum(period == n and set(wanted) <= held for period, held in drawn) for n in range(4)]

    names = sorted({product for _, held in drawn for product in held})
    doubles = [(a, b) for a in names for b in names if a < b and sum(count(a, b)[1:])]
    orders, products = counts({}, [count()]), counts({"product_id": names}, [count(name) for name in names])
    pairs = counts({"first_id": [a for a, _ in doubles], "second_id": [b for _, b in doubles]}, [count(*pair) for pair in doubles])
    schema = {"first_id": pl.String, "second_id": pl.String, **dict.fromkeys(PERIODS, pl.Int64)}
    bars = BasketSettings(fewest_counted=1, fewest_joint_orders=3, fewest_in_window=1, least_lift=1.0)
    rules = basket_rules(orders, products, pairs.cast(schema), NO_THREES, bars)
    assert rules["rank"].to_list() == list(range(1, rules.height + 1))
    for rule in rules.iter_rows(named=True):
        assert 0 < rule["support"] <= rule["confidence"] <= 1
        assert rule["joint_orders"] <= min(rule["antecedent_orders"], rule["consequent_orders"])
        assert rule["lift"] > 1
    proven = [(r["joint_orders"] >= 3) and (r["windows_seen"] >= 2) and (r["lift_low"] >= 1.0) for r in rules.iter_rows(named=True)]
    assert proven == sorted(proven, reverse=True)


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"window_days": 0}, {"fewest_windows": 4}, {"most_products": 1}, {"fewest_counted": 101}):
        with pytest.raises(ValueError, match="Expected"):
            BasketSettings(**wrong)
