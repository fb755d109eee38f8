"""Which decisions a day's plan honours, and which quantities later days count with."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.as_of import Versions
from assets.decisions.day_limits import relaxed_suppliers
from assets.decisions.order_overrides import as_ordered, concerned, overrides_of, told
from assets.decisions.replenishment import _items, own_orders_before
from assets.decisions.stock_position import OWN_ORDERS_SCHEMA, StockInputs, stock_position
from assets.supply_terms import Supply
from assets.warehouse import Warehouse
from optimization.limits_schema import LIMITS_SCHEMA
from shops.replenishment_terms import SupplierTerms

DECIDED = date(2025, 6, 15)
ORDER_DAY = DECIDED + timedelta(days=1)
FIRST = date(2025, 6, 1)
DAYS = {"discontinued_on": pl.Date, "superseded_on": pl.Date}
SCHEMA = {
    "order_day": pl.Date,
    "product_id": pl.String,
    "location_id": pl.String,
    "is_in_time": pl.Boolean,
    "override_action": pl.String,
    "override_units": pl.Float64,
    "reason": pl.String,
    "known_on": pl.Date,
    "superseded_on": pl.Date,
}


def decision(product: str = "tea", action: str = "edit", units: float | None = 30.0, **changes: Any) -> dict:
    """A decision made in the morning of the order day, so known the evening before."""
    row = {"order_day": ORDER_DAY, "product_id": product, "location_id": "main", "is_in_time": True, "override_action": action}
    return row | {"override_units": units, "reason": None, "known_on": DECIDED, "superseded_on": None} | changes


def versions(*rows: dict) -> Versions:
    return Versions(pl.DataFrame(list(rows), schema=SCHEMA))


def own_orders(*rows: tuple[str, float]) -> pl.DataFrame:
    arrives = ORDER_DAY + timedelta(days=2)
    return pl.DataFrame([(DECIDED, product, "main", units, arrives) for product, units in rows], schema=OWN_ORDERS_SCHEMA, orient="row")


def test_a_plan_honours_what_was_decided_in_time_about_its_own_orders() -> None:
    overrides = versions(
        decision("tea"),
        decision("cup", order_day=ORDER_DAY + timedelta(days=1)),  # about the next day's order
        decision("pot", is_in_time=False, known_on=ORDER_DAY + timedelta(days=2)),
        decision("jar", known_on=ORDER_DAY),  # landed by the run of the order day: recorded in time
        decision("lid", known_on=ORDER_DAY + timedelta(days=1)),  # handed in only after the order day
    )
    assert overrides_of(overrides, DECIDED)["product_id"].to_list() == ["jar", "tea"]
    assert overrides_of(overrides, ORDER_DAY)["product_id"].to_list() == ["cup"]
    assert overrides_of(overrides, DECIDED - timedelta(days=1)).is_empty()


def test_the_last_version_holds() -> None:
    first = decision(units=20.0, known_on=DECIDED - timedelta(days=2), superseded_on=DECIDED)
    assert overrides_of(versions(first, decision(units=24.0)), DECIDED)["override_units"].to_list() == [24.0]


def test_later_days_count_with_what_went_out() -> None:
    """Edited, rejected, approved with and without units, ordered although nothing was proposed; the last one nobody decided about."""
    proposed = own_orders(("a", 10.0), ("b", 10.0), ("c", 10.0), ("d", 10.0), ("e", 0.0), ("f", 10.0), ("g", 0.0))
    overrides = versions(
        decision("a", "edit", 12.5),
        decision("b", "reject", None),
        decision("c", "approve", None),
        decision("d", "approve", 8.0),
        decision("e", "edit", 3.0),
    )
    kept = concerned(proposed, overrides)
    assert kept["product_id"].to_list() == ["a", "b", "c", "d", "e", "f"]
    went_out = dict(as_ordered(kept, overrides, ORDER_DAY).select("product_id", "order_units").rows())
    assert went_out == {"a": 12.5, "c": 10.0, "d": 8.0, "e": 3.0, "f": 10.0}


@pytest.mark.parametrize("changes", [{"is_in_time": False}, {"known_on": ORDER_DAY + timedelta(days=1)}])
def test_a_decision_that_is_late_or_not_known_yet_changes_no_quantity(changes: dict) -> None:
    orders = own_orders(("tea", 10.0))
    assert as_ordered(orders, versions(decision(**changes)), ORDER_DAY).equals(orders)


def test_the_ledger_receives_what_the_buyer_ordered() -> None:
    """Ten were proposed and thirty went out, arriving on the 18th: they are in transit on the 17th and in the book that evening."""
    inputs = StockInputs(
        stock=Versions(pl.DataFrame(schema={"business_day": pl.Date, "known_on": pl.Date, "superseded_on": pl.Date})),
        purchase_orders=Versions(pl.DataFrame(schema={"known_on": pl.Date, "superseded_on": pl.Date})),
        sales=Versions(
            pl.DataFrame(
                schema={
                    "business_day": pl.Date,
                    "product_id": pl.String,
                    "location_id": pl.String,
                    "units": pl.Float64,
                    "units_returned": pl.Float64,
                    "known_on": pl.Date,
                    "superseded_on": pl.Date,
                }
            )
        ),
        opening_day=DECIDED - timedelta(days=1),
        opening_cover_days=0,
    )
    item = {"product_id": "tea", "location_id": "main", "lead_time_days": 2}
    found = []
    for ahead in (2, 3):
        day = DECIDED + timedelta(days=ahead)
        items = pl.DataFrame([{**item, "order_day": day + timedelta(days=1)}])
        position = stock_position(inputs, day, items, as_ordered(own_orders(("tea", 10.0)), versions(decision()), day)).row(0, named=True)
        found.append((position["in_transit_units"], position["on_hand"]))
    assert found == [(30.0, None), (0.0, 30.0)]


def test_every_decision_is_told_also_where_nothing_could_be_ordered() -> None:
    planned = pl.DataFrame(
        [{"product_id": "tea", "location_id": "main", "order_units": 30.0, "override_action": "edit", "override_units": 30.0}]
    ).with_columns(order_day=pl.lit(ORDER_DAY), flags=pl.lit(""), sentence=pl.lit("Order 30."))
    decided = overrides_of(versions(decision("tea"), decision("tae", reason="event")), DECIDED)
    rows = told(planned, decided, DECIDED).sort("product_id").to_dicts()
    assert [(row["product_id"], row["outcome"], row["order_units"]) for row in rows] == [
        ("tae", "not_planned", 0.0),
        ("tea", "honoured", 30.0),
    ]
    assert (rows[0]["override_action"], rows[0]["override_units"], rows[0]["reason"]) == ("edit", 30.0, "event")
    assert rows[0]["sentence"] == "Nothing is ordered: tae at main is no product and location that can be ordered for."


def test_a_minimum_that_gave_way_is_judged_as_it_gave_way() -> None:
    suppliers = pl.DataFrame({"supplier_id": ["a", "b"], "min_order_value": [100.0, 50.0]})
    row = {"limit_name": "supplier_minimum", "scope": "a", "relaxed_by": 30.0}
    limits = pl.DataFrame([{**dict.fromkeys(LIMITS_SCHEMA), **row}], schema=LIMITS_SCHEMA)
    assert relaxed_suppliers(suppliers, limits)["min_order_value"].to_list() == [70.0, 50.0]


def test_an_item_that_a_buyer_asks_for_has_a_row_without_a_forecast_and_an_unknown_one_has_none() -> None:
    product = {"product_id": "tea", "supplier_id": None, "unit_cost": 2.0, "is_service": False, "discontinued_on": None, "known_on": FIRST}
    supplier = {"supplier_id": "s", "lead_time_days": 2, "review_days": 7, "order_weekdays": None, "min_order_value": 0.0}
    price = {"business_day": FIRST, "product_id": "tea", "location_id": "main", "unit_price": 5.0, "known_on": FIRST}
    products = pl.DataFrame([{**product, "superseded_on": None}], schema_overrides={"supplier_id": pl.String, **DAYS})
    suppliers = pl.DataFrame([{**supplier, "fixed_order_cost": 0.0, "known_on": FIRST, "superseded_on": None}], schema_overrides=DAYS)
    prices = Versions(pl.DataFrame([{**price, "superseded_on": None}], schema_overrides={"superseded_on": pl.Date}))
    supply = Supply(Versions(products), Versions(suppliers), SupplierTerms())
    house: Any = SimpleNamespace(shop=SimpleNamespace(assumptions=SimpleNamespace(cost_share=0.6)))
    levels = ("q05", "q10", "q25", "q50", "q75", "q80", "q90", "q95", "q975", "q99", "mean_units")
    nothing = pl.DataFrame(
        schema={
            "product_id": pl.String,
            "location_id": pl.String,
            "horizon_days": pl.Int64,
            "model": pl.String,
            **dict.fromkeys(levels, pl.Float64),
        }
    )
    asked_for = pl.DataFrame({"product_id": ["tea", "nobody knows it"], "location_id": ["main", "main"]})
    items = _items(house, supply, prices, nothing, DECIDED, asked_for)
    assert items.select("product_id", "unit_cost", "unit_price").rows() == [("tea", 2.0, 5.0)]
    assert items["cover_mean_units"].to_list() == [None]


DECISION = st.builds(
    decision,
    product=st.sampled_from(["a", "b"]),
    action=st.sampled_from(["approve", "edit", "reject"]),
    units=st.floats(0, 50),
    is_in_time=st.booleans(),
    known_on=st.integers(-2, 4).map(lambda days: DECIDED + timedelta(days=days)),
)


@settings(max_examples=60, deadline=None)
@given(past=st.lists(DECISION, max_size=4), future=st.lists(DECISION, max_size=4))
def test_what_becomes_known_after_the_order_day_changes_no_plan(past: list[dict], future: list[dict]) -> None:
    past = [row for row in past if row["known_on"] <= ORDER_DAY]
    future = [row for row in future if row["known_on"] > ORDER_DAY]
    assert overrides_of(versions(*past, *future), DECIDED).equals(overrides_of(versions(*past), DECIDED))


def test_rows_that_were_decided_about_are_read_by_day_and_item(tmp_path: Path) -> None:
    """Of the stored orders only what was ordered and what somebody decided about is read, whatever names hold."""
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"), threads=1)
    odd = "it's; drop"
    rows = [(DECIDED, "tea", 0.0), (DECIDED, "cup", 0.0), (DECIDED, "pot", 4.0), (DECIDED, odd, 0.0), (ORDER_DAY, "tea", 9.0)]
    with warehouse.connect() as connection:
        connection.execute(
            "create schema decisions; create table decisions.replenishment_orders "
            "(as_of_day date, product_id varchar, location_id varchar, order_units double, expected_arrival_on date)"
        )
        for day, product, units in rows:
            connection.execute("insert into decisions.replenishment_orders values (?, ?, 'main', ?, ?)", [day, product, units, ORDER_DAY])
    read = own_orders_before(warehouse, ORDER_DAY, versions(decision("tea"), decision(odd)))
    assert read.select("product_id", "order_units").rows() == [(odd, 0.0), ("pot", 4.0), ("tea", 0.0)]
    assert own_orders_before(warehouse, ORDER_DAY, versions()).select("product_id").rows() == [("pot",)]
