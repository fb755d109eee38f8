"""What the page says to buyers: the orders to look at first, and what came of their decisions."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dagster_project.cli.page import Page

DAY = "date '2025-06-27'"


@pytest.fixture
def page() -> Iterator[Page]:
    """A page over views of empty tables."""
    tables = {
        "orders_to_check": "as_of_day date, rank bigint, subject varchar, sentence varchar",
        "order_overrides": "as_of_day date, override_change_value double",
        "order_override_review": "realised_cost_change double",
    }
    with duckdb.connect() as connection:
        connection.execute(f"create table replenishment_orders as select {DAY} as as_of_day")
        for name, columns in tables.items():
            connection.execute(f"create table kept_{name} ({columns}); create view {name} as from kept_{name}")
        shop: Any = SimpleNamespace(currency="EUR")
        yield Page(connection, shop)


def test_where_nothing_stands_out_it_says_so(page: Page) -> None:
    assert page.look_first() == ["nothing stands out"]


def test_three_orders_are_told_and_the_rest_counted(page: Page) -> None:
    page.connection.execute(
        f"insert into kept_orders_to_check select {DAY}, 6 - i, 'item ' || (6 - i), 'Look.' from range(1, 6) as part(i)"
    )
    page.connection.execute("insert into kept_orders_to_check values (date '2025-06-26', 1, 'of yesterday', 'Gone.')")
    assert page.look_first() == ["item 1: Look.", "item 2: Look.", "item 3: Look.", "and 2 more in view orders_to_check"]


def test_decisions_are_counted_and_what_came_of_them_is_summed(page: Page) -> None:
    page.connection.execute(f"insert into kept_order_overrides values ({DAY}, 34.0), ({DAY}, -36.0), ({DAY}, null)")
    page.connection.execute("insert into kept_order_override_review values (-20.0), (4.5), (null)")
    assert page.look_first() == [
        "decided by buyers: 3 lines, 70.00 EUR of goods more or less than proposed",
        "2 decisions of buyers judged: together they saved 15.50 EUR",
    ]


def test_tables_of_an_older_version_are_no_error(page: Page) -> None:
    page.connection.execute("drop view orders_to_check")
    assert page.look_first() == ["published by an older version: decide the day again to see it"]
