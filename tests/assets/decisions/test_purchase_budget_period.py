"""A purchase budget over several days: what the days before have ordered counts as used, by the category of then."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.as_of import Versions
from assets.decisions.day_limits import day_limits, spent_before
from shops.limit_terms import Limits

DAY = date(2025, 3, 10)
LOCATIONS = Versions(
    pl.DataFrame(
        {"location_id": ["main"], "volume_capacity_m3": [9.0], "known_on": [date(2025, 1, 1)], "superseded_on": [None]},
        schema_overrides={"superseded_on": pl.Date},
    )
)


class OneConnection:
    """The two calls of a warehouse that are needed here."""

    def __init__(self) -> None:
        """Hold orders of four days, and a product whose category changed on the third."""
        self.connection = duckdb.connect()
        self.connection.execute(
            """
            create schema decisions; create schema marts;
            create table decisions.replenishment_orders as select * from (values
                (date '2025-03-06', 'tea', 4.0, 40.0), (date '2025-03-08', 'tea', 1.0, 10.0), (date '2025-03-09', 'tea', 2.0, 20.0),
                (date '2025-03-09', 'mug', 1.0, 5.0), (date '2025-03-09', 'pot', 0.0, 0.0), (date '2025-03-10', 'tea', 9.0, 90.0)
            ) rows(as_of_day, product_id, order_units, order_value);
            create table marts.dim_products as select * from (values
                ('tea', 'drinks', date '2025-01-01', date '2025-03-09'), ('tea', 'leaves', date '2025-03-09', null),
                ('mug', 'drinks', date '2025-01-01', null)
            ) rows(product_id, category, known_on, superseded_on);
            """
        )

    def exists(self, name: str) -> bool:
        """Return whether the table is there."""
        return name == "decisions.replenishment_orders"

    def read(self, sql: str, values: list[Any]) -> pl.DataFrame:
        """Return the rows of a query."""
        return self.connection.execute(sql, values).pl()


@pytest.mark.parametrize(
    ("days", "used", "by_category"),
    [(1, 0.0, {}), (2, 25.0, {"leaves": 20.0, "drinks": 5.0}), (3, 35.0, {"leaves": 20.0, "drinks": 15.0}), (5, 75.0, None)],
)
def test_orders_of_the_days_before_count_as_used(days: int, used: float, by_category: dict | None) -> None:
    given = Limits(purchase_budget=100.0, purchase_budget_categories={"drinks": 30.0}, purchase_budget_days=days)
    house: Any = SimpleNamespace(shop=SimpleNamespace(limits=given))
    warehouse: Any = OneConnection()
    limits = day_limits(house, LOCATIONS, DAY, spent_before(warehouse, DAY, days))
    assert limits.purchase_budget_used == used
    assert limits.purchase_budget_by_category == {"drinks": 30.0}
    assert dict(limits.warehouse_volume_m3) == {"main": 9.0}
    if by_category is not None:
        assert dict(limits.purchase_budget_used_by_category) == by_category
