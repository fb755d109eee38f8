"""A product that turns out to be a service leaves the panel with all its days, and comes back with all of them."""

from datetime import date
from typing import Any

import pytest

FIRST, END = date(2024, 3, 1), date(2024, 3, 8)
FACTS = ["dim_products", "fct_sales_daily", "sales_panel"]


def march(day: int) -> date:
    return date(2024, 3, day)


@pytest.fixture(scope="module")
def built(shop: Any) -> Any:
    """Postage is sold from the 1st on, called a service on the 4th and goods again on the 6th; a correction of the 2nd comes on the 5th."""
    line = shop.line
    shop.land(
        "order_lines",
        [
            *(line(f"o{day}", 1, march(day), "postage", 2, 5.0) for day in range(1, 8)),
            *(line(f"o{day}", 2, march(day), "tea", 1, 4.0) for day in range(1, 8)),
            line("o2", 1, march(2), "postage", 3, 5.0, known_on=march(5)),
        ],
    )
    told = [(1, False), (4, True), (6, False)]
    shop.land("products", [{"product_id": "postage", "is_service": is_service, "known_on": march(day)} for day, is_service in told])
    shop.run(FIRST, END, "--exclude-resource-type", "unit_test", command="build")
    return shop


@pytest.mark.parametrize(
    ("as_of", "sold"),
    [
        (3, [(1, 2.0), (2, 2.0), (3, 2.0)]),
        (4, []),
        (5, []),
        (6, [(1, 2.0), (2, 3.0), (3, 2.0), (4, 2.0), (5, 2.0), (6, 2.0)]),
    ],
)
def test_the_panel_holds_what_was_goods_as_far_as_was_known(built: Any, as_of: int, sold: list[tuple[int, float]]) -> None:
    panel = built.as_of("sales_panel", march(as_of))
    assert built.rows(f"select day(business_day), units from {panel} where product_id = 'postage' order by 1") == sold
    assert built.rows(f"select count(*) from {panel} where product_id = 'tea'") == [(as_of,)]


def test_step_by_step_gives_the_same_panel(built: Any) -> None:
    at_once = built.contents(FACTS)
    built.forget_warehouse()
    for first, last in [(1, 3), (4, 5), (6, 7)]:
        built.run(march(first), march(last + 1), "--select", "tag:facts")
    assert built.contents(FACTS) == at_once
