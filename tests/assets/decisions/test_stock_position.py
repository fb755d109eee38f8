"""Stock on hand and in transit, worked by hand for one evening."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.as_of import Versions
from assets.decisions.stock_position import OWN_ORDERS_SCHEMA, StockInputs, stock_position

TODAY = date(2025, 6, 11)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def versions(rows: list[dict], schema: dict) -> Versions:
    """Rows known on `known_on`, by default long ago, superseded by default never."""
    known = {"known_on": pl.Date, "superseded_on": pl.Date}
    filled = [{"location_id": "web", "known_on": ago(300), "superseded_on": None, **row} for row in rows]
    return Versions(pl.DataFrame(filled, schema={**schema, **known}))


def counts(*rows: dict) -> Versions:
    schema = {"business_day": pl.Date, "product_id": pl.String, "location_id": pl.String, "on_hand": pl.Float64, "was_negative": pl.Boolean}
    return versions([{"was_negative": False, "known_on": row["business_day"], **row} for row in rows], schema)


def bought(*rows: dict) -> Versions:
    schema = {
        "po_id": pl.String,
        "product_id": pl.String,
        "location_id": pl.String,
        "ordered_on": pl.Date,
        "expected_on": pl.Date,
        "received_on": pl.Date,
        "units_ordered": pl.Float64,
    }
    return versions([{"ordered_on": ago(5), "received_on": None, "known_on": ago(5), **row} for row in rows], schema)


def sold(*rows: dict) -> Versions:
    schema = {
        "business_day": pl.Date,
        "product_id": pl.String,
        "location_id": pl.String,
        "units": pl.Float64,
        "units_returned": pl.Float64,
    }
    return versions([{"units_returned": 0.0, "known_on": row["business_day"], **row} for row in rows], schema)


def own(*rows: dict) -> pl.DataFrame:
    return pl.DataFrame([{"location_id": "web", **row} for row in rows], schema=OWN_ORDERS_SCHEMA)


def items(*products: str, lead_time_days: int = 3) -> pl.DataFrame:
    """An order that goes out tomorrow arrives `lead_time_days` later."""
    return pl.DataFrame(
        {
            "product_id": list(products),
            "location_id": ["web"] * len(products),
            "order_day": [TODAY + timedelta(days=1)] * len(products),
            "lead_time_days": [lead_time_days] * len(products),
        },
        schema_overrides={"lead_time_days": pl.Int64},
    )


def position(inputs: StockInputs, *products: str, own_orders: pl.DataFrame | None = None) -> dict[str, dict]:
    frame = stock_position(inputs, TODAY, items(*products), own() if own_orders is None else own_orders)
    assert frame["product_id"].to_list() == sorted(products)
    return {row["product_id"]: row for row in frame.to_dicts()}


def feed(stock: Versions, orders: Versions | None = None) -> StockInputs:
    return StockInputs(stock, orders or bought(), sold(), None, 28)


def ledger(sales: Versions, opening_day: date | None, cover: int = 28, orders: Versions | None = None) -> StockInputs:
    return StockInputs(counts(), orders or bought(), sales, opening_day, cover)


def test_the_last_count_known_today_decides() -> None:
    stock = counts(
        {"product_id": "a", "business_day": ago(1), "on_hand": 9.0},
        {"product_id": "a", "business_day": TODAY, "on_hand": 7.0, "superseded_on": TODAY + timedelta(days=1)},
        {"product_id": "a", "business_day": TODAY, "on_hand": 3.0, "known_on": TODAY + timedelta(days=1)},
    )
    row = position(feed(stock), "a")["a"]
    assert (row["on_hand"], row["on_hand_flag"], row["stock_source"]) == (7.0, "", "feed")
    assert (row["as_of_day"], row["in_transit_units"], row["overdue_units"]) == (TODAY, 0.0, 0.0)


def test_doubtful_counts_are_flagged() -> None:
    stock = counts(
        {"product_id": "two days", "business_day": ago(2), "on_hand": 4.0},
        {"product_id": "stale", "business_day": ago(3), "on_hand": 5.0},
        {"product_id": "negative", "business_day": TODAY, "on_hand": 0.0, "was_negative": True},
    )
    rows = position(feed(stock), "two days", "stale", "negative", "never")
    assert {name: (row["on_hand"], row["on_hand_flag"]) for name, row in rows.items()} == {
        "two days": (4.0, ""),
        "stale": (5.0, "stale_count"),
        "negative": (0.0, "negative_stock_as_0"),
        "never": (None, "never_counted"),
    }


def test_a_negative_count_that_slipped_through_is_zero() -> None:
    stock = counts({"product_id": "a", "business_day": TODAY, "on_hand": -4.0, "was_negative": True})
    assert position(feed(stock), "a")["a"]["on_hand"] == 0.0


def test_in_transit_counts_what_arrives_no_later_than_this_order() -> None:
    """Order tomorrow (12 June), lead time 3: arrival on 15 June."""
    orders = bought(
        {"po_id": "1", "product_id": "a", "expected_on": date(2025, 6, 13), "units_ordered": 10.0},
        {"po_id": "2", "product_id": "a", "expected_on": date(2025, 6, 15), "units_ordered": 5.0},
        {"po_id": "3", "product_id": "a", "expected_on": date(2025, 6, 16), "units_ordered": 100.0},
        {"po_id": "4", "product_id": "a", "expected_on": date(2025, 6, 10), "received_on": date(2025, 6, 10), "units_ordered": 1000.0},
        {
            "po_id": "5",
            "product_id": "a",
            "expected_on": date(2025, 6, 12),
            "units_ordered": 10000.0,
            "known_on": TODAY + timedelta(days=1),
        },
        {"po_id": "6", "product_id": "a", "expected_on": date(2025, 6, 12), "units_ordered": 0.0},
    )
    stock = counts({"product_id": "a", "business_day": TODAY, "on_hand": 2.0}, {"product_id": "b", "business_day": TODAY, "on_hand": 2.0})
    rows = position(feed(stock, orders), "a", "b")
    assert (rows["a"]["in_transit_units"], rows["a"]["overdue_units"], rows["a"]["on_hand_flag"]) == (15.0, 0.0, "")
    assert rows["b"]["in_transit_units"] == 0.0


def test_what_is_overdue_or_undated_is_taken_to_come_tomorrow_and_flagged() -> None:
    orders = bought(
        {"po_id": "1", "product_id": "a", "expected_on": TODAY, "units_ordered": 10.0},
        {"po_id": "2", "product_id": "a", "expected_on": None, "units_ordered": 5.0},
        {"po_id": "3", "product_id": "a", "expected_on": TODAY + timedelta(days=2), "units_ordered": 1.0},
        {"po_id": "4", "product_id": "b", "expected_on": ago(1), "units_ordered": 7.0},
    )
    stock = counts(
        {"product_id": "a", "business_day": TODAY, "on_hand": 0.0, "was_negative": True},
        {"product_id": "b", "business_day": TODAY, "on_hand": 0.0},
    )
    rows = position(feed(stock, orders), "a", "b")
    assert (rows["a"]["in_transit_units"], rows["a"]["overdue_units"]) == (16.0, 15.0)
    assert rows["a"]["on_hand_flag"] == "negative_stock_as_0;overdue_delivery"
    assert (rows["b"]["in_transit_units"], rows["b"]["overdue_units"], rows["b"]["on_hand_flag"]) == (7.0, 7.0, "overdue_delivery")


def test_an_order_received_today_is_on_hand_and_not_in_transit() -> None:
    """The receipt is a version of the same order line."""
    line = {"po_id": "1", "product_id": "a", "expected_on": TODAY, "units_ordered": 10.0}
    orders = bought({**line, "superseded_on": TODAY}, {**line, "received_on": TODAY, "known_on": TODAY})
    stock = counts({"product_id": "a", "business_day": TODAY, "on_hand": 10.0})
    row = position(feed(stock, orders), "a")["a"]
    assert (row["on_hand"], row["in_transit_units"], row["on_hand_flag"]) == (10.0, 0.0, "")


OPENING = ago(4)


def test_ledger_by_hand() -> None:
    """56 units in the eight weeks before the opening: 1 a day, times 28 days of cover = 28 opened; 6 sold and 1 returned since;
    an own order of 12 came the day before yesterday, one of 20 is on its way, one of today does not count yet."""
    sales = sold(
        {"product_id": "a", "business_day": OPENING, "units": 28.0},
        {"product_id": "a", "business_day": OPENING - timedelta(days=55), "units": 28.0},
        {"product_id": "a", "business_day": OPENING - timedelta(days=56), "units": 500.0},
        {"product_id": "a", "business_day": ago(3), "units": 4.0},
        {"product_id": "a", "business_day": TODAY, "units": 2.0, "units_returned": 1.0},
        {"product_id": "a", "business_day": ago(1), "units": 90.0, "known_on": TODAY + timedelta(days=1)},
    )
    orders = own(
        {"as_of_day": ago(4), "product_id": "a", "order_units": 12.0, "expected_arrival_on": ago(2)},
        {"as_of_day": ago(1), "product_id": "a", "order_units": 20.0, "expected_arrival_on": TODAY + timedelta(days=2)},
        {"as_of_day": ago(1), "product_id": "a", "order_units": 300.0, "expected_arrival_on": TODAY + timedelta(days=9)},
        {"as_of_day": TODAY, "product_id": "a", "order_units": 7000.0, "expected_arrival_on": TODAY + timedelta(days=1)},
    )
    row = position(ledger(sales, OPENING), "a", own_orders=orders)["a"]
    assert row["on_hand"] == 28 - 6 + 1 + 12
    assert (row["in_transit_units"], row["overdue_units"], row["on_hand_flag"], row["stock_source"]) == (20.0, 0.0, "", "ledger")


def test_the_opening_position_rests_on_what_was_known_on_the_opening_day() -> None:
    sales = sold(
        {"product_id": "a", "business_day": OPENING, "units": 56.0},
        {"product_id": "a", "business_day": OPENING - timedelta(days=1), "units": 56.0, "known_on": ago(2)},
    )
    assert position(ledger(sales, OPENING), "a")["a"]["on_hand"] == 28.0


def test_the_opening_position_is_in_whole_units() -> None:
    sales = sold({"product_id": "a", "business_day": OPENING, "units": 3.0})
    assert position(ledger(sales, OPENING), "a")["a"]["on_hand"] == 2.0, "3 / 56 x 28 = 1.5"


def test_a_ledger_below_zero_is_zero_and_flagged() -> None:
    sales = sold({"product_id": "a", "business_day": OPENING, "units": 56.0}, {"product_id": "a", "business_day": TODAY, "units": 30.0})
    row = position(ledger(sales, OPENING), "a", "b")["a"]
    assert (row["on_hand"], row["on_hand_flag"]) == (0.0, "ledger_below_0")


def test_an_item_first_sold_after_the_opening_starts_at_zero() -> None:
    sales = sold({"product_id": "new", "business_day": TODAY, "units": 3.0})
    row = position(ledger(sales, OPENING), "new")["new"]
    assert (row["on_hand"], row["on_hand_flag"]) == (0.0, "ledger_below_0")


@pytest.mark.parametrize("opening_day", [None, TODAY + timedelta(days=1)])
def test_before_the_opening_day_the_stock_is_unknown(opening_day: date | None) -> None:
    sales = sold({"product_id": "a", "business_day": ago(10), "units": 56.0})
    row = position(ledger(sales, opening_day), "a")["a"]
    assert (row["on_hand"], row["on_hand_flag"], row["stock_source"]) == (None, "no_opening_position", "ledger")


def test_the_shops_own_purchase_orders_go_before_countinghouses() -> None:
    orders = bought({"po_id": "1", "product_id": "a", "expected_on": TODAY + timedelta(days=1), "units_ordered": 5.0})
    mine = own({"as_of_day": ago(1), "product_id": "a", "order_units": 20.0, "expected_arrival_on": TODAY + timedelta(days=2)})
    stock = counts({"product_id": "a", "business_day": TODAY, "on_hand": 2.0})
    assert position(feed(stock, orders), "a", own_orders=mine)["a"]["in_transit_units"] == 5.0
    assert position(feed(stock), "a", own_orders=mine)["a"]["in_transit_units"] == 20.0


def test_permuted_inputs_change_nothing() -> None:
    orders = bought(
        *({"po_id": str(n), "product_id": "ab"[n % 2], "expected_on": ago(n - 3), "units_ordered": float(n)} for n in range(1, 8))
    )
    stock = counts(*({"product_id": "ab"[n % 2], "business_day": ago(n), "on_hand": float(n)} for n in range(8)))
    straight = stock_position(feed(stock, orders), TODAY, items("a", "b"), own())
    turned = StockInputs(Versions(stock.frame.reverse()), Versions(orders.frame.reverse()), sold(), None, 28)
    assert stock_position(turned, TODAY, items("b", "a"), own()).equals(straight)
