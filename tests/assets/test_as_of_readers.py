"""What learning and decisions read for a day is the same whatever is recorded after it: random version tables with two futures.

Each table has a common past (versions known on or before DAY) and two futures that share nothing: later versions close earlier ones at
other days, and speak of keys nobody had heard of and of days before the first known one. Every reader must give the same frames for DAY
from both.
"""

import random
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.as_of import Versions
from assets.decisions.day_limits import SPENT_SCHEMA, day_limits
from assets.decisions.replenishment import _items
from assets.decisions.stock_position import OWN_ORDERS_SCHEMA, StockInputs, stock_position
from assets.demand.panels import DemandInputs
from assets.response.coupon_response import live_coupons
from assets.review.what_came import decision_value, forecast_accuracy
from assets.supply_terms import Supply, supply_horizons
from shops.limit_terms import Limits
from shops.replenishment_terms import SupplierTerms

LONG_AGO, FIRST, DAY, LAST = date(2024, 12, 20), date(2024, 12, 28), date(2025, 1, 16), date(2025, 2, 6)  # with holidays early and late
ONE_DAY = timedelta(days=1)
PRODUCTS, PLACES, SUPPLIERS = ("tea", "cup", "pot"), ("main", "north"), ("s1", "s2")
NEW = {"product_id": "NEW", "location_id": "south", "supplier_id": "s9"}
Dice = random.Random
KEYS: dict[str, Callable[[Dice], Any]] = {
    "product_id": lambda dice: dice.choice(PRODUCTS),
    "location_id": lambda dice: dice.choice(PLACES),
    "supplier_id": lambda dice: dice.choice(SUPPLIERS),
    "business_day": lambda dice: FIRST + timedelta(days=dice.randrange((LAST - FIRST).days)),
    "promotion_id": lambda dice: f"promo{dice.randrange(4)}",
    "coupon_id": lambda dice: f"c{dice.randrange(4)}",
    "po_id": lambda dice: f"po{dice.randrange(6)}",
}


def number(dice: Dice) -> float:
    return float(dice.randrange(0, 40))


def maybe(make: Callable[[Dice], Any]) -> Callable[[Dice], Any]:
    return lambda dice: make(dice) if dice.random() < 0.7 else None


def flag(dice: Dice) -> bool:
    return dice.random() < 0.5


def some_day(dice: Dice) -> date:
    return FIRST + timedelta(days=dice.randrange(60))


PANEL = {"units": number, "unit_price": maybe(number), "regular_price": maybe(number), "discount_share": lambda dice: dice.random()}
PANEL |= {"on_promotion": flag, "on_hand": maybe(number), "is_censored": flag, "is_open": flag}
TABLES: dict[str, tuple[tuple[str, ...], dict[str, Callable[[Dice], Any]]]] = {
    "sales_panel": (("business_day", "product_id", "location_id"), PANEL),
    "dim_products": (
        ("product_id",),
        {
            "category": lambda dice: dice.choice(["drink", "ware"]),
            "supplier_id": maybe(lambda dice: dice.choice(SUPPLIERS)),
            "unit_cost": maybe(number),
            "is_service": lambda dice: dice.random() < 0.2,
            "pack_units": lambda dice: dice.randrange(1, 6),
            "discontinued_on": maybe(some_day),
        },
    ),
    "dim_suppliers": (
        ("supplier_id",),
        {
            "lead_time_days": lambda dice: dice.randrange(0, 9),
            "review_days": lambda dice: dice.randrange(1, 9),
            "order_weekdays": lambda dice: dice.choice(["", "Mon", "Tue,Fri"]),
            "min_order_value": number,
            "fixed_order_cost": number,
        },
    ),
    "dim_calendar": (
        ("business_day", "location_id"),
        {"is_open": flag, "event_name": maybe(lambda dice: dice.choice(["fair", "market"]))},
    ),
    "dim_locations": (("location_id",), {"volume_capacity_m3": maybe(number)}),
    "fct_promotions": (
        ("promotion_id", "product_id", "location_id"),
        {"starts_on": some_day, "ends_on": some_day, "discount_share": lambda dice: dice.random()},
    ),
    "dim_coupons": (("coupon_id",), {"face_value": number, "valid_from": some_day, "valid_to": some_day}),
    "fct_stock_daily": (("business_day", "product_id", "location_id"), {"on_hand": number, "was_negative": flag}),
    "fct_sales_daily": (("business_day", "product_id", "location_id"), {"units": number, "units_returned": number}),
    "fct_purchase_orders": (
        ("po_id", "product_id", "location_id"),
        {"ordered_on": some_day, "expected_on": maybe(some_day), "received_on": maybe(some_day), "units_ordered": number},
    ),
}
EMPTY_TYPES = {"discontinued_on": pl.Date, "expected_on": pl.Date, "received_on": pl.Date, "volume_capacity_m3": pl.Float64}
EMPTY_TYPES |= {
    "event_name": pl.String,
    "unit_cost": pl.Float64,
    "unit_price": pl.Float64,
    "regular_price": pl.Float64,
    "on_hand": pl.Float64,
}
EMPTY_TYPES |= {"supplier_id": pl.String}


