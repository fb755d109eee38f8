"""Shops for the rolling horizon, drawn from a seed: eight periods in which money and warehouses are short everywhere.

Demand per period is lognormal over items (median 4.5 units, mean 7.4), with a wave and gamma noise; packs of 1, 6 or 12, an MOQ of two
to four
packs on three items of ten, a shelf life of two to four periods on one of five, lead times of one or two periods, three suppliers of
ten take orders every other period, receipts on three items of ten. 50 items per supplier, four warehouses. The budget of each period is
85 % of what items would spend without joint limits, by period on average; warehouses hold 95 % of what would lie there under a price of
money
at which that budget is just spent. With terms, suppliers have a fixed cost of 10 to 30 and six of ten a minimum of 20 to 80 % of their
usual order value.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from optimization.replenishment_horizon import HorizonProblem, read_horizon
from optimization.replenishment_horizon.course_of_stock import course_of, supplier_values, used_room
from optimization.replenishment_horizon.horizon_problem import Floats, Integers
from optimization.replenishment_horizon.item_program import ItemPrices, best_plans, cut_blocks
from optimization.replenishment_horizon.plan_tables import relaxed_room
from optimization.replenishment_horizon.read_frames import most_stock

PERIODS = 8
PLACES = 4
ITEMS_PER_SUPPLIER = 50
BUDGET_SHARE, VOLUME_SHARE = 0.85, 0.95
KEY = ["product_id", "location_id"]


@dataclass(frozen=True)
class HorizonShop:
    """What `plan_horizon` reads."""

    items: pl.DataFrame
    periods: pl.DataFrame
    suppliers: pl.DataFrame
    order_periods: pl.DataFrame
    limits: pl.DataFrame

    @property
    def frames(self) -> tuple[pl.DataFrame, ...]:
        return self.items, self.periods, self.suppliers, self.order_periods, self.limits


def horizon_shop(count: int, with_terms: bool, seed: int = 7) -> HorizonShop:
    """Return a shop of `count` item-locations."""
    luck = np.random.default_rng(seed)
    suppliers = max(count // ITEMS_PER_SUPPLIER, 2)
    mean = np.exp(luck.normal(1.5, 1.0, count)).clip(0.2, 200)
    wave = 1 + 0.3 * np.sin(2 * np.pi * (np.arange(PERIODS) / PERIODS + luck.random((count, 1))))
    demand = (mean[:, None] * wave * luck.gamma(8, 1 / 8, (count, PERIODS))).round(3)
    supplier = luck.integers(0, suppliers, count)
    lead = luck.integers(1, 3, suppliers)[supplier]
    pack = luck.choice([1, 6, 12], count, p=[0.4, 0.3, 0.3])
    pack = np.where((pack > 1) & (mean < pack / 6), 1, pack)
    cost = np.exp(luck.normal(2, 0.8, count)).clip(0.2).round(2)
    receipts = np.zeros((count, PERIODS))
    receipts[:, 0] = np.where(luck.random(count) < 0.3, np.rint(mean * luck.uniform(0, 1.5, count)), 0.0)
    shelf_life = np.where(luck.random(count) < 0.2, luck.integers(2, 5, count), 0)
    names = [f"s{number:05d}" for number in range(suppliers)]
    items = pl.DataFrame(
        {
            "product_id": [f"p{number:06d}" for number in range(count)],
            "location_id": [f"w{number}" for number in luck.integers(0, PLACES, count)],
            "supplier_id": [names[number] for number in supplier],
            "category": None,
            "unit_cost": cost,
            "volume_m3": np.exp(luck.normal(-5, 0.7, count)).round(6),
            "pack_units": pack,
            "moq_units": np.where(luck.random(count) < 0.3, luck.integers(2, 5, count) * pack, 0),
            "lead_time_periods": lead,
            "on_hand": np.rint(mean * (lead + luck.uniform(0, 2.5, count))),
            "holding_cost": cost * 0.25 / 52 * luck.uniform(0.8, 1.2, count),
            "lost_sale_cost": cost * luck.uniform(0.3, 0.9, count),
            "order_line_cost": 0.6,
            "shelf_life_periods": pl.Series(shelf_life).replace(0, None),
            "safety_stock_units": 0,
            "safety_stock_penalty": 0.0,
        },
        schema_overrides={"category": pl.String},
    )
    cells = items.select(pl.col(KEY).repeat_by(PERIODS).explode()).with_columns(
        period=pl.Series(np.tile(np.arange(PERIODS), count)),
        demand_units=pl.Series(demand.ravel()),
        receipt_units=pl.Series(receipts.ravel()),
    )
    alternate, phase = luck.random(suppliers) < 0.3, luck.integers(0, 2, suppliers)
    calendar = [
        (names[number], period)
        for number in range(suppliers)
        for period in range(PERIODS)
        if not alternate[number] or (period + phase[number]) % 2 == 0
    ]
    order_periods = pl.DataFrame(calendar, schema={"supplier_id": pl.String, "period": pl.Int64}, orient="row")
    plain = pl.DataFrame({"supplier_id": names, "min_order_value": 0.0, "fixed_order_cost": 0.0})
    schema = {"limit_name": pl.String, "scope": pl.String, "period": pl.Int64, "allowed": pl.Float64}
    wide = pl.DataFrame([("warehouse_volume", f"w{place}", 0, 1e12) for place in range(PLACES)], schema=schema, orient="row")
    problem = read_horizon(items, cells, plain, order_periods, wide).problem
    free = _plan_at(problem, 0.0)
    limits, usual = _limits(problem, free)
    terms = plain
    if with_terms:
        minimum = np.where(luck.random(suppliers) < 0.6, usual * luck.uniform(0.2, 0.8, suppliers), 0.0)
        terms = pl.DataFrame({"supplier_id": names, "min_order_value": minimum, "fixed_order_cost": luck.uniform(10, 30, suppliers)})
    return HorizonShop(items, cells, terms, order_periods, limits)


def _plan_at(problem: HorizonProblem, price: float) -> Integers:
    """Return every item's best plan where money costs `price` a unit and nothing else binds."""
    zero = np.zeros(problem.demand.shape)
    prices = ItemPrices(zero + price * problem.unit_cost[:, None], zero, zero)
    return best_plans(problem, cut_blocks(problem, np.arange(problem.items)), prices, np.ones(zero.shape, dtype=np.bool_))[1]


