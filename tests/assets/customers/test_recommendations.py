"""Lists, figures and rules of the small shop's last day: sellable, explained, and what the marts say."""

from datetime import date

import polars as pl
import pytest

from learning.recommendations import METHODS, REASON_CODES

pytestmark = pytest.mark.xdist_group("chain")
LAST_DAY = date(2025, 12, 31)


@pytest.fixture(scope="module")
def lists(last_day) -> pl.DataFrame:
    return last_day.read(f"select * from customers.recommendations where as_of_day = date '{LAST_DAY}'")


def test_every_buyer_of_the_year_has_lists_of_what_can_be_sold(last_day, lists: pl.DataFrame) -> None:
    buyers = last_day.read(
        "select distinct customer_key from marts.fct_order_lines where customer_key is not null and line_type = 'sale' "
        f"and not is_cancelled and superseded_on is null and business_day > date '{LAST_DAY}' - 365"
    )
    served = lists.filter(pl.col("list") != "cold")
    assert set(served["customer_key"]) == set(buyers["customer_key"])
    assert lists.select("customer_key", "list", "place").is_unique().all()
    assert lists["place"].max() == 10
    stock = last_day.read(f"select product_id, on_hand from marts.product_profile where as_of_day = date '{LAST_DAY}'")
    gone = stock.filter(pl.col("on_hand") <= 0)["product_id"]
    due = last_day.read(
        f"select distinct product_id from marts.fct_purchase_orders where received_on is null and expected_on > date '{LAST_DAY}'"
    )
    assert not set(lists["product_id"]) & (set(gone) - set(due["product_id"]))


def test_rebuys_were_bought_before_and_discoveries_never(last_day, lists: pl.DataFrame) -> None:
    bought = last_day.read(
        "select customer_key, product_id, count(distinct business_day) as days from marts.fct_order_lines where customer_key is not null "
        "and line_type = 'sale' and not is_cancelled and superseded_on is null group by all"
    )
    told = lists.join(bought, on=["customer_key", "product_id"], how="left")
    assert (told.filter(pl.col("list") == "rebuy")["days"] == told.filter(pl.col("list") == "rebuy")["own_days"]).all()
    assert told.filter(pl.col("list") == "discover")["days"].null_count() == told.filter(pl.col("list") == "discover").height


def test_rows_explain_themselves(lists: pl.DataFrame) -> None:
    assert set(lists["reason_code"]) <= set(REASON_CODES)
    assert lists.select("reason", "product_name", "model_version", "propensity").null_count().row(0) == (0, 0, 0, 0)
    known = lists.filter(pl.col("probability").is_not_null())
    assert known.height > 0.9 * lists.height
    assert known["probability"].is_between(0, 1).all()
    assert (lists.filter("is_explored")["list"] == "discover").all()
    assert (lists.filter(~pl.col("is_explored"))["propensity"] == 1.0).all()


def test_methods_are_judged_side_by_side(last_day) -> None:
    scores = last_day.read(f"select * from customers.recommendation_scores where as_of_day = date '{LAST_DAY}'")
    assert set(scores.filter(pl.col("list") == "all")["method"]) == set(METHODS)
    assert (scores["judged_until"] <= LAST_DAY).all()
    assert ((scores["judged_until"] - scores["judged_from"]).dt.total_days() == 28).all()


def test_rules_say_what_the_orders_say(last_day) -> None:
    rules = last_day.read(
        f"select * from customers.basket_rules where as_of_day = date '{LAST_DAY}' and products = 2 order by rank limit 3"
    )
    assert rules.height > 0
    lines = last_day.read(
        "select distinct order_id, product_id from marts.fct_order_lines where line_type = 'sale' and not is_cancelled "
        "and superseded_on is null and units > 0 and business_day > $1 - 280 and business_day <= $1 - 28",
        (rules["counted_on"][0],),
    )
    services = last_day.read("select product_id from marts.dim_products where is_service")["product_id"]
    held = lines.filter(~pl.col("product_id").is_in(services.implode())).group_by("order_id").agg("product_id")
    for rule in rules.iter_rows(named=True):
        one, two = (pl.col("product_id").list.contains(rule[name]) for name in ("antecedent_id", "consequent_id"))
        assert held.filter(one & two).height == rule["joint_orders"]
        assert held.filter(one).height == rule["antecedent_orders"]
        assert held.height == rule["orders"]