def table(name: str, past: Dice, future: Dice) -> Versions:
    """Versions of one table; the same past dice give the same versions known on or before DAY."""
    key_names, values = TABLES[name]
    known: dict[tuple, list[dict]] = {}
    for dice, earliest, latest, count in ((past, FIRST, DAY, 40), (future, DAY + ONE_DAY, LAST, 25)):
        for _ in range(dice.randrange(count // 2, count)):
            key = {each: KEYS[each](dice) for each in key_names}
            if dice is future and dice.random() < 0.3:
                key |= {each: NEW[each] for each in key_names if each in NEW}
            if dice is future and "business_day" in key and dice.random() < 0.3:
                key["business_day"] = LONG_AGO + timedelta(days=dice.randrange(9))
            row = {**key, **{each: make(dice) for each, make in values.items()}}
            row["known_on"] = earliest + timedelta(days=dice.randrange((latest - earliest).days + 1))
            known.setdefault(tuple(key.values()), []).append(row)
    rows = []
    for versions in known.values():
        by_day = {row["known_on"]: row for row in versions}
        days = sorted(by_day)
        rows += [{**by_day[day], "superseded_on": later} for day, later in zip(days, [*days[1:], None], strict=True)]
    types = {each: kind for each, kind in EMPTY_TYPES.items() if each in values} | {"superseded_on": pl.Date}
    return Versions(pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None).sort(pl.all()))


def world(past_seed: int, future_seed: int) -> dict[str, Versions]:
    return {name: table(name, Dice(f"{past_seed} {name}"), Dice(f"{future_seed} {name}")) for name in TABLES}


def demand_frames(tables: dict[str, Versions]) -> dict[str, pl.DataFrame]:
    inputs = DemandInputs(tables["sales_panel"], tables["dim_products"], tables["fct_promotions"], tables["dim_calendar"], "DE")
    return {"panel": inputs.panel(DAY), "holidays": inputs.holidays(DAY), "future": inputs.future(DAY, 21)}


def supply_frames(tables: dict[str, Versions]) -> dict[str, pl.DataFrame]:
    supply = Supply(tables["dim_products"], tables["dim_suppliers"], SupplierTerms())
    items = tables["sales_panel"].as_of(DAY).select("product_id", "location_id").unique()
    return {
        "suppliers": supply.suppliers_on(DAY),
        "products": supply.products_on(DAY),
        "horizons": supply_horizons(supply, DAY, items),
    }


def replenishment_frames(tables: dict[str, Versions]) -> dict[str, pl.DataFrame]:
    """The items, limits and prices a plan is made from; the quantiles are those of the horizons as of DAY."""
    supply = Supply(tables["dim_products"], tables["dim_suppliers"], SupplierTerms())
    horizons = supply_frames(tables)["horizons"]
    levels = ("q05", "q10", "q25", "q50", "q75", "q80", "q90", "q95", "q975", "q99", "mean_units")
    quantiles = horizons.with_columns([*(pl.lit(1.0).alias(name) for name in levels), pl.lit("plain").alias("model")])
    limits = Limits(purchase_budget=100.0, purchase_budget_days=3)
    house: Any = SimpleNamespace(shop=SimpleNamespace(assumptions=SimpleNamespace(cost_share=0.6), limits=limits))
    volume = sorted(day_limits(house, tables["dim_locations"], DAY, pl.DataFrame(schema=SPENT_SCHEMA)).warehouse_volume_m3.items())
    items = _items(house, supply, tables["sales_panel"], quantiles, DAY)
    return {"items": items, "volume": pl.DataFrame(volume, schema=["place", "m3"], orient="row")}


def stock_frames(tables: dict[str, Versions], future: Dice, opening_day: date | None) -> dict[str, pl.DataFrame]:
    """Positions by count and by ledger; Countinghouse's own orders of DAY and later belong to the future."""
    supply = Supply(tables["dim_products"], tables["dim_suppliers"], SupplierTerms())
    items = pl.DataFrame({"product_id": PRODUCTS}).join(pl.DataFrame({"location_id": PLACES}), how="cross")
    items = items.join(supply.products_on(DAY).select("product_id", "order_day", "lead_time_days"), on="product_id")
    earlier = [(FIRST + timedelta(days=each), "tea", "main", 5.0, FIRST + timedelta(days=each + 7)) for each in range(0, 18, 3)]
    later = [(DAY + timedelta(days=each), future.choice(PRODUCTS), "main", number(future), DAY + timedelta(days=each)) for each in range(5)]
    own = pl.DataFrame(earlier + later, schema=OWN_ORDERS_SCHEMA, orient="row")
    nothing = Versions(tables["fct_stock_daily"].frame.clear())
    no_orders = Versions(tables["fct_purchase_orders"].frame.clear())
    parts = {
        "counted": (tables["fct_stock_daily"], tables["fct_purchase_orders"]),
        "ledger": (nothing, no_orders),
    }
    return {
        name: stock_position(StockInputs(stock, orders, tables["fct_sales_daily"], opening_day, 28), DAY, items, own)
        for name, (stock, orders) in parts.items()
    }


def review_frames(tables: dict[str, Versions]) -> dict[str, pl.DataFrame]:
    known = tables["sales_panel"].as_of(DAY)
    sold = known.filter((pl.col("business_day") == DAY) & ~pl.col("is_censored")).select("product_id", "location_id", "units")
    told = pl.DataFrame(
        {"product_id": PRODUCTS, "location_id": "main", "horizon_days": 3, "forecast_units": 2.0, "seasonal_naive_units": 3.0}
    )
    order = {"as_of_day": DAY - timedelta(days=9), "order_day": DAY - timedelta(days=8), "next_order_day": DAY - timedelta(days=4)}
    order |= {
        "expected_arrival_on": DAY - timedelta(days=4),
        "order_units": 9.0,
        "order_value": 9.0,
        "on_hand": 1.0,
        "in_transit_units": 0.0,
    }
    order |= {"lost_sales_avoided_units": 3.0, "stock_source": "feed", "expected_demand_until_cover": 4.0, "location_id": "main"}
    orders = pl.DataFrame([{**order, "product_id": product} for product in PRODUCTS])
    return {"accuracy": forecast_accuracy(told, sold), "value": decision_value(orders, known, DAY)}


@settings(max_examples=100, deadline=None)
@given(past=st.integers(0, 2**32), futures=st.lists(st.integers(0, 2**32), min_size=2, max_size=2, unique=True), has_ledger=st.booleans())
def test_no_reader_sees_what_became_known_later(past: int, futures: list[int], has_ledger: bool) -> None:
    opening = FIRST + timedelta(days=5) if has_ledger else None
    read = []
    for future in futures:
        tables = world(past, future)
        frames = demand_frames(tables) | supply_frames(tables) | replenishment_frames(tables) | review_frames(tables)
        frames |= stock_frames(tables, Dice(future), opening)
        read.append({**frames, "coupons": live_coupons(tables["dim_coupons"], DAY)})
    for name, frame in read[0].items():
        assert_frame_equal(frame, read[1][name], check_exact=True)


def test_the_futures_differ_and_the_past_is_read() -> None:
    mine, other = world(1, 2), world(1, 3)
    for name in TABLES:
        assert not mine[name].frame.equals(other[name].frame)
        assert_frame_equal(mine[name].as_of(DAY), other[name].as_of(DAY), check_row_order=False)
        assert mine[name].as_of(DAY).height > 0
    assert all(frame.height > 0 for name, frame in demand_frames(mine).items())
    assert all(frame.height > 0 for frame in replenishment_frames(mine).values())