def _limits(problem: HorizonProblem, free: Integers) -> tuple[pl.DataFrame, Floats]:
    """Return the table of limits, and each supplier's usual order value without them."""
    spent = float((free * problem.unit_cost[:, None]).sum())
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        plan = _plan_at(problem, middle)
        low, high = (middle, high) if float((plan * problem.unit_cost[:, None]).sum()) > BUDGET_SHARE * spent else (low, middle)
    used = used_room(problem, course_of(problem, _plan_at(problem, high)))[PERIODS:]
    bare = used_room(problem, course_of(problem, np.zeros_like(free)))[PERIODS:]
    volume = np.maximum(VOLUME_SHARE * used, 1.005 * bare).reshape(PLACES, PERIODS)
    rows = [("purchase_budget", "all", period, BUDGET_SHARE * spent / (PERIODS - 1)) for period in range(PERIODS)]
    rows += [
        ("warehouse_volume", f"w{place}", period, float(volume[place, period])) for place in range(PLACES) for period in range(PERIODS)
    ]
    values = supplier_values(problem, free)
    usual = values.sum(axis=1) / np.maximum((values > 0).sum(axis=1), 1)
    schema = {"limit_name": pl.String, "scope": pl.String, "period": pl.Int64, "allowed": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row"), usual


def small_problem(seed: int) -> HorizonProblem:
    """Return two to five items over three to five periods with every kind of limit, each binding as often as not; rooms hold what lies
    there
    without orders."""
    luck = np.random.default_rng(seed)
    count, periods, suppliers = int(luck.integers(2, 6)), int(luck.integers(3, 6)), int(luck.integers(1, 3))
    demand = luck.integers(0, 8, (count, periods))
    pack, moq_packs = luck.choice([1, 2, 3, 6], count), luck.choice([1, 1, 2], count)
    safety = np.where(luck.random(count) < 0.3, luck.integers(1, 4, count), 0)
    cost, bulk = luck.uniform(1, 6, count).round(2), luck.uniform(0.1, 1, count).round(2)
    need = float((demand * cost[:, None]).sum()) / periods
    problem = HorizonProblem(
        demand=demand,
        receipts=np.where(luck.random((count, periods)) < 0.2, luck.integers(0, 6, (count, periods)), 0),
        most_stock=most_stock(demand, pack * moq_packs, safety, np.where(luck.random(count) < 0.3, luck.integers(1, 4, count), 0)),
        on_hand=luck.integers(0, 10, count),
        pack=pack,
        moq_packs=moq_packs,
        lead=luck.integers(0, 3, count),
        safety=safety,
        safety_penalty=luck.uniform(0.1, 1.5, count),
        holding=luck.uniform(0.05, 0.5, count),
        lost_cost=luck.uniform(1, 5, count),
        line_cost=np.where(luck.random(count) < 0.7, luck.uniform(0, 2, count), 0.0),
        unit_cost=cost,
        unit_volume=bulk,
        supplier=luck.integers(0, suppliers, count),
        place=luck.integers(-1, 2, count),
        category=luck.integers(-1, 2, count),
        may_order=luck.random((suppliers, periods)) < 0.8,
        minimum=np.where(luck.random(suppliers) < 0.6, need * luck.uniform(0.2, 1.2, suppliers), 0.0),
        fixed=np.where(luck.random(suppliers) < 0.6, luck.uniform(0, 6, suppliers), 0.0),
        budget=np.where(luck.random(periods) < 0.8, need * luck.uniform(0.3, 1.3, periods), np.inf),
        category_budget=np.where(luck.random((2, periods)) < 0.5, need / 2 * luck.uniform(0.3, 1.3, (2, periods)), np.inf),
        volume=np.where(
            luck.random((2, periods)) < 0.8, float((demand * bulk[:, None]).sum()) / periods * luck.uniform(0.3, 1.2, (2, periods)), np.inf
        ),
    )
    return problem.with_room(relaxed_room(problem, course_of(problem, np.zeros_like(demand))))
