"""Small random horizon problems over all kinds of limits, as arrays and as frames, and one item that can be worked out by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from optimization.replenishment_horizon import (
    ITEM_COLUMNS,
    LIMIT_COLUMNS,
    ORDER_PERIOD_COLUMNS,
    PERIOD_COLUMNS,
    SUPPLIER_COLUMNS,
    HorizonProblem,
    read_horizon,
)


@dataclass(frozen=True)
class Shop:
    """The frames that `plan_horizon` reads."""

    items: pl.DataFrame
    periods: pl.DataFrame
    suppliers: pl.DataFrame
    order_periods: pl.DataFrame | None
    limits: pl.DataFrame

    def frames(self) -> tuple[Any, ...]:
        return self.items, self.periods, self.suppliers, self.order_periods, self.limits


def one_item(product: str = "p1", **changes: object) -> dict:
    """Return one item: nothing on hand, arrives at once, a unit costs 10, holding 1 a period, a lost sale 5."""
    row: dict[str, object] = {
        "product_id": product,
        "location_id": "north",
        "supplier_id": "s1",
        "category": None,
        "unit_cost": 10.0,
        "volume_m3": 1.0,
        "pack_units": 1,
        "moq_units": 0,
        "lead_time_periods": 0,
        "on_hand": 0.0,
        "holding_cost": 1.0,
        "lost_sale_cost": 5.0,
        "order_line_cost": 0.0,
        "shelf_life_periods": None,
        "safety_stock_units": 0,
        "safety_stock_penalty": 0.0,
    }
    return row | changes


def make_shop(
    items: list[dict],
    demand: dict[str, list[float]],
    terms: dict[str, tuple[float, float]] | None = None,
    limits: list[tuple[str, str, int, float]] | None = None,
    receipts: dict[str, list[float]] | None = None,
    order_periods: list[tuple[str, int]] | None = None,
) -> Shop:
    """Return a shop; demand and receipts by product, terms by supplier as (minimum order value, fixed cost)."""
    frame = pl.DataFrame(items, schema=dict(ITEM_COLUMNS))
    cells = [
        (product, location, period, float(units), float((receipts or {}).get(product, [0.0] * len(demand[product]))[period]))
        for product, location in frame.select("product_id", "location_id").iter_rows()
        for period, units in enumerate(demand[product])
    ]
    known = dict.fromkeys(frame["supplier_id"].to_list(), (0.0, 0.0)) | (terms or {})
    calendar = None if order_periods is None else pl.DataFrame(order_periods, schema=dict(ORDER_PERIOD_COLUMNS), orient="row")
    return Shop(
        frame,
        pl.DataFrame(cells, schema=dict(PERIOD_COLUMNS), orient="row"),
        pl.DataFrame([(name, *pair) for name, pair in known.items()], schema=dict(SUPPLIER_COLUMNS), orient="row"),
        calendar,
        pl.DataFrame(limits or [], schema=dict(LIMIT_COLUMNS), orient="row"),
    )


def random_shop(seed: int, most_items: int = 5, most_periods: int = 5) -> Shop:
    """Return a shop with packs, MOQs, lead times, receipts, calendars, shelf lives, safety stocks, suppliers' terms, and budgets and
    volumes
    that bind as often as not."""
    luck = np.random.default_rng(seed)
    count, periods = int(luck.integers(2, most_items + 1)), int(luck.integers(3, most_periods + 1))
    places, suppliers = ["north", "south"], ["s1", "s2"]
    items, demand, receipts = [], {}, {}
    for number in range(count):
        name = f"p{number:02d}"
        demand[name] = luck.integers(0, 8, periods).tolist()
        receipts[name] = np.where(luck.random(periods) < 0.2, luck.integers(0, 6, periods), 0).tolist()
        items.append(
            one_item(
                name,
                location_id=places[luck.integers(0, 2)],
                supplier_id=suppliers[luck.integers(0, 2)],
                category=[None, "food", "tools"][luck.integers(0, 3)],
                unit_cost=float(np.round(luck.uniform(1, 6), 2)),
                volume_m3=float(np.round(luck.uniform(0.1, 1), 2)),
                pack_units=int(luck.choice([1, 2, 3, 6])),
                moq_units=int(luck.choice([0, 1, 5])),
                lead_time_periods=int(luck.integers(0, 3)),
                on_hand=float(luck.integers(0, 10)),
                holding_cost=float(luck.uniform(0.05, 0.5)),
                lost_sale_cost=float(luck.uniform(1, 5)),
                order_line_cost=float(luck.uniform(0, 2)) if luck.random() < 0.7 else 0.0,
                shelf_life_periods=int(luck.integers(1, 4)) if luck.random() < 0.3 else None,
                safety_stock_units=int(luck.integers(1, 4)) if luck.random() < 0.3 else 0,
                safety_stock_penalty=float(luck.uniform(0.1, 1.5)),
            )
        )
    need = sum(sum(demand[str(row["product_id"])]) * float(str(row["unit_cost"])) for row in items) / periods
    bulk = sum(sum(demand[str(row["product_id"])]) * float(str(row["volume_m3"])) for row in items) / periods
    limits: list[tuple[str, str, int, float]] = []
    for period in range(periods):
        if luck.random() < 0.8:
            limits.append(("purchase_budget", "all", period, need * luck.uniform(0.3, 1.3)))
        if luck.random() < 0.4:
            limits.append(("category_budget", "food", period, need / 3 * luck.uniform(0.3, 1.3)))
        limits += [("warehouse_volume", place, period, bulk * luck.uniform(0.3, 1.5)) for place in places if luck.random() < 0.7]
    terms = {
        name: (need * luck.uniform(0.2, 1.2) if luck.random() < 0.6 else 0.0, luck.uniform(0, 6) if luck.random() < 0.6 else 0.0)
        for name in suppliers
    }
    calendar = [(name, period) for name in suppliers for period in range(periods) if luck.random() < 0.8]
    return make_shop(items, demand, terms, limits, receipts, calendar)


def problem_of(shop: Shop) -> HorizonProblem:
    """Return the shop in arrays, rooms widened as `plan_horizon` widens them."""
    from optimization.replenishment_horizon.course_of_stock import course_of
    from optimization.replenishment_horizon.plan_tables import relaxed_room

    problem = read_horizon(*shop.frames()).problem
    return problem.with_room(relaxed_room(problem, course_of(problem, np.zeros_like(problem.demand))))


@pytest.fixture(scope="session")
def shops() -> Callable[..., Shop]:
    return make_shop


@pytest.fixture(scope="session")
def item() -> Callable[..., dict]:
    return one_item


@pytest.fixture(scope="session")
def some_shop() -> Callable[..., Shop]:
    return random_shop


@pytest.fixture(scope="session")
def arrays() -> Callable[[Shop], HorizonProblem]:
    return problem_of
