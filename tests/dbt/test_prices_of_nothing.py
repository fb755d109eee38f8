"""Sales for nothing show no price: gifts, and daily sums that were handed in without one."""

from datetime import date
from typing import Any

import pytest

FIRST, SECOND, THIRD = (date(2024, 3, day) for day in (1, 2, 3))


@pytest.fixture(scope="module")
def built(shop: Any) -> Any:
    shop.land(
        "order_lines",
        [
            shop.line("o1", 1, FIRST, "tea", 2, 5.0),
            shop.line("o2", 1, SECOND, "tea", 1, 0.0),
            shop.line("o3", 1, THIRD, "cup", 3, 0.0),
        ],
    )
    shop.run(FIRST, date(2024, 3, 4))
    return shop


def test_a_gift_leaves_the_price_as_it_was(built: Any) -> None:
    panel = built.as_of("sales_panel", THIRD)
    rows = built.rows(f"select day(business_day), units, unit_price, discount_share from {panel} where product_id = 'tea' order by 1")
    assert rows == [(1, 2.0, 5.0, 0.0), (2, 1.0, 5.0, 0.0), (3, 0.0, 5.0, 0.0)]


def test_what_was_never_sold_for_money_has_no_price(built: Any) -> None:
    panel = built.as_of("sales_panel", THIRD)
    assert built.rows(f"select units, unit_price, regular_price, discount_share from {panel} where product_id = 'cup'") == [
        (3.0, None, None, 0.0)
    ]


def test_daily_sums_without_a_price_have_none(built: Any) -> None:
    built.clear()
    day = {"location_id": "main", "known_on": FIRST, "business_day": FIRST, "units": 4.0}
    built.land("daily_sales", [{**day, "product_id": "tea"}, {**day, "product_id": "cup", "unit_price": 3.0}])
    built.run(FIRST, SECOND, COUNTINGHOUSE_HAS_ORDER_LINES="false")
    panel = built.as_of("sales_panel", FIRST)
    assert built.rows(f"select product_id, units, unit_price from {panel} order by 1") == [("cup", 4.0, 3.0), ("tea", 4.0, None)]
