"""Suppliers' terms on a day, worked by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.as_of import Versions
from assets.supply_terms import DEFAULT_SUPPLIER, Supply, next_order_day, order_weekdays, supply_horizons
from shops.intake_rules import WEEKDAYS_LISTED
from shops.replenishment_terms import SupplierTerms

WEDNESDAY = date(2025, 12, 31)
LONG_AGO = date(2025, 1, 1)


def test_order_weekdays() -> None:
    assert order_weekdays("Mon,Thu") == {0, 3}
    assert order_weekdays(" monday ; ".replace(";", ",") + "SUN") == {0, 6}
    assert order_weekdays("") == order_weekdays(None) == frozenset()


def test_a_word_that_is_no_weekday_is_an_error_that_says_where_to_mend() -> None:
    with pytest.raises(ValueError, match=r"Mon,Thu; got 'Mon,Xyz'. Mend order_weekdays"):
        order_weekdays("Mon,Xyz")


@pytest.mark.parametrize(
    ("day", "weekdays", "review", "expected"),
    [
        (date(2026, 1, 1), "Mon,Thu", None, date(2026, 1, 5)),  # a Thursday: the next chance is Monday
        (date(2026, 1, 1), "Thu", 3, date(2026, 1, 8)),  # weekdays go before review days
        (date(2026, 1, 1), "Fri", None, date(2026, 1, 2)),
        (date(2026, 1, 1), "", 3, date(2026, 1, 4)),
        (date(2026, 1, 1), "", None, date(2026, 1, 2)),
    ],
)
def test_next_order_day(day: date, weekdays: str, review: int | None, expected: date) -> None:
    assert next_order_day(day, order_weekdays(weekdays), review) == expected


def suppliers() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "supplier_id": ["thursdays", "fridays", "daily", "later"],
            "lead_time_days": [2, 5, 3, 1],
            "review_days": [None, None, 4, 1],
            "order_weekdays": ["Mon,Thu", "Fri", "", ""],
            "min_order_value": [100.0, 0.0, None, 0.0],
            "fixed_order_cost": [None, 5.0, 0.0, 0.0],
            "known_on": [LONG_AGO, LONG_AGO, LONG_AGO, date(2026, 1, 1)],
            "superseded_on": pl.Series([None] * 4, dtype=pl.Date),
        }
    )


def products() -> pl.DataFrame:
    names = ["a", "b", "c", "d", "postage"]
    return pl.DataFrame(
        {
            "product_id": names,
            "supplier_id": ["thursdays", "daily", None, "later", "thursdays"],
            "is_service": [False, False, False, False, True],
            "known_on": [LONG_AGO] * 5,
            "superseded_on": pl.Series([None] * 5, dtype=pl.Date),
        }
    )


@pytest.fixture
def supply() -> Supply:
    return Supply(Versions(products()), Versions(suppliers()), SupplierTerms(lead_time_days=7, review_days=7, min_order_value=50.0))


def test_suppliers_of_a_day(supply: Supply) -> None:
    rows = {row["supplier_id"]: row for row in supply.suppliers_on(WEDNESDAY).to_dicts()}
    assert set(rows) == {"thursdays", "fridays", "daily", DEFAULT_SUPPLIER}, "a supplier known tomorrow is not known today"
    thursdays = rows["thursdays"]
    assert (thursdays["order_day"], thursdays["is_order_day"], thursdays["next_order_day"]) == (date(2026, 1, 1), True, date(2026, 1, 5))
    assert thursdays["review_days"] == 4
    assert (rows["fridays"]["is_order_day"], rows["fridays"]["review_days"]) == (False, 1)
    assert (rows["daily"]["is_order_day"], rows["daily"]["review_days"], rows["daily"]["min_order_value"]) == (True, 4, 0.0)
    assumed = rows[DEFAULT_SUPPLIER]
    assert (assumed["supplier_terms"], assumed["lead_time_days"], assumed["review_days"], assumed["min_order_value"]) == (
        "assumed",
        7,
        7,
        50.0,
    )


def test_a_shop_without_suppliers_has_the_assumed_one_only(supply: Supply) -> None:
    bare = Supply(supply.products, Versions(suppliers().clear()), supply.assumed)
    assert bare.suppliers_on(WEDNESDAY)["supplier_id"].to_list() == [DEFAULT_SUPPLIER]
    assert set(bare.products_on(WEDNESDAY)["supplier_id"]) == {DEFAULT_SUPPLIER}


def test_products_without_a_known_supplier_get_the_assumed_one(supply: Supply) -> None:
    found = dict(supply.products_on(WEDNESDAY).select("product_id", "supplier_id").rows())
    assert found == {"a": "thursdays", "b": "daily", "c": DEFAULT_SUPPLIER, "d": DEFAULT_SUPPLIER}, "services are never ordered"


def test_a_supplier_that_the_shop_calls_the_default_one_is_there_once(supply: Supply) -> None:
    own = suppliers().with_columns(supplier_id=pl.col("supplier_id").replace({"fridays": DEFAULT_SUPPLIER}))
    both = Supply(supply.products, Versions(own), supply.assumed)
    terms = both.suppliers_on(WEDNESDAY).filter(pl.col("supplier_id") == DEFAULT_SUPPLIER)
    assert terms.select("lead_time_days", "supplier_terms").rows() == [(5, "shop")]
    assert both.products_on(WEDNESDAY)["product_id"].sort().to_list() == ["a", "b", "c", "d"], "no product is ordered twice"


WORDS = st.sampled_from(["Mon", "tuesday", "WED", "Thu ", " fri", "Sat.", "So", "Montag", "x", "", " ", "\n", "ſun", "İ"])


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=4), st.sampled_from([",", ", ", ";", ",,"]))
def test_weekdays_that_landing_takes_are_understood(words: list[str], between: str) -> None:
    text = between.join(words)
    if pl.Series([text]).str.contains(WEEKDAYS_LISTED).item():
        order_weekdays(text)


def test_horizons_are_lead_time_and_lead_time_plus_review(supply: Supply) -> None:
    items = pl.DataFrame({"product_id": ["a", "b", "c"], "location_id": ["web", "web", "web"]})
    horizons = supply_horizons(supply, WEDNESDAY, items)
    assert horizons.rows() == [("a", "web", 2), ("a", "web", 6), ("b", "web", 3), ("b", "web", 7), ("c", "web", 7), ("c", "web", 14)]
