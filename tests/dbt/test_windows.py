"""Windows in any order, late and withdrawn files: the marts are what a full build would give.

A shop of random records (corrections, cancellations, moved days, late arrivals) is held against an oracle that replays
the landed records in plain Python.
"""

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest

FIRST = date(2024, 3, 1)
DAYS = 14
END = FIRST + timedelta(DAYS)
FACTS = ["fct_order_lines", "fct_sales_daily", "fct_stock_daily", "fct_promotions", "dim_products", "dim_customers", "sales_panel"]
PROFILES = ["customer_profile", "product_profile"]
REPLACED = ["--select", "tag:facts"]


def day(number: int) -> date:
    return FIRST + timedelta(number)


def random_records(seed: int) -> list[dict[str, Any]]:
    """Order lines on 14 days; a third are told again later: corrected, cancelled or moved to the next day."""
    draw = random.Random(seed)
    records = []
    for number in range(60):
        about = draw.randrange(DAYS - 3)
        known = about + draw.choice([0, 0, 0, 1, 3])
        line = {
            "order": f"o{number // 2}",
            "number": number % 2,
            "about": about,
            "product": draw.choice(["tea", "cup", "pot"]),
            "units": draw.choice([1, 2, 3, 4, -1]),
            "price": draw.choice([4.0, 5.0, 7.3]),
            "customer": draw.choice(["anna", "ben", "cleo", None]),
            "known": known,
            "line_type": "",
        }
        records.append(line)
        if draw.random() < 0.35 and known < DAYS - 1:
            change = draw.choice([{"units": 6}, {"line_type": "cancellation"}, {"about": about + 1}, {"customer": "ben"}])
            records.append({**line, **change, "known": max(draw.randrange(known, DAYS), about + 1)})
    return records


def land(shop: Any, records: list[dict[str, Any]]) -> None:
    lines = []
    for minute, record in enumerate(records):
        known_on = day(record["known"])
        more = {"line_type": record["line_type"]} if record["line_type"] else {}
        lines.append(
            shop.line(
                record["order"],
                record["number"],
                day(record["about"]),
                record["product"],
                record["units"],
                record["price"],
                customer_key=record["customer"],
                known_on=known_on,
                **more,
            )
            | {"recorded_at": datetime(known_on.year, known_on.month, known_on.day, 12) + timedelta(minutes=minute)}
        )
    shop.land("order_lines", lines)
    shop.land("products", [{"product_id": "tea", "category": "drink", "regular_price": 5.0, "unit_cost": 2.0, "known_on": FIRST}])
    shop.land(
        "stock_levels",
        [
            {
                "business_day": day(number),
                "product_id": product,
                "location_id": "main",
                "on_hand": float(number % 4),
                "known_on": day(number),
            }
            for number in range(DAYS)
            for product in ("tea", "cup")
        ],
    )
    promotion = {"promotion_id": "p", "product_id": "cup", "location_id": "main", "discount_share": 0.1, "starts_on": day(4)}
    shop.land(
        "promotions",
        [
            {**promotion, "ends_on": day(9), "business_day": day(4), "known_on": day(2)},
            {**promotion, "ends_on": day(6), "business_day": day(4), "known_on": day(8)},
        ],
    )


def oracle_sales(records: list[dict[str, Any]], as_of: int) -> dict[tuple[date, str], tuple[float, float, float]]:
    """(units, units returned, net revenue) per day and product from the last record of each line known by `as_of`."""
    standing: dict[tuple[str, int], dict[str, Any]] = {}
    for record in sorted(enumerate(records), key=lambda pair: (pair[1]["known"], pair[0])):
        if record[1]["known"] <= as_of:
            standing[record[1]["order"], record[1]["number"]] = record[1]
    sales: dict[tuple[date, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for record in standing.values():
        if record["line_type"] != "cancellation":
            total = sales[day(record["about"]), record["product"]]
            total[0] += max(record["units"], 0)
            total[1] += max(-record["units"], 0)
            total[2] += record["units"] * record["price"]
    return {key: (units, returned, pytest.approx(revenue)) for key, (units, returned, revenue) in sales.items()}


@pytest.fixture(scope="module")
def full_build(shop: Any) -> dict[str, list[tuple]]:
    land(shop, random_records(1))
    shop.run(FIRST, END)
    return shop.contents(FACTS + PROFILES)


@pytest.mark.parametrize("as_of", [0, 3, 8, 13])
def test_sales_as_of_a_day_equal_a_replay_of_the_records(shop: Any, full_build: dict[str, list[tuple]], as_of: int) -> None:
    sales = shop.rows(
        f"select business_day, product_id, units, units_returned, net_revenue from {shop.as_of('fct_sales_daily', day(as_of))} "
        "where units <> 0 or units_returned <> 0"
    )
    assert {(about, product): numbers for about, product, *numbers in map(tuple, sales)} == {
        key: list(numbers) for key, numbers in oracle_sales(random_records(1), as_of).items()
    }
    panel = shop.rows(f"select business_day, product_id, units from {shop.as_of('sales_panel', day(as_of))} where units <> 0")
    assert {(about, product): units for about, product, units in panel} == {
        key: numbers[0] for key, numbers in oracle_sales(random_records(1), as_of).items() if numbers[0]
    }


def test_windows_in_any_order_give_the_full_build(shop: Any, full_build: dict[str, list[tuple]]) -> None:
    shop.forget_warehouse()
    for start, end in [(7, DAYS), (0, 7)]:
        shop.run(day(start), day(end), *REPLACED)
    assert shop.contents(FACTS) == {mart: full_build[mart] for mart in FACTS}
    shop.run(FIRST, END, "--select", "tag:as_of")
    assert shop.contents(PROFILES) == {mart: full_build[mart] for mart in PROFILES}


def test_later_knowledge_changes_nothing_before_it(shop: Any, full_build: dict[str, list[tuple]]) -> None:
    """More is landed for the last two days, corrections of the first days and a new product among it; only their window runs."""
    eve = day(DAYS - 3)
    late = [{**record, "units": 50, "known": DAYS - 2} for record in random_records(1)[:6]]
    late.append({**late[0], "order": "new", "about": 0, "known": DAYS - 1, "product": "kettle"})
    known_on_the_eve = {mart: shop.rows(f"select * from {shop.as_of(mart, eve)} order by all") for mart in FACTS}
    land(shop, random_records(1) + late)
    shop.run(day(DAYS - 2), END)
    assert {mart: shop.rows(f"select * from {shop.as_of(mart, eve)} order by all") for mart in FACTS} == known_on_the_eve
    profiles = shop.contents(PROFILES)
    for mart in PROFILES:
        assert [row for row in profiles[mart] if row[0] <= eve] == [row for row in full_build[mart] if row[0] <= eve]
        assert profiles[mart] != full_build[mart]


def test_a_withdrawn_day_leaves_nothing_behind(shop: Any, full_build: dict[str, list[tuple]]) -> None:
    """A landed day is taken back after all that; running its window alone gives what a full build gives."""
    withdrawn = DAYS - 2
    shop.withdraw("order_lines", day(withdrawn))
    shop.withdraw("stock_levels", day(withdrawn))
    shop.run(day(withdrawn), day(withdrawn + 1), *REPLACED)
    stepwise = shop.contents(FACTS)
    assert not [row for row in stepwise["fct_stock_daily"] if row[0] == day(withdrawn)]
    assert [row for row in stepwise["fct_order_lines"] if row[1] == "new"]
    shop.forget_warehouse()
    shop.run(FIRST, END, *REPLACED)
    assert shop.contents(FACTS) == stepwise
